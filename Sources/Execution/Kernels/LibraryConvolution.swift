import COneDNN

/// oneDNN's convolution of one shape and batch, with its buffers; on the caller's thread alone.
///
/// The handle is made once and destroyed with the object, which checks every extent.
@safe final class LibraryConvolution {
  /// Whether this build knows oneDNN and the library could be opened.
  static let isAvailable = modelc_onednn_available() != 0

  private let handle: OpaquePointer
  private let shape: modelc_convolution_shape
  private var hasKernel = false

  let batch: Int
  private var imageCount: Int { batch * shape.height * shape.width * shape.channels }
  private var resultCount: Int {
    batch * shape.output_height * shape.output_width * shape.outputs
  }
  private var kernelCount: Int {
    shape.kernel_height * shape.kernel_width * (shape.channels / shape.groups) * shape.outputs
  }

  /// Prepares a convolution, or nil where the library has no fast code for it.
  init?(
    _ window: Window2D, groups: Int, outputs: Int, batch: Int, hasBias: Bool, clips: Bool,
    wantsKernelGradient: Bool, wantsImageGradient: Bool
  ) {
    // What lies after the last window's reach is no padding; it may be negative and is then cut off.
    let reachDown =
      (window.outputHeight - 1) * window.rowStride + (window.height - 1) * window.rowDilation + 1
    let reachAcross =
      (window.outputWidth - 1) * window.columnStride + (window.width - 1) * window.columnDilation
      + 1
    var shape = modelc_convolution_shape(
      batch: batch, channels: window.channels, height: window.imageHeight,
      width: window.imageWidth, outputs: outputs, output_height: window.outputHeight,
      output_width: window.outputWidth, kernel_height: window.height, kernel_width: window.width,
      row_stride: window.rowStride, column_stride: window.columnStride,
      row_dilation: window.rowDilation, column_dilation: window.columnDilation, top: window.top,
      left: window.left, bottom: reachDown - window.imageHeight - window.top,
      right: reachAcross - window.imageWidth - window.left, groups: groups,
      has_bias: hasBias ? 1 : 0, clips: clips ? 1 : 0)
    // The shape is only read.
    guard
      let handle = unsafe modelc_convolution_create(
        &shape, wantsKernelGradient ? 1 : 0, wantsImageGradient ? 1 : 0)
    else { return nil }
    unsafe self.handle = handle
    self.shape = shape
    self.batch = batch
  }

  deinit { unsafe modelc_convolution_destroy(handle) }

  /// y ← x ⊛ w + bias, clipped if the shape says so; nothing is promised of y after `false`.
  func multiply(
    _ x: Span<Float>, by w: Span<Float>, bias: Span<Float>?, keepsKernel: Bool,
    into y: inout MutableSpan<Float>
  ) -> Bool {
    precondition(
      x.count >= imageCount && w.count >= kernelCount && y.count >= resultCount
        && (bias != nil) == (shape.has_bias != 0)
        && (bias?.count ?? shape.outputs) >= shape.outputs,
      "convolution: extents")
    let keeps: Int32 = keepsKernel && hasKernel ? 1 : 0
    // Only a call that succeeded leaves the kernel rearranged.
    hasKernel = unsafe x.withUnsafeBufferPointer { x in
      unsafe w.withUnsafeBufferPointer { w in
        unsafe y.withUnsafeMutableBufferPointer { y in
          // The extents were checked above, here and below.
          guard let bias else {
            return unsafe modelc_convolution_forward(
              handle, x.baseAddress, w.baseAddress, nil, y.baseAddress, keeps) == 0
          }
          return unsafe bias.withUnsafeBufferPointer { bias in
            unsafe modelc_convolution_forward(
              handle, x.baseAddress, w.baseAddress, bias.baseAddress, y.baseAddress, keeps) == 0
          }
        }
      }
    }
    return hasKernel
  }

  /// dx ← the gradient in the image.
  func imageGradient(
    _ d: Span<Float>, by w: Span<Float>, into dx: inout MutableSpan<Float>
  ) -> Bool {
    precondition(
      d.count >= resultCount && w.count >= kernelCount && dx.count >= imageCount,
      "convolution: extents")
    return unsafe d.withUnsafeBufferPointer { d in
      unsafe w.withUnsafeBufferPointer { w in
        unsafe dx.withUnsafeMutableBufferPointer { dx in
          unsafe modelc_convolution_image_gradient(
            handle, d.baseAddress, w.baseAddress, dx.baseAddress) == 0
        }
      }
    }
  }

  /// dw ← the gradient in the kernel.
  func kernelGradient(
    _ x: Span<Float>, _ d: Span<Float>, into dw: inout MutableSpan<Float>
  ) -> Bool {
    precondition(
      x.count >= imageCount && d.count >= resultCount && dw.count >= kernelCount,
      "convolution: extents")
    return unsafe x.withUnsafeBufferPointer { x in
      unsafe d.withUnsafeBufferPointer { d in
        unsafe dw.withUnsafeMutableBufferPointer { dw in
          unsafe modelc_convolution_kernel_gradient(
            handle, x.baseAddress, d.baseAddress, dw.baseAddress) == 0
        }
      }
    }
  }
}
