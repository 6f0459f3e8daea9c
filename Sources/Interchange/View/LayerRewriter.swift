import JSON
import Models
import Programs
import Tensors

/// Says a layer of the model in Keras layers that Keras 2.15 and every Keras 3 know.
struct LayerRewriter {
  let layer: Layer
  let allowsCode: Bool
  var pieces: [ViewPiece] = []

  init(layer: Layer, allowsCode: Bool) {
    self.layer = layer
    self.allowsCode = allowsCode
  }

  func obstacle(_ reason: String) -> KerasViewObstacle {
    KerasViewObstacle(layer: layer.path, reason: reason)
  }

  /// Adds a piece that reads the one before it, or the layer's input where it is the first.
  mutating func append(
    _ className: String, suffix: String? = nil, _ settings: JSONObject,
    weights: [KerasView.WeightLink] = [], operands: [ViewPiece.Operand]? = nil,
    heedsTraining: Bool = false
  ) {
    let before: ViewPiece.Operand = pieces.isEmpty ? .input : .piece(pieces.count - 1)
    pieces.append(
      ViewPiece(
        suffix: suffix, className: className, settings: settings, weights: weights,
        operands: operands ?? [before], heedsTraining: heedsTraining))
  }

  /// The link to a component of one of the layer's weights.
  func link(_ weight: String, _ component: String = "values", as name: String? = nil)
    -> KerasView.WeightLink
  {
    KerasView.WeightLink(
      name: name ?? weight, layer: layer.path, weight: weight, component: component)
  }

  /// Links to weights that must be dense, in this order; those that the layer lacks are left out.
  func links(_ names: [String]) throws(KerasViewObstacle) -> [KerasView.WeightLink] {
    var links: [KerasView.WeightLink] = []
    for name in names {
      guard let weight = layer.weight(name) else { continue }
      guard case .dense = weight else {
        throw obstacle("its \(name) is \(weight.kind.rawValue), which has no Keras layer")
      }
      links.append(link(name))
    }
    return links
  }

  /// The layer as pieces; the last one's result is the layer's.
  mutating func rewritten() throws(KerasViewObstacle) -> [ViewPiece] {
    switch layer.kind {
    case .input(let settings): appendInput(settings)
    case .dense(let settings): try appendDense(settings)
    case .convolution(let settings): try appendConvolution(settings)
    case .separableConvolution(let settings): try appendSeparable(settings)
    case .depthwiseConvolution(let settings): try appendDepthwise(settings)
    case .transposedConvolution(let settings): try appendTransposed(settings)
    case .embedding(let settings):
      append(
        "Embedding",
        [
          "input_dim": .integer(settings.entries), "output_dim": .integer(settings.dimension),
          "mask_zero": .bool(settings.masksZero),
        ], weights: try links(["embeddings"]))
    case .batchNormalization, .featureNormalization, .dataNormalization, .rescaling:
      try appendNormalisation()
    case .activation(let settings):
      try appendActivation(settings.function, isWholeLayer: true)
    case .parametricReLU(let settings):
      append(
        "PReLU", ["shared_axes": settings.sharedAxes.isEmpty ? .null : .list(settings.sharedAxes)],
        weights: try links(["alpha"]))
    case .pooling, .globalPooling, .merge, .concatenate, .bordering, .upSampling, .reshaping,
      .regularisation:
      appendShaping()
    case .selection(let settings): appendSelection(settings)
    case .opaque(let settings): try appendCarried(settings)
    }
    return pieces
  }

  private mutating func appendInput(_ settings: Input) {
    let axes = settings.shape.map { $0.map { JSONValue.integer($0) } ?? .null }
    append(
      "InputLayer",
      ["batch_input_shape": .array([.null] + axes), "dtype": .string(settings.scalarType)])
  }

  private mutating func appendNormalisation() throws(KerasViewObstacle) {
    switch layer.kind {
    case .batchNormalization(let settings):
      append(
        "BatchNormalization",
        [
          "axis": Self.axis(settings.axis), "momentum": .number(settings.momentum),
          "epsilon": .number(settings.epsilon), "center": .bool(settings.centers),
          "scale": .bool(settings.scales),
        ], weights: try links(["gamma", "beta", "moving_mean", "moving_variance"]),
        heedsTraining: true)
    case .featureNormalization(let settings): try appendFeatureNormalisation(settings)
    case .dataNormalization(let settings): try appendDataNormalisation(settings)
    case .rescaling(let settings):
      append("Rescaling", ["scale": number(settings.scale), "offset": number(settings.offset)])
    default: break
    }
  }

  /// An axis for a class that takes a list too.
  ///
  /// Keras 3.0 to 3.6 forget an integer axis in `.h5` files, but keep a list of one.
  static func axis(_ axis: Int) -> JSONValue { axis == -1 ? -1 : .list([axis]) }

  private func number(_ values: [Double]) -> JSONValue {
    values.count == 1 ? .number(values[0]) : .array(values.map { .number($0) })
  }

  private mutating func appendFeatureNormalisation(_ settings: FeatureNormalization)
    throws(KerasViewObstacle)
  {
    guard settings.axes.count == 1 else {
      throw obstacle("it normalises over several axes, which Keras 3 cannot read from .h5")
    }
    let axis = settings.axes[0]
    var values: JSONObject = [
      "axis": settings.kind == .group ? .integer(axis) : Self.axis(axis)
    ]
    if settings.kind == .unit {
      append("UnitNormalization", values)
      return
    }
    if settings.kind == .group { values["groups"] = .integer(settings.groups) }
    values["epsilon"] = .number(settings.epsilon)
    values["center"] = .bool(settings.centers)
    values["scale"] = .bool(settings.scales)
    append(
      settings.kind == .group ? "GroupNormalization" : "LayerNormalization", values,
      weights: try links(["gamma", "beta"]))
  }

  private mutating func appendDataNormalisation(_ settings: DataNormalization)
    throws(KerasViewObstacle)
  {
    let axis: JSONValue =
      settings.axes.isEmpty
      ? .null : settings.axes.count == 1 ? Self.axis(settings.axes[0]) : .list(settings.axes)
    let weights = try links(["mean", "variance", "count"])
    if !weights.isEmpty {
      append("Normalization", ["axis": axis], weights: weights)
      return
    }
    guard let mean = settings.mean, let variance = settings.variance, settings.axes.count <= 1
    else { throw obstacle("its statistics over several axes are constants") }
    append(
      "Normalization", ["axis": axis, "mean": number(mean), "variance": number(variance)])
  }
}

extension JSONValue {
  static func list(_ integers: [Int]) -> JSONValue { .array(integers.map { .integer($0) }) }
}
