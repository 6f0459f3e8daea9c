import Programs
import Tensors

extension LayerLowering {
  /// Brings one spatial axis to two (height 1), so that one set of kernels serves both.
  mutating func asImage(_ x: ValueID, axes: Int) throws(LoweringError) -> ValueID {
    let shape = builder.shape(of: x)
    guard shape.order == axes + 1 else {
      throw .mismatch(
        origin: path, operation: layer.kind.title, expected: "\(axes + 1) axes",
        found: "[\(shape)]")
    }
    return axes == 1 ? try append(.reshape([1, shape[0], shape[1]]), x) : x
  }

  /// Undoes ``asImage(_:axes:)``.
  mutating func fromImage(_ x: ValueID, axes: Int) throws(LoweringError) -> ValueID {
    let shape = builder.shape(of: x)
    return axes == 1 ? try append(.reshape([shape[1], shape[2]]), x) : x
  }

  func check(_ window: Window) throws(LoweringError) {
    guard window.axes <= 2 else { throw refuse("\(window.axes) spatial axes") }
    guard window.dataFormat == .channelsLast else { throw refuse("channels-first data") }
  }

  func extent(_ values: [Int]) -> Extent2D {
    values.count == 1
      ? Extent2D(height: 1, width: values[0]) : Extent2D(height: values[0], width: values[1])
  }

  /// The geometry of a window over an image; causal padding comes before only.
  func geometry(_ window: Window, over image: Shape, groups: Int = 1) throws(LoweringError)
    -> Conv2DGeometry
  {
    if window.padding == .causal {
      let (reach, overflow) = (window.size[0] - 1).multipliedReportingOverflow(
        by: window.dilation[0])
      guard !overflow, window.axes == 1 else { throw refuse("causal padding") }
      return Conv2DGeometry(
        strides: extent(window.strides), dilation: extent(window.dilation),
        padding: Padding2D(top: 0, left: reach, bottom: 0, right: 0), groups: groups)
    }
    guard
      let geometry = Conv2DGeometry.keras(
        window.padding == .same ? .same : .valid,
        input: Extent2D(height: image[0], width: image[1]), kernel: extent(window.size),
        strides: extent(window.strides), dilation: extent(window.dilation), groups: groups)
    else { throw refuse("a window of \(window.size) over [\(image)]") }
    return geometry
  }

  mutating func convolution(_ settings: Convolution, _ x: ValueID) throws(LoweringError)
    -> ValueID
  {
    try check(settings.window)
    let axes = settings.window.axes
    let image = try asImage(x, axes: axes)
    let geometry = try geometry(
      settings.window, over: builder.shape(of: image), groups: settings.groups)
    let result = try kernel(
      "kernel", image, as: axes == 1 ? .conv1D(geometry) : .conv2D(geometry))
    return try fromImage(
      try finish(result, usesBias: settings.usesBias, settings.activation), axes: axes)
  }

  /// The window axes of a stored kernel, brought to two.
  private func imageKernel(_ name: String) throws(LoweringError) -> Shape {
    guard let shape = layer.weight(name)?.denseShape else {
      throw refuse("the weight '\(name)' is missing")
    }
    return shape.order == 3 ? Shape([1] + shape.extents) : shape
  }

  mutating func depthwise(_ settings: DepthwiseConvolution, _ x: ValueID) throws(LoweringError)
    -> ValueID
  {
    try check(settings.window)
    let image = try asImage(x, axes: settings.window.axes)
    let geometry = try geometry(settings.window, over: builder.shape(of: image))
    let id = try parameter("depthwise_kernel", shape: try imageKernel("depthwise_kernel"))
    let result = try append(.depthwiseConv2D(id, geometry), image)
    return try fromImage(
      try finish(result, usesBias: settings.usesBias, settings.activation),
      axes: settings.window.axes)
  }

