import COpenBLAS

/// c[offset...] ← alpha · op(a) · op(b) + beta · c, row-major.
///
/// op(a) is [m × k], op(b) [k × n], c [m × n]; `lda`, `ldb`, `ldc` are the distances between rows
/// as stored. With `beta` 0 what c held is not read. Traps when a span is too short.
package func gemm(
  transA: Bool = false, transB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
  a: Span<Float>, lda: Int, b: Span<Float>, ldb: Int, beta: Float = 0,
  c: inout MutableSpan<Float>, at offset: Int = 0, ldc: Int
) {
  multiply(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, &c, offset, ldc)
}

/// The same in Double.
package func gemm(
  transA: Bool = false, transB: Bool = false, m: Int, n: Int, k: Int, alpha: Double = 1,
  a: Span<Double>, lda: Int, b: Span<Double>, ldb: Int, beta: Double = 0,
  c: inout MutableSpan<Double>, at offset: Int = 0, ldc: Int
) {
  multiply(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, &c, offset, ldc)
}

@inline(__always)
private func multiply<Scalar: BLASScalar>(
  _ transA: Bool, _ transB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Scalar,
  _ a: Span<Scalar>, _ lda: Int, _ b: Span<Scalar>, _ ldb: Int, _ beta: Scalar,
  _ c: inout MutableSpan<Scalar>, _ offset: Int, _ ldc: Int
) {
  guard m > 0, n > 0 else { return }
  checkExtent(transA ? k : m, transA ? m : k, lda, a.count, "a")
  checkExtent(transB ? n : k, transB ? k : n, ldb, b.count, "b")
  precondition(offset >= 0, "gemm: a negative offset")
  checkExtent(m, n, ldc, c.count - offset, "c")
  unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe c.withUnsafeMutableBufferPointer { c in
        // The extents were checked against all three spans above.
        unsafe Scalar.gemm(
          transA ? CblasTrans : CblasNoTrans, transB ? CblasTrans : CblasNoTrans, Int32(m),
          Int32(n), Int32(k), alpha, a.baseAddress, Int32(lda), b.baseAddress, Int32(ldb), beta,
          c.baseAddress.map { unsafe $0 + offset }, Int32(ldc))
      }
    }
  }
}

/// Traps unless [rows × columns] with the row distance `stride` lies within `count` elements.
@inline(__always)
func checkExtent(_ rows: Int, _ columns: Int, _ stride: Int, _ count: Int, _ name: StaticString) {
  precondition(
    rows >= 0 && columns >= 0 && stride >= max(columns, 1)
      && (rows == 0 || columns == 0 || (rows - 1) * stride + columns <= count),
    "\(name): \(rows)×\(columns) with a row distance of \(stride) exceeds \(count) elements")
}

extension Matrix {
  /// self · other, either operand transposed on demand.
  public func multiplied(
    by other: Matrix, transposingSelf: Bool = false, transposingOther: Bool = false
  ) -> Matrix {
    let (m, k) = transposingSelf ? (columns, rows) : (rows, columns)
    let (inner, n) =
      transposingOther ? (other.columns, other.rows) : (other.rows, other.columns)
    precondition(k == inner, "multiply: [\(m)×\(k)] by [\(inner)×\(n)]")
    var result = [Float](repeating: 0, count: m * n)
    var span = result.mutableSpan
    gemm(
      transA: transposingSelf, transB: transposingOther, m: m, n: n, k: k, a: elements.span,
      lda: max(columns, 1), b: other.elements.span, ldb: max(other.columns, 1), c: &span,
      ldc: max(n, 1))
    return Matrix(rows: m, columns: n, elements: result)
  }
}

extension DoubleMatrix {
  /// self · other, either operand transposed on demand.
  public func multiplied(
    by other: DoubleMatrix, transposingSelf: Bool = false, transposingOther: Bool = false
  ) -> DoubleMatrix {
    let (m, k) = transposingSelf ? (columns, rows) : (rows, columns)
    let (inner, n) =
      transposingOther ? (other.columns, other.rows) : (other.rows, other.columns)
    precondition(k == inner, "multiply: [\(m)×\(k)] by [\(inner)×\(n)]")
    var result = [Double](repeating: 0, count: m * n)
    var span = result.mutableSpan
    gemm(
      transA: transposingSelf, transB: transposingOther, m: m, n: n, k: k, a: elements.span,
      lda: max(columns, 1), b: other.elements.span, ldb: max(other.columns, 1), c: &span,
      ldc: max(n, 1))
    return DoubleMatrix(rows: m, columns: n, elements: result)
  }
}
