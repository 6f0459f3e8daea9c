import Tensors

/// The shape rules of convolutions and pooling.
extension ShapeInference {
  func convolved(
    _ id: ParameterID, _ geometry: Conv2DGeometry
  ) throws(LoweringError) -> [Int] {
    let kernel = try parameter(id, order: 4, "[height × width × inputs × outputs]")
    let image = try self.image()
    let (inputs, overflow) = kernel[2].multipliedReportingOverflow(by: geometry.groups)
    guard geometry.groups >= 1, !overflow, inputs == image[2], kernel[3] % geometry.groups == 0
    else {
      throw mismatch(
        "\(image[2]) channels in \(geometry.groups) groups for an image \(image)",
        "kernel \(kernel)")
    }
    let extent = try positions(kernel: Extent2D(height: kernel[0], width: kernel[1]), geometry)
    return [extent.height, extent.width, kernel[3]]
  }

  func depthwise(
    _ id: ParameterID, _ geometry: Conv2DGeometry
  ) throws(LoweringError) -> [Int] {
    let kernel = try parameter(id, order: 4, "[height × width × inputs × multiplier]")
    let image = try self.image()
    guard kernel[2] == image[2], let channels = product(kernel[2], kernel[3]) else {
      throw mismatch("\(image[2]) channels for an image \(image)", "kernel \(kernel)")
    }
    let extent = try positions(kernel: Extent2D(height: kernel[0], width: kernel[1]), geometry)
    return [extent.height, extent.width, channels]
  }

  func transposeConvolved(
    _ id: ParameterID, _ geometry: Conv2DGeometry, _ outputPadding: Extent2D
  ) throws(LoweringError) -> [Int] {
    let kernel = try parameter(id, order: 4, "[height × width × outputs × inputs]")
    let image = try self.image()
    guard kernel[3] == image[2], geometry.groups == 1 else {
      throw mismatch("\(image[2]) channels in one group for an image \(image)", "kernel \(kernel)")
    }
    let padding = geometry.padding
    guard
      let height = transposedPositions(
        over: image[0], kernel: kernel[0], stride: geometry.strides.height,
        dilation: geometry.dilation.height, before: padding.top, after: padding.bottom,
        outputPadding: outputPadding.height),
      let width = transposedPositions(
        over: image[1], kernel: kernel[1], stride: geometry.strides.width,
        dilation: geometry.dilation.width, before: padding.left, after: padding.right,
        outputPadding: outputPadding.width)
    else {
      throw mismatch(
        "strides, dilation and padding that leave a result",
        "strides \(geometry.strides), dilation \(geometry.dilation), padding \(padding), "
          + "kernel \(kernel) on \(image)")
    }
    return [height, width, kernel[2]]
  }

  func pooled(_ geometry: Pool2DGeometry) throws(LoweringError) -> [Int] {
    let image = try self.image()
    let extent = try positions(
      kernel: geometry.window,
      Conv2DGeometry(strides: geometry.strides, padding: geometry.padding))
    // A window may touch padding, but one that lies in it wholly has no value.
    let padding = geometry.padding
    guard max(padding.top, padding.bottom) < geometry.window.height,
      max(padding.left, padding.right) < geometry.window.width
    else {
      throw mismatch("padding smaller than the window \(geometry.window)", "\(padding)")
    }
    return [extent.height, extent.width, image[2]]
  }

  private func image() throws(LoweringError) -> Shape {
    guard operands[0].order == 3 else {
      throw mismatch("3 axes [height × width × channels]", "\(operands[0])")
    }
    return operands[0]
  }

  private func positions(
    kernel: Extent2D, _ geometry: Conv2DGeometry
  ) throws(LoweringError) -> Extent2D {
    let image = operands[0]
    let padding = geometry.padding
    guard
      let height = windowPositions(
        over: image[0], kernel: kernel.height, stride: geometry.strides.height,
        dilation: geometry.dilation.height, before: padding.top, after: padding.bottom),
      let width = windowPositions(
        over: image[1], kernel: kernel.width, stride: geometry.strides.width,
        dilation: geometry.dilation.width, before: padding.left, after: padding.right)
    else {
      throw mismatch(
        "a window that fits into \(image)",
        "window \(kernel), strides \(geometry.strides), dilation \(geometry.dilation), "
          + "padding \(padding)")
    }
    return Extent2D(height: height, width: width)
  }
}
