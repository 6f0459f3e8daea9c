import JSON
import Models
import Programs

extension LayerTranslator {
  /// Dense, Embedding and the convolutions.
  func convolutionKind() throws(AttributeError) -> LayerKind? {
    switch entry.className {
    case "Dense":
      guard let activation = activation() else { return nil }
      return .dense(
        Dense(
          units: try reader.integer("units"), activation: activation, usesBias: try usesBias()))
    case "Embedding":
      if isQuantised { return nil }
      return .embedding(
        Embedding(
          entries: try reader.integer("input_dim"), dimension: try reader.integer("output_dim"),
          masksZero: try reader.boolean("mask_zero", default: false)))
    default: break
    }
    if let axes = axes(after: "SeparableConv") { return try separable(axes) }
    if let axes = axes(after: "DepthwiseConv") { return try depthwise(axes) }
    if let axes = axes(after: "Conv", before: "DTranspose") { return try transposed(axes) }
    if let axes = axes(after: "Conv") ?? axes(after: "Convolution") {
      return try convolution(axes)
    }
    return nil
  }

  func usesBias() throws(AttributeError) -> Bool { try reader.boolean("use_bias", default: true) }

  /// Whether Keras itself quantised the layer.
  var isQuantised: Bool {
    let policy = KerasValue.policyName(settings["dtype"])
    return ["int8_from", "int4_from", "float8_from", "gptq", "awq"].contains {
      policy.hasPrefix($0)
    } || settings["quantization_mode"]?.string != nil
  }

  private func convolution(_ axes: Int) throws(AttributeError) -> LayerKind? {
    guard let activation = activation() else { return nil }
    return .convolution(
      Convolution(
        filters: try reader.integer("filters"), window: try window("kernel_size", axes),
        groups: try reader.integer("groups", default: 1), activation: activation,
        usesBias: try usesBias()))
  }

  private func depthwise(_ axes: Int) throws(AttributeError) -> LayerKind? {
    guard let activation = activation() else { return nil }
    return .depthwiseConvolution(
      DepthwiseConvolution(
        window: try window("kernel_size", axes),
        multiplier: try reader.integer("depth_multiplier", default: 1), activation: activation,
        usesBias: try usesBias()))
  }

  private func separable(_ axes: Int) throws(AttributeError) -> LayerKind? {
    guard let activation = activation() else { return nil }
    return .separableConvolution(
      SeparableConvolution(
        filters: try reader.integer("filters"), window: try window("kernel_size", axes),
        multiplier: try reader.integer("depth_multiplier", default: 1), activation: activation,
        usesBias: try usesBias()))
  }

  private func transposed(_ axes: Int) throws(AttributeError) -> LayerKind? {
    guard let activation = activation() else { return nil }
    var padding: [Int]?
    if let stated = settings["output_padding"], stated != .null {
      padding = try expanded("output_padding", axes, in: 0...Int(Int32.max))
    }
    return .transposedConvolution(
      TransposedConvolution(
        filters: try reader.integer("filters"), window: try window("kernel_size", axes),
        outputPadding: padding, activation: activation, usesBias: try usesBias()))
  }

  // MARK: Windows

  /// The window under `key` with strides, padding and dilation; pooling strides over its size.
  func window(_ key: String, _ axes: Int, isPooling: Bool = false) throws(AttributeError)
    -> Window
  {
    let size = try expanded(key, axes, default: isPooling ? 2 : nil)
    var strides = isPooling ? size : size.map { _ in 1 }
    if let stated = settings["strides"], stated != .null { strides = try expanded("strides", axes) }
    let dilation = isPooling ? size.map { _ in 1 } : try expanded("dilation_rate", axes, default: 1)
    let padding = try reader.string("padding", default: "valid").lowercased()
    guard let rule = BorderRule(rawValue: padding), rule != .causal || axes == 1 else {
      throw AttributeError(
        key: "padding", expected: "valid, same or (over one axis) causal",
        found: "'\(printable(padding))'")
    }
    return Window(
      size: size, strides: strides, padding: rule, dilation: dilation, dataFormat: try dataFormat())
  }

  func dataFormat() throws(AttributeError) -> DataFormat {
    switch try reader.string("data_format", default: "channels_last") {
    case "channels_last": return .channelsLast
    case "channels_first": return .channelsFirst
    case let other:
      throw AttributeError(
        key: "data_format", expected: "channels_last or channels_first",
        found: "'\(printable(other))'")
    }
  }

  /// A list of one integer an axis; a single integer stands for all of them.
  func expanded(
    _ key: String, _ axes: Int, in range: ClosedRange<Int> = 1...Int(Int32.max),
    default fallback: Int? = nil
  ) throws(AttributeError) -> [Int] {
    if settings[key]?.array != nil { return try reader.integers(key, count: axes, in: range) }
    let value = try reader.integer(key, in: range, default: fallback)
    return Array(repeating: value, count: axes)
  }
}
