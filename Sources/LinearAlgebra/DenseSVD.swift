/// The thin SVD of a row-major [m × n] by LAPACK `gesdd`: u [m × r], s [r], vt [r × n],
/// r = min(m, n), signs as LAPACK gives them.
///
/// A row-major A is a column-major Aᵀ = V·Σ·Uᵀ, so the two bases come back swapped and no
/// transposition is needed. `matrix` is consumed.
func denseSVD<Scalar: BLASScalar>(
  _ matrix: consuming [Scalar], rows m: Int, columns n: Int
) throws(LinearAlgebraError) -> (u: [Scalar], s: [Scalar], vt: [Scalar]) {
  let r = min(m, n)
  guard r > 0 else { return ([], [], []) }
  var s = [Scalar](repeating: 0, count: r)
  var u = [Scalar](repeating: 0, count: m * r)
  var vt = [Scalar](repeating: 0, count: r * n)
  try callGesdd(&matrix, rows: m, columns: n, vectors: true, s: &s, u: &u, vt: &vt)
  return (u, s, vt)
}

/// The singular values of a row-major [m × n] alone, by LAPACK `gesdd`; `matrix` is consumed.
func denseSingularValues<Scalar: BLASScalar>(
  _ matrix: consuming [Scalar], rows m: Int, columns n: Int
) throws(LinearAlgebraError) -> [Scalar] {
  guard min(m, n) > 0 else { return [] }
  var s = [Scalar](repeating: 0, count: min(m, n))
  var u = [Scalar](repeating: 0, count: 1)
  var vt = [Scalar](repeating: 0, count: 1)
  try callGesdd(&matrix, rows: m, columns: n, vectors: false, s: &s, u: &u, vt: &vt)
  return s
}

private func callGesdd<Scalar: BLASScalar>(
  _ matrix: inout [Scalar], rows m: Int, columns n: Int, vectors: Bool, s: inout [Scalar],
  u: inout [Scalar], vt: inout [Scalar]
) throws(LinearAlgebraError) {
  let shape = "\(m)×\(n)"
  let small = min(m, n)
  let large = max(m, n)
  // The minimum that `gesdd` documents, and room for its blocked code.
  let workCount =
    vectors
    ? 4 * small * small + 7 * small + 64 * (large + small)
    : 3 * small + large + 64 * (large + 7 * small)
  guard large < Int(Int32.max) / 512, workCount < Int(Int32.max) else {
    throw .tooLarge(operation: "SVD", shape: shape)
  }
  var isFinite = true
  for value in matrix where !value.isFinite { isFinite = false }
  guard isFinite else { throw .notFinite(operation: "SVD", shape: shape) }
  var work = [Scalar](repeating: 0, count: workCount)
  var integerWork = [Int32](repeating: 0, count: 8 * small)
  // LAPACK sees [n × m]: its U is our Vᵀ and its Vᵀ our U; all sizes as `gesdd` documents them.
  let code = unsafe Scalar.gesdd(
    vectors ? 1 : 0, Int32(n), Int32(m), &matrix, &s, &vt, &u, &work, Int32(workCount),
    &integerWork)
  guard code == 0 else {
    throw .didNotConverge(operation: "gesdd", shape: shape, code: Int(code))
  }
}
