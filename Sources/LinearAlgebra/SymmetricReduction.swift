/// A symmetric matrix reduced to tridiagonal form, A = Q·T·Qᵀ, from which eigenvalues and leading
/// eigenvectors are taken as they are needed.
///
/// The reduction is nearly the whole cost of an eigenproblem; keeping it makes a later call for
/// the leading vectors cheap. Source: LAPACK `sytrd`, `sterf`, `stemr`, `ormtr`.
struct SymmetricReduction<Scalar: BLASScalar>: Sendable {
  let order: Int
  /// The Householder vectors of Q, below the subdiagonal (column-major).
  private let reflectors: [Scalar]
  private let tau: [Scalar]
  // The tridiagonal matrix is Double in any case: it is small, and in Float `stemr` leaves its
  // vectors orthogonal to 1e-4 only.
  private let diagonal: [Double]
  private let offDiagonal: [Double]
  /// The matrix was multiplied by this before the reduction, to keep squares in range.
  private let scale: Double
  /// All eigenvalues of the scaled matrix, non-increasing.
  private let scaledValues: [Double]

  /// Reduces a matrix given by its upper triangle (row-major); it is consumed.
  init(upperTriangle matrix: consuming [Scalar], order: Int) throws(LinearAlgebraError) {
    precondition(matrix.count == order * order && order > 0, "a square matrix of order ≥ 1")
    guard order < Int(Int32.max) / 64 else {
      throw .tooLarge(operation: "symmetric eigenvalues", shape: "\(order)×\(order)")
    }
    var largest: Scalar = 0
    var isFinite = true
    for row in 0..<order {
      for index in row * order + row..<(row + 1) * order {
        largest = max(largest, abs(matrix[index]))
        if !matrix[index].isFinite { isFinite = false }
      }
    }
    guard isFinite else {
      throw .notFinite(operation: "symmetric eigenvalues", shape: "\(order)×\(order)")
    }
    let limit: Scalar = 1e15
    var scale: Scalar = 1
    if largest > limit || (largest > 0 && largest < 1 / limit) {
      scale = 1 / max(largest, Scalar.leastNormalMagnitude * 4)
      for index in matrix.indices { matrix[index] *= scale }
    }
    var diagonal = [Scalar](repeating: 0, count: order)
    var offDiagonal = [Scalar](repeating: 0, count: order)
    var tau = [Scalar](repeating: 0, count: order)
    var work = [Scalar](repeating: 0, count: order * 64)
    // a [order × order]; d, e and tau hold at least what LAPACK asks for.
    let code = unsafe Scalar.sytrd(
      Int32(order), &matrix, &diagonal, &offDiagonal, &tau, &work, Int32(work.count))
    guard code == 0 else {
      throw .didNotConverge(
        operation: "sytrd", shape: "\(order)×\(order)", code: Int(code))
    }
    self.order = order
    self.reflectors = matrix
    self.tau = tau
    self.diagonal = diagonal.map { Double($0) }
    self.offDiagonal = offDiagonal.map { Double($0) }
    self.scale = Double(scale)
    var values = self.diagonal
    var destroyed = self.offDiagonal
    // Both arrays have `order` elements.
    let failed = unsafe Double.sterf(Int32(order), &values, &destroyed)
    guard failed == 0 else {
      throw .didNotConverge(operation: "sterf", shape: "\(order)×\(order)", code: Int(failed))
    }
    scaledValues = values.reversed()
  }

  /// All eigenvalues, non-increasing.
  var eigenvalues: [Double] { scaledValues.map { $0 / scale } }

  /// The vectors of the `count` largest eigenvalues as rows [count × order], of unit length.
  ///
  /// `tolerance` bounds the overlap of two of them; the default is what `Scalar` can hold.
  func leadingVectors(
    _ count: Int, tolerance: Double = Scalar.self == Float.self ? 1e-7 : 1e-13
  ) throws(LinearAlgebraError) -> [Scalar] {
    precondition(count >= 0 && count <= order, "\(count) of \(order) eigenvectors")
    guard count > 0 else { return [] }
    let largest = max(abs(scaledValues[0]), abs(scaledValues[order - 1]))
    var quick = TridiagonalVectors(
      diagonal: diagonal, offDiagonal: offDiagonal, norm: largest)
    let rows: [Double]
    if let found = quick.rows(of: Array(scaledValues.prefix(count)), tolerance: tolerance) {
      rows = found
    } else {
      // `stemr` bisects for a part of the spectrum; for much of it divide and conquer is faster.
      var ascending =
        count * 4 > order && order <= 2048
        ? try allTridiagonalVectors(keepingLast: count) : try tridiagonalVectors(count)
      reverseRows(&ascending, rows: count, columns: order)
      rows = ascending
    }
    var vectors = rows.map { Scalar($0) }
    var work = [Scalar](repeating: 0, count: 64 * max(count, 65))
    let code: Int32
    if order <= 128 {
      // Small reductions are applied by LAPACK's unblocked code, which writes to the reflectors
      // and restores them: give it a copy of its own.
      var copy = reflectors
      code = unsafe Scalar.ormtr(
        Int32(order), Int32(count), &copy, tau, &vectors, &work, Int32(work.count))
    } else {
      // vectors [order × count] column-major; reflectors and tau are those of sytrd.
      code = unsafe Scalar.ormtr(
        Int32(order), Int32(count), reflectors, tau, &vectors, &work, Int32(work.count))
    }
    guard code == 0 else {
      throw .didNotConverge(operation: "ormtr", shape: "\(order)×\(order)", code: Int(code))
    }
    return vectors
  }

  /// Vectors of the largest eigenvalues of the tridiagonal matrix, ascending, one per row.
  private func tridiagonalVectors(_ count: Int) throws(LinearAlgebraError) -> [Double] {
    let n = order
    var d = diagonal
    var e = offDiagonal
    var found: Int32 = 0
    var values = [Double](repeating: 0, count: n)
    var vectors = [Double](repeating: 0, count: n * count)
    var support = [Int32](repeating: 0, count: 2 * count)
    var work = [Double](repeating: 0, count: 18 * n)
    var integerWork = [Int32](repeating: 0, count: 10 * n)
    // Sizes as LAPACK's `stemr` documents them.
    let code = unsafe Double.stemr(
      Int32(n), &d, &e, Int32(n - count + 1), Int32(n), &found, &values, &vectors, &support,
      &work, Int32(work.count), &integerWork, Int32(integerWork.count))
    if code == 0 && Int(found) == count { return vectors }
    return try allTridiagonalVectors(keepingLast: count)
  }

  /// The same by divide and conquer on all of them.
  private func allTridiagonalVectors(
    keepingLast count: Int
  ) throws(LinearAlgebraError) -> [Double] {
    let n = order
    let workCount = 1 + 4 * n + n * n
    guard workCount < Int(Int32.max) else {
      throw .tooLarge(operation: "symmetric eigenvectors", shape: "\(n)×\(n)")
    }
    var d = diagonal
    var e = offDiagonal
    var z = [Double](repeating: 0, count: n * n)
    var work = [Double](repeating: 0, count: workCount)
    var integerWork = [Int32](repeating: 0, count: 3 + 5 * n)
    // Sizes as LAPACK's `stedc` documents them for compz "I".
    let code = unsafe Double.stedc(
      Int32(n), &d, &e, &z, &work, Int32(workCount), &integerWork, Int32(integerWork.count))
    guard code == 0 else {
      throw .didNotConverge(operation: "stedc", shape: "\(n)×\(n)", code: Int(code))
    }
    return Array(z.suffix(count * n))
  }
}
