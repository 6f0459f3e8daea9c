/// Patches: the whole window at every position, as rows of a matrix.
extension Window2D {
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
    let whole = isContiguous ? wholeColumns : 0..<0
    let depth = height * line
    var start = 0
    for row in outputRows {
      let inside = rows(at: row)
      for windowRow in inside where !whole.isEmpty {
        let imageRow = row * rowStride - top + windowRow * rowDilation
        let from = (imageRow * imageWidth + whole.lowerBound * columnStride - left) * count
        var part = patches._mutatingExtracting(
          start + whole.lowerBound * depth + windowRow * line..<patches.count)
        VectorKernels.gather(
          count: whole.count, length: line, from: image.extracting(from..<image.count),
          step: columnStride * count, to: &part, step: depth)
      }
      for column in 0..<outputWidth {
        let isWhole = whole.contains(column)
        if isWhole, inside.count == height {
          start += depth
          continue
        }
        let valid = columns(at: column)
        for windowRow in 0..<height {
          var target = patches._mutatingExtracting(start..<start + line)
          start += line
          guard inside.contains(windowRow), !valid.isEmpty else {
            target.fill(0)
            continue
          }
          if isWhole { continue }
          if valid.count < width { target.fill(0) }
          let imageRow = row * rowStride - top + windowRow * rowDilation
          let base = imageRow * imageWidth + column * columnStride - left
          for windowColumn in valid {
            let first = (base + windowColumn * columnDilation) * channels + group.lowerBound
            var part = target._mutatingExtracting(windowColumn * count..<(windowColumn + 1) * count)
            part.copy(image.extracting(first..<first + count))
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
