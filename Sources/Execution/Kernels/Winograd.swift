import CVector

/// Winograd's minimal filtering F(2×2, 3×3) for one window, with every extent checked.
///
/// Four results of a channel take 16 products instead of 36; the transforms around them are sums.
/// Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016.
struct Winograd: Sendable {
  let inputs: Int
  let outputs: Int
  let imageCount: Int
  let resultCount: Int
  private let height: Int
  private let width: Int
  private let resultHeight: Int
  private let resultWidth: Int
  private let top: Int
  private let left: Int

  /// Whether a dense 3×3 window gains by it: enough channels, and few results beyond the edges.
  static func isWorthwhile(_ window: Window2D, outputs: Int) -> Bool {
    let isDense =
      window.height == 3 && window.width == 3 && window.rowStride == 1 && window.columnStride == 1
      && window.rowDilation == 1 && window.columnDilation == 1
    let tiles = ((window.outputHeight + 1) / 2) * ((window.outputWidth + 1) / 2)
    return VectorKernels.hasWideRegisters && isDense && window.channels >= 16 && outputs >= 16
      && tiles * 16 <= window.positions * 8
  }

  /// The filtering of a dense 3×3 window.
  init(_ window: Window2D, outputs: Int) {
    inputs = window.channels
    self.outputs = outputs
    height = window.imageHeight
    width = window.imageWidth
    resultHeight = window.outputHeight
    resultWidth = window.outputWidth
    top = window.top
    left = window.left
    imageCount = window.imageCount
    resultCount = window.positions * outputs
  }

  /// Exchanges images and results, as the gradient in an image does.
  private init(turning other: Winograd) {
    inputs = other.outputs
    outputs = other.inputs
    height = other.resultHeight
    width = other.resultWidth
    resultHeight = other.height
    resultWidth = other.width
    top = 2 - other.top
    left = 2 - other.left
    imageCount = other.resultCount
    resultCount = other.imageCount
  }

  /// The filtering that makes an image's gradient of the result's.
  var turned: Winograd { Winograd(turning: self) }

  /// Elements of a transformed kernel.
  var kernelCount: Int { 16 * inputs * outputs }

  /// Elements of scratch space.
  var scratchCount: Int {
    var shape = shape
    // The function only reads the shape.
    return unsafe modelc_winograd_scratch(&shape)
  }

  private var shape: modelc_winograd {
    modelc_winograd(
      height: height, width: width, inputs: inputs, result_height: resultHeight,
      result_width: resultWidth, outputs: outputs, top: top, left: left)
  }

  /// u ← the transformed kernel w [3 × 3 × inputs × outputs].
  func transform(_ w: Span<Float>, into u: inout MutableSpan<Float>) {
    precondition(w.count >= 9 * inputs * outputs && u.count >= kernelCount, "winograd: kernel")
    unsafe w.withUnsafeBufferPointer { w in
      unsafe u.withUnsafeMutableBufferPointer { u in
        // The extents were checked above, here and below.
        unsafe modelc_winograd_kernel(inputs, outputs, w.baseAddress, u.baseAddress)
      }
    }
  }

  /// u ← the kernel w of the filtering that this one turns, transformed.
  func transformTurned(_ w: Span<Float>, into u: inout MutableSpan<Float>) {
    precondition(w.count >= 9 * inputs * outputs && u.count >= kernelCount, "winograd: kernel")
    unsafe w.withUnsafeBufferPointer { w in
      unsafe u.withUnsafeMutableBufferPointer { u in
        unsafe modelc_winograd_turned_kernel(outputs, inputs, w.baseAddress, u.baseAddress)
      }
    }
  }

  /// y ← x filtered with u for `batch` images, plus bias; with `clips` negative values become 0.
  func multiply(
    _ x: Span<Float>, by u: Span<Float>, bias: Span<Float>?, clips: Bool, batch: Int,
    scratch: inout MutableSpan<Float>, into y: inout MutableSpan<Float>
  ) {
    precondition(
      x.count >= batch * imageCount && u.count >= kernelCount && y.count >= batch * resultCount
        && scratch.count >= scratchCount && (bias?.count ?? outputs) >= outputs,
      "winograd: extents")
    var shape = shape
    unsafe x.withUnsafeBufferPointer { x in
      unsafe u.withUnsafeBufferPointer { u in
        unsafe scratch.withUnsafeMutableBufferPointer { scratch in
          unsafe y.withUnsafeMutableBufferPointer { y in
            if let bias {
              unsafe bias.withUnsafeBufferPointer { bias in
                unsafe modelc_winograd_product(
                  &shape, batch, x.baseAddress, u.baseAddress, bias.baseAddress, clips ? 1 : 0,
                  scratch.baseAddress, y.baseAddress)
              }
            } else {
              unsafe modelc_winograd_product(
                &shape, batch, x.baseAddress, u.baseAddress, nil, clips ? 1 : 0,
                scratch.baseAddress, y.baseAddress)
            }
          }
        }
      }
    }
  }

  /// g ← the kernel's gradient, or g + it with `adds`; `u` is space for a transformed kernel.
  func kernelGradient(
    _ x: Span<Float>, _ d: Span<Float>, batch: Int, scratch: inout MutableSpan<Float>,
    transformed u: inout MutableSpan<Float>, adds: Bool, into g: inout MutableSpan<Float>
  ) {
    precondition(
      batch > 0 && x.count >= batch * imageCount && d.count >= batch * resultCount
        && u.count >= kernelCount && g.count >= 9 * inputs * outputs
        && scratch.count >= scratchCount, "winograd: extents")
    var shape = shape
    unsafe x.withUnsafeBufferPointer { x in
      unsafe d.withUnsafeBufferPointer { d in
        unsafe scratch.withUnsafeMutableBufferPointer { scratch in
          unsafe u.withUnsafeMutableBufferPointer { u in
            unsafe g.withUnsafeMutableBufferPointer { g in
              unsafe modelc_winograd_gradient(
                &shape, batch, x.baseAddress, d.baseAddress, scratch.baseAddress, u.baseAddress)
              unsafe modelc_winograd_kernel_gradient(
                inputs, outputs, adds ? 1 : 0, u.baseAddress, g.baseAddress)
            }
          }
        }
      }
    }
  }
}
