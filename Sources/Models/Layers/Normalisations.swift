public import JSON

/// Batch normalisation; weights [gamma], [beta], moving_mean, moving_variance.
public struct BatchNormalization: LayerConfiguration, Hashable {
  /// The channel axis, counted as Keras does with the batch as 0; −1 is the last.
  public var axis: Int
  /// The weight of the old moving statistics.
  public var momentum: Double
  /// Added to the variance.
  public var epsilon: Double
  /// Whether beta is added.
  public var centers: Bool
  /// Whether gamma multiplies.
  public var scales: Bool

  /// Makes a batch normalisation with Keras' defaults.
  public init(
    axis: Int = -1, momentum: Double = 0.99, epsilon: Double = 1e-3, centers: Bool = true,
    scales: Bool = true
  ) {
    self.axis = axis
    self.momentum = momentum
    self.epsilon = epsilon
    self.centers = centers
    self.scales = scales
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    axis = try reader.integer("axis", in: -32...32, default: -1)
    momentum = try reader.number("momentum", default: 0.99)
    epsilon = try reader.number("epsilon", default: 1e-3)
    centers = try reader.boolean("center", default: true)
    scales = try reader.boolean("scale", default: true)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    [
      "axis": .integer(axis), "momentum": .number(momentum), "epsilon": .number(epsilon),
      "center": .bool(centers), "scale": .bool(scales),
    ]
  }
}

/// Layer, group or unit normalisation; weights [gamma], [beta].
public struct FeatureNormalization: LayerConfiguration, Hashable {
  /// What the statistics run over.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case layer, group, unit
  }

  /// What the statistics run over.
  public var kind: Kind
  /// The normalised axes, counted with the batch as 0; negative from the end.
  public var axes: [Int]
  /// The groups of a group normalisation, −1 for one a channel; else 1.
  public var groups: Int
  /// Added to the variance.
  public var epsilon: Double
  /// Whether beta is added.
  public var centers: Bool
  /// Whether gamma multiplies.
  public var scales: Bool

  /// Makes a normalisation.
  public init(
    kind: Kind, axes: [Int] = [-1], groups: Int = 1, epsilon: Double = 1e-3, centers: Bool = true,
    scales: Bool = true
  ) {
    self.kind = kind
    self.axes = axes
    self.groups = groups
    self.epsilon = epsilon
    self.centers = centers
    self.scales = scales
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    kind = try reader.choice("over")
    axes = try reader.integers("axes", in: -32...32, default: [-1])
    groups = try reader.integer("groups", in: -1...Int(Int32.max), default: 1)
    epsilon = try reader.number("epsilon", default: 1e-3)
    centers = try reader.boolean("center", default: true)
    scales = try reader.boolean("scale", default: true)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    [
      "over": .string(kind.rawValue), "axes": .list(axes), "groups": .integer(groups),
      "epsilon": .number(epsilon), "center": .bool(centers), "scale": .bool(scales),
    ]
  }
}

/// y = x · scale + offset with constants, one or one a channel.
public struct Rescaling: LayerConfiguration, Hashable {
  /// The factors.
  public var scale: [Double]
  /// The summands.
  public var offset: [Double]

  /// Makes a rescaling.
  public init(scale: [Double], offset: [Double] = [0]) {
    self.scale = scale
    self.offset = offset
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    scale = try reader.numbers("scale")
    offset = try reader.numbers("offset", default: [0])
  }

  /// Writes the settings.
  public var attributes: JSONObject { ["scale": .list(scale), "offset": .list(offset)] }
}

/// (x − mean) ÷ √variance with statistics of the data: constants, or weights mean, variance, count.
public struct DataNormalization: LayerConfiguration, Hashable {
  /// The kept axes, counted with the batch as 0; negative from the end.
  public var axes: [Int]
  /// The constant means; nil where they are weights.
  public var mean: [Double]?
  /// The constant variances; nil where they are weights.
  public var variance: [Double]?

  /// Makes a normalisation.
  public init(axes: [Int] = [-1], mean: [Double]? = nil, variance: [Double]? = nil) {
    self.axes = axes
    self.mean = mean
    self.variance = variance
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    axes = try reader.integers("axes", in: -32...32, default: [-1])
    mean = reader.object["mean"] == nil ? nil : try reader.numbers("mean")
    variance = reader.object["variance"] == nil ? nil : try reader.numbers("variance")
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = ["axes": .list(axes)]
    if let mean { attributes["mean"] = .list(mean) }
    if let variance { attributes["variance"] = .list(variance) }
    return attributes
  }
}