  mutating func separable(_ settings: SeparableConvolution, _ x: ValueID) throws(LoweringError)
    -> ValueID
  {
    try check(settings.window)
    let axes = settings.window.axes
    let image = try asImage(x, axes: axes)
    let geometry = try geometry(settings.window, over: builder.shape(of: image))
    let id = try parameter("depthwise_kernel", shape: try imageKernel("depthwise_kernel"))
    let filtered = try append(.depthwiseConv2D(id, geometry), image)
    let result = try kernel(
      "pointwise_kernel", filtered,
      as: axes == 1 ? .conv1D(Conv2DGeometry()) : .conv2D(Conv2DGeometry()))
    return try fromImage(
      try finish(result, usesBias: settings.usesBias, settings.activation), axes: axes)
  }

  mutating func transposed(_ settings: TransposedConvolution, _ x: ValueID) throws(LoweringError)
    -> ValueID
  {
    let window = settings.window
    try check(window)
    let image = try asImage(x, axes: window.axes)
    let shape = builder.shape(of: image)
    var outputPadding = settings.outputPadding.map(extent)
    if window.axes == 1, let padding = settings.outputPadding {
      outputPadding = Extent2D(height: 0, width: padding[0])
    }
    guard
      let keras = Conv2DGeometry.kerasTransposed(
        window.padding == .same ? .same : .valid,
        input: Extent2D(height: shape[0], width: shape[1]), kernel: extent(window.size),
        strides: extent(window.strides), dilation: extent(window.dilation),
        outputPadding: outputPadding)
    else { throw refuse("a transposed window of \(window.size) over [\(shape)]") }
    let id = try parameter("kernel", shape: try imageKernel("kernel"))
    let result = try append(
      .convTranspose2D(id, keras.geometry, outputPadding: keras.outputPadding), image)
    return try fromImage(
      try finish(result, usesBias: settings.usesBias, settings.activation), axes: window.axes)
  }

  mutating func pooling(_ settings: Pooling, _ x: ValueID) throws(LoweringError) -> ValueID {
    let window = settings.window
    try check(window)
    let image = try asImage(x, axes: window.axes)
    let shape = builder.shape(of: image)
    guard
      let geometry = Pool2DGeometry.keras(
        window.padding == .same ? .same : .valid,
        input: Extent2D(height: shape[0], width: shape[1]), window: extent(window.size),
        strides: extent(window.strides))
    else { throw refuse("a window of \(window.size) over [\(shape)]") }
    return try fromImage(
      try append(.pool2D(settings.kind, geometry), image), axes: window.axes)
  }

  mutating func globalPooling(_ settings: GlobalPooling, _ x: ValueID) throws(LoweringError)
    -> ValueID
  {
    guard settings.dataFormat == .channelsLast else { throw refuse("channels-first data") }
    return try append(.globalPool(settings.kind, keepsAxes: settings.keepsAxes), x)
  }

  mutating func bordering(_ settings: Bordering, _ x: ValueID) throws(LoweringError) -> ValueID {
    guard settings.dataFormat == .channelsLast else { throw refuse("channels-first data") }
    let margins =
      settings.amounts.map { AxisMargin(before: $0[0], after: $0[1]) }
      + [AxisMargin(before: 0, after: 0)]
    return try append(
      settings.operation == .pad ? .pad(amounts: margins, value: 0) : .crop(amounts: margins), x)
  }

  mutating func upSampling(_ settings: UpSampling, _ x: ValueID) throws(LoweringError) -> ValueID {
    guard settings.dataFormat == .channelsLast else { throw refuse("channels-first data") }
    guard let interpolation = Interpolation(rawValue: settings.interpolation) else {
      throw refuse("interpolation '\(settings.interpolation)'")
    }
    guard settings.factors.count <= 2 else { throw refuse("3 spatial axes") }
    let factors = extent(settings.factors)
    let image = try asImage(x, axes: settings.factors.count)
    let result = try append(
      .upsample(heightFactor: factors.height, widthFactor: factors.width, interpolation), image)
    return try fromImage(result, axes: settings.factors.count)
  }
}
