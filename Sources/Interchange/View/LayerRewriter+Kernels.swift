import JSON
import Models
import Programs
import Tensors

extension LayerRewriter {
  /// Bias and activation of the last piece with weights, and links to its weights.
  private struct Tail {
    let usesBias: Bool
    let activation: ActivationFunction
  }

  // MARK: Dense

  mutating func appendDense(_ settings: Dense) throws(KerasViewObstacle) {
    let tail = Tail(usesBias: settings.usesBias, activation: settings.activation)
    switch layer.weight("kernel") {
    case .dense?: try appendDense(settings.units, "values", tail)
    case .lowRank(let form)?:
      appendProduct(form.rank, "left", suffix: "u")
      try appendDense(settings.units, "right", tail)
    case .tensorised(let form)?:
      appendModes(form)
      appendProduct(form.left.shape.last, "left", suffix: "u")
      try appendDense(settings.units, "right", tail)
    case .tucker2?: throw obstacle("a Dense kernel in Tucker-2 form has no Keras layer")
    case nil: throw obstacle("its kernel is missing")
    }
    try appendActivation(settings.activation)
  }

  private mutating func appendDense(_ units: Int, _ component: String, _ tail: Tail)
    throws(KerasViewObstacle)
  {
    append(
      "Dense",
      [
        "units": .integer(units), "activation": ownActivation(tail.activation),
        "use_bias": .bool(tail.usesBias),
      ], weights: [link("kernel", component)] + (try links(tail.usesBias ? ["bias"] : [])))
  }

  /// A Dense layer without bias or activation.
  private mutating func appendProduct(_ units: Int, _ component: String, suffix: String) {
    append(
      "Dense", suffix: suffix,
      ["units": .integer(units), "activation": "linear", "use_bias": false],
      weights: [link("kernel", component, as: "kernel")])
  }

  /// z = P_hᵀ X P_w, each product over the last axis with the axes turned in between.
  ///
  /// [h×w×c] → [w×c×h] · P_h → [w×c×a] → [c×a×w] · P_w → [c×a×b] → [a×b×c] (· P_c) → flat.
  private mutating func appendModes(_ form: TensorisedForm) {
    let map = form.mapShape
    let isFlat = map[2] == 1 && form.channelFactor == nil
    let extents = isFlat ? Array(map.extents.prefix(2)) : map.extents
    let turn: JSONObject = ["dims": isFlat ? [2, 1] : [2, 3, 1]]
    let (a, b) = (form.heightFactor.shape.last, form.widthFactor.shape.last)
    append("Reshape", suffix: "map", ["target_shape": .list(extents)])
    append("Permute", suffix: "to_height", turn)
    appendProduct(a, "height_factor", suffix: "height")
    append("Permute", suffix: "to_width", turn)
    appendProduct(b, "width_factor", suffix: "width")
    if !isFlat { append("Permute", suffix: "to_channels", turn) }
    if let channelFactor = form.channelFactor {
      appendProduct(channelFactor.shape.last, "channel_factor", suffix: "channels")
    }
    append("Reshape", suffix: "flat", ["target_shape": [.integer(form.left.shape[0])]])
  }

  // MARK: Convolutions

  mutating func appendConvolution(_ settings: Convolution) throws(KerasViewObstacle) {
    let tail = Tail(usesBias: settings.usesBias, activation: settings.activation)
    try appendConvolution(
      "kernel", settings.window, filters: settings.filters, groups: settings.groups, tail)
  }

