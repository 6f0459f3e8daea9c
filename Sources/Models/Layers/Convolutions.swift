public import JSON
public import Programs

/// How a window treats the border.
public enum BorderRule: String, Sendable, Hashable, CaseIterable {
  /// No padding.
  case valid
  /// Zero padding so that the output has ⌈n ÷ stride⌉ positions.
  case same
  /// Padding before only (one axis).
  case causal
}

/// The order of axes in a layer's data; weights never depend on it.
public enum DataFormat: String, Sendable, Hashable, CaseIterable {
  /// […, channels].
  case channelsLast = "channels-last"
  /// [channels, …].
  case channelsFirst = "channels-first"
}

/// The window settings that every convolution and pooling shares, one entry an axis.
public struct Window: Sendable, Hashable {
  /// The window's extents.
  public var size: [Int]
  /// The steps.
  public var strides: [Int]
  /// The border rule.
  public var padding: BorderRule
  /// The distance between taps.
  public var dilation: [Int]
  /// The order of the data's axes.
  public var dataFormat: DataFormat

  /// Makes a window; strides and dilation default to 1.
  public init(
    size: [Int], strides: [Int]? = nil, padding: BorderRule = .valid, dilation: [Int]? = nil,
    dataFormat: DataFormat = .channelsLast
  ) {
    self.size = size
    self.strides = strides ?? size.map { _ in 1 }
    self.padding = padding
    self.dilation = dilation ?? size.map { _ in 1 }
    self.dataFormat = dataFormat
  }

  init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    size = try reader.integers("size")
    guard (1...3).contains(size.count) else {
      throw AttributeError(key: "size", expected: "1 to 3 extents", found: "\(size.count)")
    }
    let ones = size.map { _ in 1 }
    strides = try reader.integers("strides", count: size.count, default: ones)
    padding = try reader.choice("padding", default: .valid)
    dilation = try reader.integers("dilation", count: size.count, default: ones)
    dataFormat = try reader.choice("data_format", default: .channelsLast)
  }

  /// The number of spatial axes.
  public var axes: Int { size.count }

  func write(to attributes: inout JSONObject) {
    attributes["size"] = .list(size)
    attributes["strides"] = .list(strides)
    attributes["padding"] = .string(padding.rawValue)
    if dilation.contains(where: { $0 != 1 }) { attributes["dilation"] = .list(dilation) }
    if dataFormat != .channelsLast { attributes["data_format"] = .string(dataFormat.rawValue) }
  }
}

/// A convolution over one to three axes; kernel [window × inputs÷groups × filters], bias [filters].
public struct Convolution: LayerConfiguration, Hashable {
  /// The output channels.
  public var filters: Int
  /// The window.
  public var window: Window
  /// The number of separate channel groups.
  public var groups: Int
  /// What follows.
  public var activation: ActivationFunction
  /// Whether a bias is added.
  public var usesBias: Bool

  /// Makes a convolution.
  public init(
    filters: Int, window: Window, groups: Int = 1, activation: ActivationFunction = .linear,
    usesBias: Bool = true
  ) {
    self.filters = filters
    self.window = window
    self.groups = groups
    self.activation = activation
    self.usesBias = usesBias
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    filters = try reader.integer("filters")
    window = try Window(reader)
    groups = try reader.integer("groups", default: 1)
    activation = try reader.activation("activation")
    usesBias = try reader.boolean("bias", default: true)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = ["filters": .integer(filters)]
    window.write(to: &attributes)
    if groups != 1 { attributes["groups"] = .integer(groups) }
    attributes["activation"] = activation.json
    attributes["bias"] = .bool(usesBias)
    return attributes
  }
}

/// A convolution of each channel by itself; kernel [window × inputs × multiplier].
public struct DepthwiseConvolution: LayerConfiguration, Hashable {
  /// The window.
  public var window: Window
  /// Outputs a channel.
  public var multiplier: Int
  /// What follows.
  public var activation: ActivationFunction
  /// Whether a bias is added.
  public var usesBias: Bool

  /// Makes a depthwise convolution.
  public init(
    window: Window, multiplier: Int = 1, activation: ActivationFunction = .linear,
    usesBias: Bool = true
  ) {
    self.window = window
    self.multiplier = multiplier
    self.activation = activation
    self.usesBias = usesBias
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    window = try Window(reader)
    multiplier = try reader.integer("multiplier", default: 1)
    activation = try reader.activation("activation")
    usesBias = try reader.boolean("bias", default: true)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = ["multiplier": .integer(multiplier)]
    window.write(to: &attributes)
    attributes["activation"] = activation.json
    attributes["bias"] = .bool(usesBias)
    return attributes
  }
}

/// A depthwise convolution, then a pointwise one; weights depthwise, pointwise, bias.
public struct SeparableConvolution: LayerConfiguration, Hashable {
  /// The output channels.
  public var filters: Int
  /// The depthwise window.
  public var window: Window
  /// Depthwise outputs a channel.
  public var multiplier: Int
  /// What follows.
  public var activation: ActivationFunction
  /// Whether a bias is added.
  public var usesBias: Bool

  /// Makes a separable convolution.
  public init(
    filters: Int, window: Window, multiplier: Int = 1, activation: ActivationFunction = .linear,
    usesBias: Bool = true
  ) {
    self.filters = filters
    self.window = window
    self.multiplier = multiplier
    self.activation = activation
    self.usesBias = usesBias
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    filters = try reader.integer("filters")
    window = try Window(reader)
    multiplier = try reader.integer("multiplier", default: 1)
    activation = try reader.activation("activation")
    usesBias = try reader.boolean("bias", default: true)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = [
      "filters": .integer(filters), "multiplier": .integer(multiplier),
    ]
    window.write(to: &attributes)
    attributes["activation"] = activation.json
    attributes["bias"] = .bool(usesBias)
    return attributes
  }
}

/// A transposed convolution; kernel [window × filters × inputs].
public struct TransposedConvolution: LayerConfiguration, Hashable {
  /// The output channels.
  public var filters: Int
  /// The window.
  public var window: Window
  /// Extra positions after, one an axis; nil infers them.
  public var outputPadding: [Int]?
  /// What follows.
  public var activation: ActivationFunction
  /// Whether a bias is added.
  public var usesBias: Bool

  /// Makes a transposed convolution.
  public init(
    filters: Int, window: Window, outputPadding: [Int]? = nil,
    activation: ActivationFunction = .linear, usesBias: Bool = true
  ) {
    self.filters = filters
    self.window = window
    self.outputPadding = outputPadding
    self.activation = activation
    self.usesBias = usesBias
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    filters = try reader.integer("filters")
    window = try Window(reader)
    outputPadding =
      reader.object["output_padding"] == nil
      ? nil
      : try reader.integers("output_padding", count: window.axes, in: 0...Int(Int32.max))
    activation = try reader.activation("activation")
    usesBias = try reader.boolean("bias", default: true)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = ["filters": .integer(filters)]
    window.write(to: &attributes)
    if let outputPadding { attributes["output_padding"] = .list(outputPadding) }
    attributes["activation"] = activation.json
    attributes["bias"] = .bool(usesBias)
    return attributes
  }
}
