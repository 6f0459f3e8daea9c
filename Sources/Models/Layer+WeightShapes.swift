import Tensors

extension Layer {
  /// Checks that the weights are those that the kind asks for, in number, name and shape.
  ///
  /// Carried layers and kinds without a fixed list of weights pass. A kernel is judged by the dense
  /// shape that it stands for; nil extents are free.
  /// - Throws: `ModelError` with the layer's path and both sides.
  public func checkWeights() throws(ModelError) {
    guard let expected = expectedWeights else { return }
    let found = weights.map(\.name)
    guard found == expected.map(\.name) else {
      throw ModelError(
        place: path,
        reason: "expected the weights \(Layer.list(expected.map(\.name))), "
          + "found \(Layer.list(found))")
    }
    for (named, wanted) in zip(weights, expected) {
      let shape = named.weight.denseShape
      let fits =
        shape.order == wanted.shape.count
        && zip(shape.extents, wanted.shape).allSatisfy { $1 == nil || $0 == $1 }
      guard fits else {
        let text = wanted.shape.map { $0.map(String.init) ?? "?" }.joined(separator: "×")
        throw ModelError(
          place: "\(path)/\(named.name)", reason: "expected shape [\(text)], found [\(shape)]")
      }
    }
  }

  private static func list(_ names: [String]) -> String {
    names.isEmpty ? "none" : names.joined(separator: ", ")
  }

  private typealias Expected = (name: String, shape: [Int?])

  /// The weights of the kind in their order; nil where any are accepted.
  private var expectedWeights: [Expected]? {
    switch kind {
    case .dense(let settings):
      return [("kernel", [nil, settings.units])] + bias(settings.usesBias, settings.units)
    case .embedding(let settings):
      return [("embeddings", [settings.entries, settings.dimension])]
    case .convolution(let settings):
      return [("kernel", settings.window.size + [nil, settings.filters])]
        + bias(settings.usesBias, settings.filters)
    case .depthwiseConvolution(let settings):
      return [("depthwise_kernel", settings.window.size + [nil, settings.multiplier])]
        + bias(settings.usesBias, product("depthwise_kernel", 2))
    case .separableConvolution(let settings):
      let ones = settings.window.size.map { _ in Optional(1) }
      return [
        ("depthwise_kernel", settings.window.size + [nil, settings.multiplier]),
        ("pointwise_kernel", ones + [product("depthwise_kernel", 2), settings.filters]),
      ] + bias(settings.usesBias, settings.filters)
    case .transposedConvolution(let settings):
      return [("kernel", settings.window.size + [settings.filters, nil])]
        + bias(settings.usesBias, settings.filters)
    case .batchNormalization(let settings):
      let channels = weight("moving_mean")?.denseShape.count
      return (settings.scales ? [("gamma", [channels])] : [])
        + (settings.centers ? [("beta", [channels])] : [])
        + [("moving_mean", [channels]), ("moving_variance", [channels])]
    case .input, .rescaling, .pooling, .globalPooling, .activation, .merge, .concatenate,
      .bordering, .upSampling, .reshaping, .selection:
      return []
    case .featureNormalization, .dataNormalization, .parametricReLU, .regularisation, .opaque:
      return nil
    }
  }

  private func bias(_ isUsed: Bool, _ count: Int?) -> [Expected] {
    isUsed ? [("bias", [count])] : []
  }

  /// The product of the last `axes` extents of a weight; nil if it overflows or is not there.
  private func product(_ name: String, _ axes: Int) -> Int? {
    guard let shape = weight(name)?.denseShape, shape.order >= axes else { return nil }
    return Shape.elementCount(of: Array(shape.extents.suffix(axes)))
  }
}
