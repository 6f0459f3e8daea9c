import Programs
import Tensors

/// A window that moves over an image, with every extent resolved.
struct Window2D: Sendable {
  let imageHeight: Int
  let imageWidth: Int
  /// All channels of the image.
  let channels: Int
  let height: Int
  let width: Int
  let rowStride: Int
  let columnStride: Int
  let rowDilation: Int
  let columnDilation: Int
  let top: Int
  let left: Int
  /// The positions of the window.
  let outputHeight: Int
  let outputWidth: Int

  /// The window of a kernel over an image that gives results of a shape.
  init(image: Shape, kernel: Extent2D, geometry: Conv2DGeometry, result: Shape) {
    imageHeight = image[0]
    imageWidth = image[1]
    channels = image[2]
    height = kernel.height
    width = kernel.width
    rowStride = geometry.strides.height
    columnStride = geometry.strides.width
    rowDilation = geometry.dilation.height
    columnDilation = geometry.dilation.width
    top = geometry.padding.top
    left = geometry.padding.left
    outputHeight = result[0]
    outputWidth = result[1]
  }

  var positions: Int { outputHeight * outputWidth }
  var imageCount: Int { imageHeight * imageWidth * channels }

  /// Whether every position reads exactly its own pixel.
  var isPointwise: Bool {
    height == 1 && width == 1 && rowStride == 1 && columnStride == 1 && top == 0 && left == 0
      && outputHeight == imageHeight && outputWidth == imageWidth
  }

  /// Whether windows of two by two lie side by side.
  var isTwoByTwo: Bool {
    height == 2 && width == 2 && rowStride == 2 && columnStride == 2 && top == 0 && left == 0
      && outputHeight == imageHeight / 2 && outputWidth == imageWidth / 2
  }

  /// The window columns that lie inside the image when the window stands at a result column.
  @inline(__always)
  func columns(at column: Int) -> Range<Int> {
    let first = column * columnStride - left
    let low = first >= 0 ? 0 : (-first + columnDilation - 1) / columnDilation
    let room = imageWidth - first
    let high = room <= 0 ? 0 : min(width, (room + columnDilation - 1) / columnDilation)
    return min(low, high)..<high
  }

  /// The result columns at which no window column lies outside the image.
  var wholeColumns: Range<Int> {
    let reach = (width - 1) * columnDilation + 1
    let low = (left + columnStride - 1) / columnStride
    let room = imageWidth + left - reach
    let high = room < 0 ? 0 : min(outputWidth, room / columnStride + 1)
    return min(low, high)..<high
  }

  /// The window rows that lie inside the image when the window stands at a result row.
  @inline(__always)
  func rows(at row: Int) -> Range<Int> {
    let first = row * rowStride - top
    let low = first >= 0 ? 0 : (-first + rowDilation - 1) / rowDilation
    let room = imageHeight - first
    let high = room <= 0 ? 0 : min(height, (room + rowDilation - 1) / rowDilation)
    return min(low, high)..<high
  }
}
