import Tensors

/// How fresh weights start, with Keras' defaults.
enum WeightStart {
  /// Uniform in ±√(6 ÷ (fan in + fan out)) (Glorot and Bengio 2010).
  case glorotUniform
  /// Uniform in ±limit.
  case uniform(Double)
  /// One value.
  case constant(Float)

  func tensor(_ shape: Shape, generator: inout SeededGenerator) -> Tensor {
    let limit: Double
    switch self {
    case .constant(let value): return Tensor(repeating: value, shape: shape)
    case .uniform(let bound): limit = bound
    case .glorotUniform:
      // Window axes count in both fans; the last two axes are inputs and outputs.
      let window = Double(shape.extents.dropLast(2).reduce(1, *))
      let fans = shape.extents.suffix(2).reduce(0) { $0 + Double($1) * window }
      limit = (6 / max(fans, 1)).squareRoot()
    }
    let elements = (0..<shape.count).map { _ in Float((2 * generator.uniform() - 1) * limit) }
    return Tensor(shape: shape, elements: elements)
  }
}

/// A weight that a layer needs before it has any.
struct NeededWeight {
  let name: String
  let extents: [Int]
  let start: WeightStart

  init(_ name: String, _ extents: [Int], _ start: WeightStart = .glorotUniform) {
    self.name = name
    self.extents = extents
    self.start = start
  }
}

extension LayerKind {
  /// The weights of a layer of this kind over an input of `shape`, in Keras' order.
  ///
  /// nil where only data or another program can supply them.
  func neededWeights(over shape: Shape) -> [NeededWeight]? {
    let channels = shape.last
    // A product that cannot be counted is refused with the shape that it stands in.
    func times(_ multiplier: Int) -> Int { Shape.elementCount(of: [channels, multiplier]) ?? .max }
    func bias(_ isUsed: Bool, _ count: Int) -> [NeededWeight] {
      isUsed ? [NeededWeight("bias", [count], .constant(0))] : []
    }
    switch self {
    case .dense(let settings):
      return [NeededWeight("kernel", [channels, settings.units])]
        + bias(settings.usesBias, settings.units)
    case .embedding(let settings):
      return [NeededWeight("embeddings", [settings.entries, settings.dimension], .uniform(0.05))]
    case .convolution(let settings):
      guard channels % settings.groups == 0 else { return nil }
      return [
        NeededWeight(
          "kernel", settings.window.size + [channels / settings.groups, settings.filters])
      ] + bias(settings.usesBias, settings.filters)
    case .depthwiseConvolution(let settings):
      return [
        NeededWeight("depthwise_kernel", settings.window.size + [channels, settings.multiplier])
      ] + bias(settings.usesBias, times(settings.multiplier))
    case .separableConvolution(let settings):
      let ones = settings.window.size.map { _ in 1 }
      return [
        NeededWeight("depthwise_kernel", settings.window.size + [channels, settings.multiplier]),
        NeededWeight(
          "pointwise_kernel", ones + [times(settings.multiplier), settings.filters]),
      ] + bias(settings.usesBias, settings.filters)
    case .transposedConvolution(let settings):
      return [NeededWeight("kernel", settings.window.size + [settings.filters, channels])]
        + bias(settings.usesBias, settings.filters)
    case .batchNormalization, .featureNormalization, .parametricReLU:
      return neededVectors(over: shape)
    case .dataNormalization(let settings):
      return settings.mean == nil || settings.variance == nil ? nil : []
    case .input, .rescaling, .pooling, .globalPooling, .activation, .merge, .concatenate,
      .bordering, .upSampling, .reshaping, .selection, .regularisation:
      return []
    case .opaque: return nil
    }
  }

  private func neededVectors(over shape: Shape) -> [NeededWeight]? {
    func extent(_ axis: Int) -> Int? {
      let position = axis < 0 ? axis + shape.order : axis - 1
      return shape.extents.indices.contains(position) ? shape[position] : nil
    }
    func affine(_ extents: [Int], scales: Bool, centers: Bool) -> [NeededWeight] {
      (scales ? [NeededWeight("gamma", extents, .constant(1))] : [])
        + (centers ? [NeededWeight("beta", extents, .constant(0))] : [])
    }
    switch self {
    case .batchNormalization(let settings):
      guard let count = extent(settings.axis) else { return nil }
      return affine([count], scales: settings.scales, centers: settings.centers) + [
        NeededWeight("moving_mean", [count], .constant(0)),
        NeededWeight("moving_variance", [count], .constant(1)),
      ]
    case .featureNormalization(let settings):
      let extents = settings.axes.compactMap(extent)
      guard extents.count == settings.axes.count else { return nil }
      if settings.kind == .unit { return [] }
      return affine(extents, scales: settings.scales, centers: settings.centers)
    case .parametricReLU(let settings):
      var extents = shape.extents
      for axis in settings.sharedAxes {
        guard extents.indices.contains(axis - 1) else { return nil }
        extents[axis - 1] = 1
      }
      return [NeededWeight("alpha", extents, .constant(0))]
    default: return nil
    }
  }
}
