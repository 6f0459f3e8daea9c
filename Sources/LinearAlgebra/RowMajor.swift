// Loops over row-major storage that both matrix types share.

/// Σ x² in Double, in eight independent sums.
func sumOfSquares<Scalar: BLASScalar>(_ values: Span<Scalar>) -> Double {
  var lanes = SIMD8<Double>.zero
  var index = 0
  while index + 8 <= values.count {
    var block = SIMD8<Double>.zero
    for lane in 0..<8 { block[lane] = Double(values[index + lane]) }
    lanes += block * block
    index += 8
  }
  var sum = lanes.sum()
  while index < values.count {
    sum += Double(values[index]) * Double(values[index])
    index += 1
  }
  return sum
}

/// The transpose of [rows × columns], moved in tiles that stay in the first-level cache.
func transpose<Scalar: BLASScalar>(
  _ source: Span<Scalar>, rows: Int, columns: Int
) -> [Scalar] {
  let tile = 32
  return unsafe [Scalar](unsafeUninitializedCapacity: rows * columns) { buffer, initialized in
    // Every element is written once: the tiles cover the matrix and do not overlap.
    for top in stride(from: 0, to: rows, by: tile) {
      for left in stride(from: 0, to: columns, by: tile) {
        for row in top..<min(top + tile, rows) {
          let line = source.extracting(row * columns..<(row + 1) * columns)
          for column in left..<min(left + tile, columns) {
            unsafe buffer[column * rows + row] = line[column]
          }
        }
      }
    }
    initialized = rows * columns
  }
}

/// The first `count` columns of [rows × columns].
func leadingColumns<Scalar: BLASScalar>(
  _ source: Span<Scalar>, rows: Int, columns: Int, count: Int
) -> [Scalar] {
  var result = [Scalar]()
  result.reserveCapacity(rows * count)
  for row in 0..<rows {
    for column in 0..<count { result.append(source[row * columns + column]) }
  }
  return result
}

/// Copies the upper triangle of a row-major [n × n] onto the lower one.
func mirrorUpper<Scalar: BLASScalar>(_ elements: inout [Scalar], order n: Int) {
  let tile = 32
  var span = elements.mutableSpan
  for top in stride(from: 0, to: n, by: tile) {
    for left in stride(from: top, to: n, by: tile) {
      for row in top..<min(top + tile, n) {
        for column in max(left, row + 1)..<max(min(left + tile, n), max(left, row + 1)) {
          span[column * n + row] = span[row * n + column]
        }
      }
    }
  }
}

/// Rows in reverse order, in place, of a row-major [rows × columns].
func reverseRows<Scalar>(_ elements: inout [Scalar], rows: Int, columns: Int) {
  for row in 0..<rows / 2 {
    let other = rows - 1 - row
    for column in 0..<columns {
      elements.swapAt(row * columns + column, other * columns + column)
    }
  }
}
