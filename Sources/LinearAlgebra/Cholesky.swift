import COpenBLAS

/// The Cholesky factorisation of a symmetric positive definite matrix, A + jitter·I = L·Lᵀ.
///
/// A Gram matrix of few samples or constant features is singular; then the least jitter that
/// makes it definite, tried in steps of ten from 1e-12 of the mean diagonal, is added and recorded.
public struct Cholesky: Sendable {
  /// The order n.
  public let order: Int
  /// What was added to the diagonal.
  public let jitter: Double
  /// L in the lower triangle as LAPACK sees it (column-major).
  private let factor: [Double]

  /// Factorises a symmetric matrix; only its upper triangle is read.
  ///
  /// `jitter` is added in any case, and more of it as needed up to 1e-2 of the mean diagonal.
  /// - Throws: `.notFinite` if the matrix holds NaN or ∞; `.notPositiveDefinite` if the largest
  ///   jitter is not enough.
  /// Source: LAPACK `potrf`.
  public init(_ matrix: DoubleMatrix, jitter: Double = 0) throws(LinearAlgebraError) {
    precondition(matrix.rows == matrix.columns, "Cholesky of \(matrix.shapeDescription)")
    guard matrix.isFinite, jitter.isFinite else {
      throw .notFinite(operation: "cholesky", shape: matrix.shapeDescription)
    }
    let n = matrix.rows
    guard n <= Int(Int32.max) / 64 else {
      throw .tooLarge(operation: "cholesky", shape: matrix.shapeDescription)
    }
    order = n
    let diagonal = matrix.diagonal
    let mean = n > 0 ? diagonal.reduce(0) { $0 + abs($1) } / Double(n) : 0
    let base = mean > 0 ? mean : 1
    var added = jitter
    var step = max(base * 1e-12, jitter)
    while true {
      var factor = matrix.elements
      for index in 0..<n { factor[index * (n + 1)] += added }
      // Row-major upper is column-major lower; the array has n² elements.
      let code = n > 0 ? unsafe Double.potrf(Int32(n), &factor) : 0
      // LAPACK accepts pivots that are mere rounding; a tiny one means a singular matrix.
      let smallest = (0..<n).map { factor[$0 * (n + 1)] }.min() ?? 1
      if code == 0, smallest * smallest > base * 1e-15 {
        self.factor = factor
        self.jitter = added
        return
      }
      guard step <= base * 1e-2 else {
        throw .notPositiveDefinite(order: n, jitter: added)
      }
      added = jitter + step
      step *= 10
    }
  }

  /// Solves (A + jitter·I)·X = B for X [n × k].
  public func solve(_ right: DoubleMatrix) -> DoubleMatrix {
    precondition(right.rows == order, "[\(order)×\(order)] · X = \(right.shapeDescription)")
    guard order > 0, right.columns > 0 else { return right }
    var columns = right.transposed()
    // B [n × k] column-major; the factor is that of `potrf`. The routine reports only misuse.
    _ = unsafe Double.potrs(
      Int32(order), Int32(right.columns), factor, &columns.elements)
    return columns.transposed()
  }

  /// L⁻¹·B for B [n × k], whose Gram matrix is Bᵀ·(A + jitter·I)⁻¹·B.
  public func whitened(_ right: DoubleMatrix) -> DoubleMatrix {
    precondition(right.rows == order, "L⁻¹ [\(order)×\(order)] · \(right.shapeDescription)")
    guard order > 0, right.columns > 0 else { return right }
    var result = right
    let (n, k) = (Int32(order), Int32(right.columns))
    // Row by row the factor is Lᵀ, an upper triangle. Sizes were compared above.
    unsafe cblas_dtrsm(
      CblasRowMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, n, k, 1, factor, n,
      &result.elements, k)
    return result
  }
}
