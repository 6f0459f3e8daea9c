public import JSON

/// The model's input; it has no weights.
public struct Input: LayerConfiguration, Hashable {
  /// The extents without the batch; nil is open.
  public var shape: [Int?]
  /// The type that Keras states for it.
  public var scalarType: String

  /// Makes an input.
  public init(shape: [Int?], scalarType: String = "float32") {
    self.shape = shape
    self.scalarType = scalarType
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    shape = try reader.optionalIntegers("shape")
    scalarType = try reader.string("scalar_type", default: "float32")
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    [
      "shape": .array(shape.map { $0.map { .integer($0) } ?? .null }),
      "scalar_type": .string(scalarType),
    ]
  }
}

/// A change of shape that moves or drops no value.
public enum Reshaping: LayerConfiguration, Hashable {
  /// One axis of all values.
  case flatten(DataFormat)
  /// New extents; one may be −1.
  case reshape([Int])
  /// Axes in a new order, counted from 1 as Keras does.
  case permute([Int])
  /// A vector repeated n times along a new first axis.
  case repeatVector(Int)

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    switch try reader.string("operation") {
    case "flatten":
      self = .flatten(try reader.choice("data_format", default: .channelsLast))
    case "reshape": self = .reshape(try reader.integers("shape", in: -1...Int(Int32.max)))
    case "permute": self = .permute(try reader.integers("axes", in: 1...32))
    case "repeat-vector": self = .repeatVector(try reader.integer("count"))
    case let other:
      throw AttributeError(
        key: "operation", expected: "flatten, reshape, permute or repeat-vector", found: other)
    }
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    switch self {
    case .flatten(let format):
      ["operation": "flatten", "data_format": .string(format.rawValue)]
    case .reshape(let shape): ["operation": "reshape", "shape": .list(shape)]
    case .permute(let axes): ["operation": "permute", "axes": .list(axes)]
    case .repeatVector(let count): ["operation": "repeat-vector", "count": .integer(count)]
    }
  }
}

/// Zero padding or cropping of the spatial axes.
public struct Bordering: LayerConfiguration, Hashable {
  /// Whether positions are added or removed.
  public enum Operation: String, Sendable, Hashable, CaseIterable {
    case pad, crop
  }

  /// Whether positions are added or removed.
  public var operation: Operation
  /// Positions before and after, one pair a spatial axis.
  public var amounts: [[Int]]
  /// The order of the data's axes.
  public var dataFormat: DataFormat

  /// Makes a padding or a cropping.
  public init(operation: Operation, amounts: [[Int]], dataFormat: DataFormat = .channelsLast) {
    self.operation = operation
    self.amounts = amounts
    self.dataFormat = dataFormat
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    operation = try reader.choice("operation")
    let flat = try reader.integers("amounts", in: 0...Int(Int32.max))
    guard !flat.isEmpty, flat.count % 2 == 0, flat.count <= 6 else {
      throw AttributeError(key: "amounts", expected: "1 to 3 pairs", found: "\(flat)")
    }
    amounts = stride(from: 0, to: flat.count, by: 2).map { [flat[$0], flat[$0 + 1]] }
    dataFormat = try reader.choice("data_format", default: .channelsLast)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = [
      "operation": .string(operation.rawValue), "amounts": .list(amounts.flatMap { $0 }),
    ]
    if dataFormat != .channelsLast { attributes["data_format"] = .string(dataFormat.rawValue) }
    return attributes
  }
}

/// Enlarging of the spatial axes by whole factors.
public struct UpSampling: LayerConfiguration, Hashable {
  /// The factors, one an axis.
  public var factors: [Int]
  /// `nearest` or `bilinear`; others are carried but not run.
  public var interpolation: String
  /// The order of the data's axes.
  public var dataFormat: DataFormat

  /// Makes an enlarging.
  public init(
    factors: [Int], interpolation: String = "nearest", dataFormat: DataFormat = .channelsLast
  ) {
    self.factors = factors
    self.interpolation = interpolation
    self.dataFormat = dataFormat
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    factors = try reader.integers("factors")
    guard (1...3).contains(factors.count) else {
      throw AttributeError(key: "factors", expected: "1 to 3 factors", found: "\(factors)")
    }
    interpolation = try reader.string("interpolation", default: "nearest")
    dataFormat = try reader.choice("data_format", default: .channelsLast)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = [
      "factors": .list(factors), "interpolation": .string(interpolation),
    ]
    if dataFormat != .channelsLast { attributes["data_format"] = .string(dataFormat.rawValue) }
    return attributes
  }
}
