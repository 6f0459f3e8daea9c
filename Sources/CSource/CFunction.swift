import Programs

/// A function of the C file: its text, what it calls, and its size on a Cortex-M4.
enum CFunction: Hashable {
  case math, window, box, half, brain, panelWidth, start, rolled, atOnce
  case panel(WeightStorage), dense(WeightStorage), convolution(WeightStorage)
  case depthwise(WeightStorage), transposed(WeightStorage), modeProduct(WeightStorage)
  case toCode, codePanel, codeDense(Bool), codeConvolution(Bool), codeDepthwise(Bool)
  case codeModeProduct(Bool), codeChannels, lookup, quantize, dequantize
  case codeCombine(ElementwiseKind)
  case channelsScaled, channelsShifted, exponential, tangent, softplus, clip
  case activation(ActivationFunction), softmax, logSoftmax
  case pool(PoolingKind, quantized: Bool), combine(ElementwiseKind)
  case copyBox(quantized: Bool), fill(quantized: Bool), copy(quantized: Bool)
  case select(quantized: Bool), prelu, layerNorm, groupNorm, l2Normalize

  /// What must stand before it.
  var needs: [CFunction] {
    switch self {
    case .math, .window, .box, .half, .brain, .panelWidth, .start, .rolled, .atOnce, .toCode,
      .lookup,
      .dequantize, .channelsScaled, .channelsShifted, .exponential, .clip, .fill, .copy, .prelu,
      .select, .combine:
      []
    case .panel(let storage): [.rolled] + widening(storage)
    case .codePanel: [.rolled]
    case .dense(let storage): [.panelWidth, .start, .atOnce, .panel(storage)]
    case .convolution(let storage): [.window, .panelWidth, .start, .atOnce, .panel(storage)]
    case .depthwise(let storage), .transposed(let storage):
      [.window, .start] + widening(storage)
    case .modeProduct(let storage): widening(storage)
    case .codeDense: [.panelWidth, .codePanel, .toCode]
    case .codeConvolution: [.window, .panelWidth, .codePanel, .toCode]
    case .codeDepthwise: [.window, .toCode]
    case .codeModeProduct, .codeChannels, .quantize, .codeCombine: [.toCode]
    case .tangent: [.exponential]
    case .softplus: [.math, .exponential]
    case .activation(let function): CActivation(function).needs
    case .softmax: [.exponential]
    case .logSoftmax: [.math, .exponential]
    case .pool(let kind, let quantized):
      kind == .average && quantized ? [.window, .toCode] : [.window]
    case .copyBox: [.box]
    case .layerNorm, .groupNorm, .l2Normalize: [.math]
    }
  }

  private func widening(_ storage: WeightStorage) -> [CFunction] {
    switch storage {
    case .float16: [.half]
    case .bfloat16: [.brain]
    default: []
    }
  }

  /// The text; empty for what is no function.
  var text: String {
    switch self {
    case .math: ""
    case .window: CTemplates.windowType
    case .box: CTemplates.boxType
    case .half: CTemplates.half
    case .brain: CTemplates.brain
    case .panelWidth: CTemplates.panelWidth
    case .start: CTemplates.start
    case .rolled: CTemplates.rolled
    case .atOnce: CTemplates.atOnce
    case .panel(let storage): CTemplates.panel(storage)
    case .dense(let storage): CTemplates.dense(storage)
    case .convolution(let storage): CTemplates.convolution(storage)
    case .depthwise(let storage): CTemplates.depthwise(storage)
    case .transposed(let storage): CTemplates.transposed(storage)
    case .modeProduct(let storage): CTemplates.modeProduct(storage)
    case .toCode: CTemplates.toCode
    case .codePanel: CTemplates.codePanel
    case .codeDense(let quantized): CTemplates.codeDense(quantized)
    case .codeConvolution(let quantized): CTemplates.codeConvolution(quantized)
    case .codeDepthwise(let quantized): CTemplates.codeDepthwise(quantized)
    case .codeModeProduct(let quantized): CTemplates.codeModeProduct(quantized)
    case .codeChannels: CTemplates.codeChannels
    case .lookup: CTemplates.lookup
    case .quantize: CTemplates.quantize
    case .dequantize: CTemplates.dequantize
    case .codeCombine(let kind): CTemplates.codeCombine(kind.cName, kind.cExpression)
    case .channelsScaled: CTemplates.channelsScaled
    case .channelsShifted: CTemplates.channelsShifted
    case .exponential: CTemplates.exponential
    case .tangent: CTemplates.tangent
    case .softplus: CTemplates.softplusHelper
    case .clip: CTemplates.clip
    case .activation(let function):
      CTemplates.elementwise(CActivation(function))
    case .softmax: CTemplates.softmax
    case .logSoftmax: CTemplates.logSoftmax
    case .pool(let kind, let quantized): CTemplates.pool(kind, quantized: quantized)
    case .combine(let kind): CTemplates.combine(kind.cName, kind.cExpression)
    case .copyBox(let quantized): CTemplates.copyBox(quantized: quantized)
    case .fill(let quantized): CTemplates.fill(quantized: quantized)
    case .copy(let quantized): CTemplates.copy(quantized: quantized)
    case .select(let quantized): CTemplates.select(quantized: quantized)
    case .prelu: CTemplates.prelu
    case .layerNorm: CTemplates.layerNorm
    case .groupNorm: CTemplates.groupNorm
    case .l2Normalize: CTemplates.l2Normalize
    }
  }

  /// One function serves all arguments of an activation.
  var canonical: CFunction {
    guard case .activation(let function) = self else { return self }
    switch function {
    case .relu(nil, 0, 0): return self
    case .relu: return .activation(.relu(maximum: 1))
    case .elu: return .activation(.elu())
    default: return self
    }
  }
}
