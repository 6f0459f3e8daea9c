import Programs
import Tensors

/// The memory that a C file takes on a small device.
///
/// Constants and RAM are exact; code is estimated from sizes measured with GCC for a Cortex-M4 at
/// `-Os`, without the C library's functions.
public struct DeviceFootprint: Sendable, Hashable {
  /// Bytes of constant arrays.
  public let constantByteCount: Int
  /// Bytes of machine code, about.
  public let codeByteCount: Int
  /// Bytes of the arena.
  public let ramByteCount: Int
  /// Bytes of the caller's inputs.
  public let inputByteCount: Int
  /// Bytes of the caller's outputs.
  public let outputByteCount: Int

  /// Constants and code.
  public var flashByteCount: Int { constantByteCount + codeByteCount }

  init(_ device: DeviceProgram) {
    var constants = 0
    for array in device.arrays { constants += (array.byteCount + 3) / 4 * 4 }
    let isWide = device.windows.contains { $0.fields.contains { abs($0) > 32_767 } }
    constants += device.windows.count * (isWide ? 56 : 28)
    let calls = CCalls(
      device: device, codes: [:], inputNames: device.program.inputs.map { _ in "in" },
      outputNames: device.program.outputs.map { _ in "out" })
    var usedBoxes: Set<Int> = []
    var code = 24
    for step in device.steps {
      let own = calls.calls(step)
      if case .copy(let box, _) = step.operation, own.contains(where: { $0.text.contains("&box_") })
      {
        usedBoxes.insert(box)
      }
      for call in own { code += 12 + 4 * call.text.filter { $0 == "," }.count }
    }
    constants += usedBoxes.count * 68
    let functions = calls.functions()
    for function in functions { code += function.byteCount }
    // GCC calls the C library to copy biases and to clear sums.
    if device.copiesBiases { code += 308 }
    if device.clearsSums || functions.contains(.codePanel) { code += 162 }
    constantByteCount = constants
    codeByteCount = code
    ramByteCount = device.arenaByteCount
    inputByteCount = device.program.inputs.reduce(0) { $0 + 4 * $1.shape.count }
    outputByteCount = device.program.outputShapes.reduce(0) { $0 + 4 * $1.count }
  }
}

extension CFunction {
  /// Bytes of machine code on a Cortex-M4 at `-Os`; 0 for what is inlined into others.
  var byteCount: Int {
    switch self {
    case .math, .window, .box, .brain, .panelWidth, .start, .clip, .rolled, .atOnce: 0
    case .half: 64
    case .panel: 60
    case .dense: 100
    case .convolution: 380
    case .depthwise: 200
    case .transposed: 200
    case .modeProduct: 90
    case .toCode: 60
    case .codePanel: 80
    case .codeDense: 120
    case .codeConvolution: 300
    case .codeDepthwise: 200
    case .codeModeProduct: 120
    case .codeChannels: 60
    case .lookup: 20
    case .quantize: 50
    case .dequantize: 40
    case .codeCombine: 90
    case .channelsScaled: 60
    case .channelsShifted: 40
    case .exponential: 140
    case .tangent: 120
    case .softplus: 40
    case .activation: 40
    case .softmax: 100
    case .logSoftmax: 110
    case .pool: 220
    case .combine: 36
    case .copyBox: 150
    case .fill, .copy: 20
    case .select: 50
    case .prelu: 60
    case .layerNorm: 160
    case .groupNorm: 250
    case .l2Normalize: 80
    }
  }
}

extension DeviceProgram {
  /// The constants of every float product.
  private var floatProducts: [DeviceProduct] {
    steps.compactMap { step in
      guard !values[step.operands[0]].isQuantized else { return nil }
      switch step.operation {
      case .dense(let product, _), .convolution(let product, _, _), .depthwise(let product, _),
        .transposed(let product, _):
        return product
      default: return nil
      }
    }
  }

  /// Whether a product in float starts from its bias.
  var copiesBiases: Bool {
    floatProducts.contains { $0.shift != nil } || steps.contains(where: isCodeProduct)
  }
  /// Whether every product in float starts from 0.
  var clearsSums: Bool { !floatProducts.isEmpty && floatProducts.allSatisfy { $0.shift == nil } }

  private func isCodeProduct(_ step: Step) -> Bool {
    guard values[step.operands[0]].isQuantized else { return false }
    switch step.operation {
    case .dense, .convolution: return true
    default: return false
    }
  }
}
