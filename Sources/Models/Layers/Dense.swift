public import JSON
public import Programs

/// y = activation(x · kernel + bias) over the last axis; kernel [inputs × units], bias [units].
public struct Dense: LayerConfiguration, Hashable {
  /// The outputs.
  public var units: Int
  /// What follows.
  public var activation: ActivationFunction
  /// Whether a bias is added.
  public var usesBias: Bool

  /// Makes a Dense layer.
  public init(units: Int, activation: ActivationFunction = .linear, usesBias: Bool = true) {
    self.units = units
    self.activation = activation
    self.usesBias = usesBias
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    units = try reader.integer("units")
    activation = try reader.activation("activation")
    usesBias = try reader.boolean("bias", default: true)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    ["units": .integer(units), "activation": activation.json, "bias": .bool(usesBias)]
  }
}

/// Rows of a table picked by integer inputs; embeddings [entries × dimension].
public struct Embedding: LayerConfiguration, Hashable {
  /// The rows.
  public var entries: Int
  /// The columns.
  public var dimension: Int
  /// Whether 0 marks padding that later layers skip.
  public var masksZero: Bool

  /// Makes an embedding.
  public init(entries: Int, dimension: Int, masksZero: Bool = false) {
    self.entries = entries
    self.dimension = dimension
    self.masksZero = masksZero
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    entries = try reader.integer("entries")
    dimension = try reader.integer("dimension")
    masksZero = try reader.boolean("masks_zero", default: false)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    [
      "entries": .integer(entries), "dimension": .integer(dimension),
      "masks_zero": .bool(masksZero),
    ]
  }
}