  /// A convolution kernel in whatever form it has.
  private mutating func appendConvolution(
    _ weight: String, _ window: Window, filters: Int, groups: Int, _ tail: Tail
  ) throws(KerasViewObstacle) {
    let point = Window(size: window.size.map { _ in 1 }, dataFormat: window.dataFormat)
    func kernel(_ component: String) -> KerasView.WeightLink {
      link(weight, component, as: "kernel")
    }
    var last = (window: window, component: "values", groups: groups)
    switch layer.weight(weight) {
    case .dense?: break
    case .lowRank(let form)?:
      appendPlain(window, form.rank, kernel("left"), suffix: "u")
      last = (point, "right", 1)
    case .tucker2(let form)?:
      appendPlain(point, form.ranks[0], kernel("input_factor"), suffix: "in")
      appendPlain(window, form.ranks[1], kernel("core"), suffix: "core")
      last = (point, "output_factor", 1)
    case .tensorised?: throw obstacle("a convolution kernel in tensorised form")
    case nil: throw obstacle("its \(weight) is missing")
    }
    var values = windowSettings(last.window)
    values["filters"] = .integer(filters)
    values["groups"] = .integer(last.groups)
    values["activation"] = ownActivation(tail.activation)
    values["use_bias"] = .bool(tail.usesBias)
    append(
      "Conv\(window.axes)D", values,
      weights: [kernel(last.component)] + (try links(tail.usesBias ? ["bias"] : [])))
    try appendActivation(tail.activation)
  }

  /// A convolution without bias or activation.
  private mutating func appendPlain(
    _ window: Window, _ filters: Int, _ kernel: KerasView.WeightLink, suffix: String
  ) {
    var values = windowSettings(window)
    values["filters"] = .integer(filters)
    values["groups"] = 1
    values["activation"] = "linear"
    values["use_bias"] = false
    append("Conv\(window.axes)D", suffix: suffix, values, weights: [kernel])
  }

  private func windowSettings(_ window: Window) -> JSONObject {
    [
      "kernel_size": .list(window.size), "strides": .list(window.strides),
      "padding": .string(window.padding.rawValue), "data_format": format(window.dataFormat),
      "dilation_rate": .list(window.dilation),
    ]
  }

  mutating func appendSeparable(_ settings: SeparableConvolution) throws(KerasViewObstacle) {
    let window = settings.window
    let tail = Tail(usesBias: settings.usesBias, activation: settings.activation)
    if case .dense? = layer.weight("pointwise_kernel") {
      var values = windowSettings(window)
      values["filters"] = .integer(settings.filters)
      values["depth_multiplier"] = .integer(settings.multiplier)
      values["activation"] = ownActivation(settings.activation)
      values["use_bias"] = .bool(settings.usesBias)
      let names = ["depthwise_kernel", "pointwise_kernel"] + (settings.usesBias ? ["bias"] : [])
      append("SeparableConv\(window.axes)D", values, weights: try links(names))
      try appendActivation(settings.activation)
      return
    }
    var values = windowSettings(window)
    values["depth_multiplier"] = .integer(settings.multiplier)
    values["activation"] = "linear"
    values["use_bias"] = false
    append(
      "DepthwiseConv\(window.axes)D", suffix: "depthwise", values,
      weights: try links(["depthwise_kernel"]))
    let point = Window(size: window.size.map { _ in 1 }, dataFormat: window.dataFormat)
    try appendConvolution(
      "pointwise_kernel", point, filters: settings.filters, groups: 1, tail)
  }

  mutating func appendDepthwise(_ settings: DepthwiseConvolution) throws(KerasViewObstacle) {
    var values = windowSettings(settings.window)
    values["depth_multiplier"] = .integer(settings.multiplier)
    values["activation"] = ownActivation(settings.activation)
    values["use_bias"] = .bool(settings.usesBias)
    let names = ["depthwise_kernel"] + (settings.usesBias ? ["bias"] : [])
    append("DepthwiseConv\(settings.window.axes)D", values, weights: try links(names))
    try appendActivation(settings.activation)
  }

  mutating func appendTransposed(_ settings: TransposedConvolution) throws(KerasViewObstacle) {
    var values = windowSettings(settings.window)
    values["filters"] = .integer(settings.filters)
    values["output_padding"] = settings.outputPadding.map { .list($0) } ?? .null
    values["activation"] = ownActivation(settings.activation)
    values["use_bias"] = .bool(settings.usesBias)
    let names = ["kernel"] + (settings.usesBias ? ["bias"] : [])
    append("Conv\(settings.window.axes)DTranspose", values, weights: try links(names))
    try appendActivation(settings.activation)
  }
}
