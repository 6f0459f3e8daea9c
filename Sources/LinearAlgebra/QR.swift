extension Matrix {
  /// The thin QR factorisation A = Q·R.
  ///
  /// With A [m × n] and r = min(m, n): Q [m × r] has orthonormal columns, also where A has not
  /// full rank; R [r × n] is upper triangular.
  /// - Throws: `.notFinite` if A holds NaN or ∞.
  /// Source: Householder reflections, LAPACK `geqrf` and `orgqr`.
  public func qr() throws(LinearAlgebraError) -> (q: Matrix, r: Matrix) {
    guard isFinite else { throw .notFinite(operation: "QR", shape: shapeDescription) }
    let rank = min(rows, columns)
    guard rank > 0 else {
      return (Matrix(rows: rows, columns: 0), Matrix(rows: 0, columns: columns))
    }
    var work = transpose(elements.span, rows: rows, columns: columns)
    let tau = try householder(&work, count: columns, length: rows)
    var r = Matrix(rows: rank, columns: columns)
    for column in 0..<columns {
      for row in 0...min(column, rank - 1) { r[row, column] = work[column * rows + row] }
    }
    work.removeLast((columns - rank) * rows)
    try formOrthonormalRows(&work, tau: tau, count: rank, length: rows)
    let q = transpose(work.span, rows: rank, columns: rows)
    return (Matrix(rows: rows, columns: rank, elements: q), r)
  }
}

/// Replaces the rows [count × length], count ≤ length, by an orthonormal basis of their span.
///
/// Rows of a row-major matrix are the columns that LAPACK sees, so nothing is transposed.
func orthonormalizeRows<Scalar: BLASScalar>(
  _ elements: inout [Scalar], count: Int, length: Int
) throws(LinearAlgebraError) {
  precondition(count <= length, "\(count) orthonormal vectors in \(length) dimensions")
  guard count > 0 else { return }
  let tau = try householder(&elements, count: count, length: length)
  try formOrthonormalRows(&elements, tau: tau, count: count, length: length)
}

/// Orthonormalises the rows L [count × length] and returns R [count × count], row-major, upper
/// triangular, with Lᵀ = Qᵀ·R.
func orthonormalizeRowsKeepingR<Scalar: BLASScalar>(
  _ elements: inout [Scalar], count: Int, length: Int
) throws(LinearAlgebraError) -> [Scalar] {
  precondition(count <= length, "\(count) orthonormal vectors in \(length) dimensions")
  guard count > 0 else { return [] }
  let tau = try householder(&elements, count: count, length: length)
  var r = [Scalar](repeating: 0, count: count * count)
  for column in 0..<count {
    for row in 0...column { r[row * count + column] = elements[column * length + row] }
  }
  try formOrthonormalRows(&elements, tau: tau, count: count, length: length)
  return r
}

private func householder<Scalar: BLASScalar>(
  _ elements: inout [Scalar], count: Int, length: Int
) throws(LinearAlgebraError) -> [Scalar] {
  guard length <= Int32.max, count < Int(Int32.max) / 64 else {
    throw .tooLarge(operation: "QR", shape: "\(length)×\(count)")
  }
  var tau = [Scalar](repeating: 0, count: max(1, min(count, length)))
  var work = [Scalar](repeating: 0, count: 64 * max(count, 1))
  // Column-major [length × count]; tau and work as `geqrf` documents them.
  let code = unsafe Scalar.geqrf(
    Int32(length), Int32(count), &elements, &tau, &work, Int32(work.count))
  guard code == 0 else {
    throw .didNotConverge(operation: "geqrf", shape: "\(length)×\(count)", code: Int(code))
  }
  return tau
}

private func formOrthonormalRows<Scalar: BLASScalar>(
  _ elements: inout [Scalar], tau: [Scalar], count: Int, length: Int
) throws(LinearAlgebraError) {
  var work = [Scalar](repeating: 0, count: 64 * count)
  // Column-major [length × count] as `geqrf` left it, one tau per reflector.
  let code = unsafe Scalar.orgqr(
    Int32(length), Int32(count), &elements, tau, &work, Int32(work.count))
  guard code == 0 else {
    throw .didNotConverge(operation: "orgqr", shape: "\(length)×\(count)", code: Int(code))
  }
}
