public import JSON
public import Programs

/// Pooling over one to three axes; padded positions do not count in averages.
public struct Pooling: LayerConfiguration, Hashable {
  /// What is kept.
  public var kind: PoolingKind
  /// The window.
  public var window: Window

  /// Makes a pooling.
  public init(kind: PoolingKind, window: Window) {
    self.kind = kind
    self.window = window
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    kind = try reader.choice("keeps")
    window = try Window(reader)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = ["keeps": .string(kind.rawValue)]
    window.write(to: &attributes)
    return attributes
  }
}

/// Pooling over all positions.
public struct GlobalPooling: LayerConfiguration, Hashable {
  /// What is kept.
  public var kind: PoolingKind
  /// The number of spatial axes.
  public var axes: Int
  /// Whether the pooled axes stay with extent 1.
  public var keepsAxes: Bool
  /// The order of the data's axes.
  public var dataFormat: DataFormat

  /// Makes a global pooling.
  public init(
    kind: PoolingKind, axes: Int, keepsAxes: Bool = false, dataFormat: DataFormat = .channelsLast
  ) {
    self.kind = kind
    self.axes = axes
    self.keepsAxes = keepsAxes
    self.dataFormat = dataFormat
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    kind = try reader.choice("keeps")
    axes = try reader.integer("axes", in: 1...3)
    keepsAxes = try reader.boolean("keeps_axes", default: false)
    dataFormat = try reader.choice("data_format", default: .channelsLast)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = ["keeps": .string(kind.rawValue), "axes": .integer(axes)]
    if keepsAxes { attributes["keeps_axes"] = .bool(true) }
    if dataFormat != .channelsLast { attributes["data_format"] = .string(dataFormat.rawValue) }
    return attributes
  }
}
