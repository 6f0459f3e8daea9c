import COpenBLAS

/// Which Gram matrix of A [m × n] is meant.
public enum GramSide: Sendable, Hashable {
  /// AAᵀ [m × m].
  case rows
  /// AᵀA [n × n].
  case columns
}

extension Matrix {
  /// The Gram matrix in Float, both triangles filled.
  public func gram(_ side: GramSide) -> Matrix {
    let order = side == .rows ? rows : columns
    var result = [Float](repeating: 0, count: order * order)
    accumulateGram(of: elements.span, rows: rows, columns: columns, side, to: &result)
    mirrorUpper(&result, order: order)
    return Matrix(rows: order, columns: order, elements: result)
  }

  /// The Gram matrix accumulated in Double, both triangles filled.
  ///
  /// Float values are widened block by block: the extra memory is one block, not a second matrix.
  public func doubleGram(_ side: GramSide) -> DoubleMatrix {
    let order = side == .rows ? rows : columns
    var result = DoubleMatrix(rows: order, columns: order)
    accumulateDoubleGram(
      of: elements.span, rows: rows, columns: columns, side, to: &result.elements)
    mirrorUpper(&result.elements, order: order)
    return result
  }
}

extension DoubleMatrix {
  /// The Gram matrix, both triangles filled.
  public func gram(_ side: GramSide) -> DoubleMatrix {
    let order = side == .rows ? rows : columns
    var result = DoubleMatrix(rows: order, columns: order)
    accumulateGram(of: elements.span, rows: rows, columns: columns, side, to: &result.elements)
    mirrorUpper(&result.elements, order: order)
    return result
  }

  /// Adds Σ xᵀx over the rows x of a row-major batch [count × columns] to the upper triangle.
  ///
  /// Call ``symmetrize()`` once after the last batch.
  public mutating func addGram(ofRows batch: Span<Float>, count: Int) {
    precondition(rows == columns, "a Gram matrix is square")
    accumulateDoubleGram(of: batch, rows: count, columns: columns, .columns, to: &elements)
  }

  /// Copies the upper triangle onto the lower one.
  public mutating func symmetrize() {
    precondition(rows == columns, "only a square matrix can be symmetric")
    mirrorUpper(&elements, order: rows)
  }
}

/// Adds a Gram matrix of `a` [rows × columns] to the upper triangle of `gram`.
func accumulateGram<Scalar: BLASScalar>(
  of a: Span<Scalar>, rows: Int, columns: Int, _ side: GramSide, to gram: inout [Scalar]
) {
  let (order, depth) = side == .rows ? (rows, columns) : (columns, rows)
  precondition(gram.count == order * order && a.count >= rows * columns, "sizes of a Gram matrix")
  guard order > 0, depth > 0 else { return }
  unsafe a.withUnsafeBufferPointer { a in
    // Sizes were compared above; `gram` is [order × order].
    unsafe Scalar.syrk(
      side == .rows ? CblasNoTrans : CblasTrans, Int32(order), Int32(depth), 1, a.baseAddress,
      Int32(columns), 1, &gram, Int32(order))
  }
}

/// Adds a Gram matrix of Float values to the upper triangle of a Double one, block by block.
func accumulateDoubleGram(
  of a: Span<Float>, rows: Int, columns: Int, _ side: GramSide, to gram: inout [Double]
) {
  let (order, depth) = side == .rows ? (rows, columns) : (columns, rows)
  precondition(gram.count == order * order && a.count >= rows * columns, "sizes of a Gram matrix")
  guard order > 0, depth > 0 else { return }
  // At most 16 MB of widened values at a time, but enough depth for dsyrk to run at full speed.
  let blockDepth = min(depth, max(256, (1 << 21) / order))
  var block = [Double](repeating: 0, count: order * blockDepth)
  var start = 0
  while start < depth {
    let count = min(blockDepth, depth - start)
    var wide = block.mutableSpan
    switch side {
    case .columns:
      let source = a.extracting(start * columns..<(start + count) * columns)
      for index in source.indices { wide[index] = Double(source[index]) }
      accumulateGram(of: block.span, rows: count, columns: columns, .columns, to: &gram)
    case .rows:
      for row in 0..<rows {
        let source = a.extracting(row * columns + start..<row * columns + start + count)
        for index in source.indices { wide[row * count + index] = Double(source[index]) }
      }
      accumulateGram(of: block.span, rows: rows, columns: count, .rows, to: &gram)
    }
    start += count
  }
}
