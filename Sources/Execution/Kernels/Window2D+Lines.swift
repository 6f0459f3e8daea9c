/// Lines: one image row seen through the window's columns at every result column.
///
/// Under a row stride of 1 the patches of neighbouring result rows share their lines, so that
/// lines take the window's height times less room and copying than patches: window row r of a
/// run of result rows is one matrix that starts r · dilation lines further down.
extension Window2D {
  /// Lines needed for a run of result rows.
  func lineCount(for outputRows: Int) -> Int { outputRows + (height - 1) * rowDilation }

  /// The image row, possibly outside, of the first line of a run of result rows.
  func firstLine(of outputRows: Range<Int>) -> Int { outputRows.lowerBound - top }

  /// Copies lines [result width × width·channels], of the channels `group`; entries outside the
  /// image are 0.
  func gatherLines(
    _ image: Span<Float>, rows outputRows: Range<Int>, group: Range<Int>,
    into lines: inout MutableSpan<Float>
  ) {
    let count = group.count
    let line = width * count
    let isContiguous = columnDilation == 1 && count == channels
    let first = firstLine(of: outputRows)
    let whole = wholeColumns
    for index in 0..<lineCount(for: outputRows.count) {
      let start = index * outputWidth * line
      let row = first + index
      guard row >= 0, row < imageHeight else {
        var part = lines._mutatingExtracting(start..<start + outputWidth * line)
        part.fill(0)
        continue
      }
      if isContiguous, !whole.isEmpty {
        let from = (row * imageWidth + whole.lowerBound * columnStride - left) * count
        var target = lines._mutatingExtracting(start..<start + outputWidth * line)
        var part = target._mutatingExtracting(whole.lowerBound * line..<target.count)
        VectorKernels.gather(
          count: whole.count, length: line, from: image.extracting(from..<image.count),
          step: columnStride * count, to: &part, step: line)
      }
      for column in 0..<outputWidth where !isContiguous || !whole.contains(column) {
        let valid = columns(at: column)
        var target = lines._mutatingExtracting(
          start + column * line..<start + (column + 1) * line)
        if valid.count < width { target.fill(0) }
        let base = row * imageWidth + column * columnStride - left
        if isContiguous {
          if valid.isEmpty { continue }
          let from = (base + valid.lowerBound) * count
          var part = target._mutatingExtracting(valid.lowerBound * count..<valid.upperBound * count)
          part.copy(image.extracting(from..<from + valid.count * count))
        } else {
          for windowColumn in valid {
            let from = (base + windowColumn * columnDilation) * channels + group.lowerBound
            var part = target._mutatingExtracting(windowColumn * count..<(windowColumn + 1) * count)
            part.copy(image.extracting(from..<from + count))
          }
        }
      }
    }
  }

  /// Adds lines back to the pixels that they were gathered from.
  func scatterLines(
    _ lines: Span<Float>, rows outputRows: Range<Int>, group: Range<Int>,
    into image: inout MutableSpan<Float>
  ) {
    let count = group.count
    let line = width * count
    let isContiguous = columnDilation == 1 && count == channels
    let first = firstLine(of: outputRows)
    for index in 0..<lineCount(for: outputRows.count) {
      let row = first + index
      guard row >= 0, row < imageHeight else { continue }
      for column in 0..<outputWidth {
        let valid = columns(at: column)
        if valid.isEmpty { continue }
        let start = (index * outputWidth + column) * line
        let source = lines.extracting(start..<start + line)
        let base = row * imageWidth + column * columnStride - left
        if isContiguous {
          let to = (base + valid.lowerBound) * count
          var part = image._mutatingExtracting(to..<to + valid.count * count)
          part.add(source.extracting(valid.lowerBound * count..<valid.upperBound * count))
        } else {
          for windowColumn in valid {
            let to = (base + windowColumn * columnDilation) * channels + group.lowerBound
            var part = image._mutatingExtracting(to..<to + count)
            part.add(source.extracting(windowColumn * count..<(windowColumn + 1) * count))
          }
        }
      }
    }
  }
}
