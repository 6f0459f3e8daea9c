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

  /// The window columns that lie inside the image when the window stands at a result column.
  @inline(__always)
  func columns(at column: Int) -> Range<Int> {
    let first = column * columnStride - left
    let low = first >= 0 ? 0 : (-first + columnDilation - 1) / columnDilation
    let room = imageWidth - first
    let high = room <= 0 ? 0 : min(width, (room + columnDilation - 1) / columnDilation)
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

  /// Copies the patches of result rows into a matrix [positions × height·width·channels], of the
  /// channels `group`; entries outside the image are 0.
  func gather(
    _ image: Span<Float>, rows outputRows: Range<Int>, group: Range<Int>,
    into patches: inout MutableSpan<Float>
  ) {
    let count = group.count
    let line = width * count
    // Neighbouring window columns lie side by side, so a whole window row is one copy.
    let isContiguous = columnDilation == 1 && count == channels
    var start = 0
    for row in outputRows {
      let inside = rows(at: row)
      for column in 0..<outputWidth {
        let valid = columns(at: column)
        for windowRow in 0..<height {
          var target = patches._mutatingExtracting(start..<start + line)
          start += line
          guard inside.contains(windowRow), !valid.isEmpty else {
            target.fill(0)
            continue
          }
          let imageRow = row * rowStride - top + windowRow * rowDilation
          let base = imageRow * imageWidth + column * columnStride - left
          if isContiguous {
            if valid.count < width { target.fill(0) }
            var part = target._mutatingExtracting(
              valid.lowerBound * count..<valid.upperBound * count)
            let first = (base + valid.lowerBound) * count
            part.copy(image.extracting(first..<first + valid.count * count))
          } else {
            if valid.count < width { target.fill(0) }
            for windowColumn in valid {
              let first = (base + windowColumn * columnDilation) * channels + group.lowerBound
              var part = target._mutatingExtracting(
                windowColumn * count..<(windowColumn + 1) * count)
              part.copy(image.extracting(first..<first + count))
            }
          }
        }
      }
    }
  }

  /// Adds patches back to the pixels that they were gathered from.
  func scatter(
    _ patches: Span<Float>, rows outputRows: Range<Int>, group: Range<Int>,
    into image: inout MutableSpan<Float>
  ) {
    let count = group.count
    let line = width * count
    let isContiguous = columnDilation == 1 && count == channels
    var start = 0
    for row in outputRows {
      let inside = rows(at: row)
      for column in 0..<outputWidth {
        let valid = columns(at: column)
        for windowRow in 0..<height {
          let source = patches.extracting(start..<start + line)
          start += line
          guard inside.contains(windowRow), !valid.isEmpty else { continue }
          let imageRow = row * rowStride - top + windowRow * rowDilation
          let base = imageRow * imageWidth + column * columnStride - left
          if isContiguous {
            let first = (base + valid.lowerBound) * count
            var part = image._mutatingExtracting(first..<first + valid.count * count)
            part.add(source.extracting(valid.lowerBound * count..<valid.upperBound * count))
          } else {
            for windowColumn in valid {
              let first = (base + windowColumn * columnDilation) * channels + group.lowerBound
              var part = image._mutatingExtracting(first..<first + count)
              part.add(source.extracting(windowColumn * count..<(windowColumn + 1) * count))
            }
          }
        }
      }
    }
  }
}
