import Programs
import Tensors

/// Chooses the kernel of one instruction.
struct KernelSelection {
  let program: Program
  let isTraining: Bool
  let methods = ConvolutionMethods.allowed

  /// The kernel for an instruction followed by what was fused into it.
  func kernel(for instruction: Instruction, epilogue: Epilogue) -> any Kernel {
    let x = program.shape(of: instruction.operands[0])
    switch instruction.operation {
    case .matmul(let id):
      let shape = shape(of: id)
      return MatmulKernel(kernel: id, inputs: shape[0], outputs: shape[1], epilogue: epilogue)
    case .modeProduct(let id, let axis):
      return modeProduct(id, axis: axis, of: x, epilogue: epilogue)
    case .conv2D(let id, let geometry):
      return convolution(id, geometry, instruction, epilogue: epilogue)
    case .depthwiseConv2D(let id, let geometry):
      let kernel = shape(of: id)
      let window = Window2D(
        image: x, kernel: Extent2D(height: kernel[0], width: kernel[1]), geometry: geometry,
        result: instruction.shape)
      return DepthwiseKernel(
        kernel: id, window: window, multiplier: kernel[3], epilogue: epilogue)
    case .convTranspose2D(let id, let geometry, _):
      let kernel = shape(of: id)
      // The convolution that would read the result and make the operand.
      let window = Window2D(
        image: instruction.shape, kernel: Extent2D(height: kernel[0], width: kernel[1]),
        geometry: geometry, result: x)
      return TransposedConvolutionKernel(
        kernel: id, window: window, inputs: x[2], epilogue: epilogue)
    case .addBias(let id): return ChannelKernel(parameter: id, channels: x.last, multiplies: false)
    case .scale(let id): return ChannelKernel(parameter: id, channels: x.last, multiplies: true)
    case .batchNorm, .layerNorm, .groupNorm, .l2Normalize:
      return normalisation(instruction.operation, x)
    case .activation(.softmax): return SoftmaxKernel(width: x.last, isLogarithmic: false)
    case .activation(.logSoftmax): return SoftmaxKernel(width: x.last, isLogarithmic: true)
    case .activation(.linear): return IdentityKernel()
    case .activation(let function): return ActivationKernel(function: function)
    case .prelu(let id):
      return PReLUKernel(alpha: id, repetition: .broadcast(shape(of: id), to: x))
    case .pool2D(let kind, let geometry):
      let window = Window2D(
        image: x, kernel: geometry.window,
        geometry: Conv2DGeometry(strides: geometry.strides, padding: geometry.padding),
        result: instruction.shape)
      return PoolingKernel(kind: kind, window: window)
    case .globalPool(let kind, _):
      return GlobalPoolingKernel(kind: kind, positions: x.count / x.last, channels: x.last)
    case .affine(let scale, let offset): return AffineKernel(scale: scale, offset: offset)
    case .embedding(let id):
      return EmbeddingKernel(table: id, entries: shape(of: id)[0], width: shape(of: id)[1])
    case .dropout(let rate):
      return isTraining && rate > 0 ? DropoutKernel(rate: rate) : IdentityKernel()
    case .elementwise, .concatenate, .pad, .crop, .upsample, .repeatVector, .reshape, .transpose,
      .selectLast:
      return arrangement(instruction)
    }
  }

  func shape(of parameter: ParameterID) -> Shape { program.parameters[parameter.rawValue].shape }

  private func modeProduct(
    _ id: ParameterID, axis: Int, of x: Shape, epilogue: Epilogue
  ) -> any Kernel {
    let factor = shape(of: id)
    let inner = x.extents.suffix(from: axis + 1).reduce(1, *)
    // The last axis, or one with nothing behind it, as the columns of grey images. An epilogue is
    // given for the last axis alone: biases follow that one.
    if inner == 1 {
      return MatmulKernel(kernel: id, inputs: factor[0], outputs: factor[1], epilogue: epilogue)
    }
    return ModeProductKernel(
      factor: id, outer: x.extents.prefix(axis).reduce(1, *), extent: factor[0], rank: factor[1],
      inner: inner)
  }

  private func convolution(
    _ id: ParameterID, _ geometry: Conv2DGeometry, _ instruction: Instruction, epilogue: Epilogue
  ) -> any Kernel {
    let kernel = shape(of: id)
    let window = Window2D(
      image: program.shape(of: instruction.operands[0]),
      kernel: Extent2D(height: kernel[0], width: kernel[1]), geometry: geometry,
      result: instruction.shape)
    if window.isPointwise, geometry.groups == 1 {
      return MatmulKernel(kernel: id, inputs: kernel[2], outputs: kernel[3], epilogue: epilogue)
    }
    let gathered = ConvolutionKernel(
      kernel: id, window: window, groups: geometry.groups, outputs: kernel[3],
      epilogue: epilogue)
    if methods.contains(.minimalFiltering), geometry.groups == 1,
      Winograd.isWorthwhile(window, outputs: kernel[3])
    {
      return WinogradKernel(
        kernel: id, winograd: Winograd(window, outputs: kernel[3]), epilogue: epilogue)
    }
    if methods.contains(.library), LibraryConvolution.isAvailable {
      return LibraryConvolutionKernel(
        kernel: id, window: window, groups: geometry.groups, outputs: kernel[3],
        epilogue: epilogue, fallback: gathered)
    }
    return gathered
  }

  private func normalisation(_ operation: Operation, _ x: Shape) -> any Kernel {
    switch operation {
    case .batchNorm(let gamma, let beta, let mean, let variance, let epsilon, let momentum):
      let parameters = BatchNormParameters(
        gamma: gamma, beta: beta, mean: mean, variance: variance, epsilon: epsilon,
        momentum: momentum ?? 1, channels: x.last)
      let affine = [gamma, beta].compactMap { $0 }
      let isFrozen =
        momentum == nil
        || !affine.isEmpty && affine.allSatisfy { !program.parameters[$0.rawValue].isTrainable }
      return isTraining && !isFrozen
        ? BatchNormKernel(parameters: parameters) : RunningNormKernel(parameters: parameters)
    case .layerNorm(let gamma, let beta, let epsilon, let axisCount):
      return LayerNormKernel(
        gamma: gamma, beta: beta, epsilon: epsilon,
        runs: x.extents.dropLast(axisCount).reduce(1, *), positions: 1, groups: 1,
        width: x.extents.suffix(axisCount).reduce(1, *))
    case .groupNorm(let gamma, let beta, let epsilon, let groups):
      return LayerNormKernel(
        gamma: gamma, beta: beta, epsilon: epsilon, runs: 1, positions: x.count / x.last,
        groups: groups, width: x.last / groups)
    default: return L2NormalizeKernel(width: x.last)
    }
  }
}
