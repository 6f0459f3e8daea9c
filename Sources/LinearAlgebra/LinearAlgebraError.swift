/// What a decomposition can fail at; a wrong shape is a programmer's mistake and traps instead.
public enum LinearAlgebraError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The operand holds NaN or ∞.
  case notFinite(operation: String, shape: String)
  /// LAPACK's iteration gave up; `code` is its `info`.
  case didNotConverge(operation: String, shape: String, code: Int)
  /// The matrix is not positive definite, even with the largest jitter tried.
  case notPositiveDefinite(order: Int, jitter: Double)
  /// An extent does not fit in LAPACK's 32-bit integers.
  case tooLarge(operation: String, shape: String)

  /// One line: where, what, what to do.
  public var description: String {
    switch self {
    case .notFinite(let operation, let shape):
      "\(operation): expected finite values, found NaN or infinity in \(shape); "
        + "check how the model was trained"
    case .didNotConverge(let operation, let shape, let code):
      "\(operation): LAPACK did not converge on \(shape) (info \(code)); try another route"
    case .notPositiveDefinite(let order, let jitter):
      "cholesky: a matrix of order \(order) is not positive definite with \(jitter) added to its "
        + "diagonal; add regularisation"
    case .tooLarge(let operation, let shape):
      "\(operation): \(shape) exceeds the 32-bit sizes of BLAS and LAPACK; split the matrix"
    }
  }
}
