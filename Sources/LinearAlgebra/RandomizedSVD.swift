import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

extension TruncatedSVD {
  /// A rank-`rank` SVD by random projection.
  ///
  /// Q is an orthonormal basis of (A·Aᵀ)^q·A·Ω with Ω Gaussian [n × (rank + p)], re-orthonormalised
  /// after every product; B = Qᵀ·A is small, and its SVD gives the factors.
  /// Source: Halko, Martinsson, Tropp 2011, algorithms 4.4 and 5.1.
  static func randomized(
    _ matrix: Matrix, rank: Int, _ options: RandomizedSVDOptions
  ) throws(LinearAlgebraError) -> TruncatedSVD {
    let norm = matrix.squaredNorm
    guard norm.isFinite else { throw .notFinite(operation: "SVD", shape: matrix.shapeDescription) }
    let (m, n) = (matrix.rows, matrix.columns)
    let l = min(rank + (options.oversampling ?? max(10, rank / 10)), min(m, n))
    guard rank > 0 else { return .empty(m, n, route: .randomized(options), norm: norm) }
    var generator = SeededGenerator(seed: options.seed)
    // Vectors are rows throughout: q spans part of the column space [l × m], z of the row space.
    var q: [Float]
    if m >= n {
      let test = gaussian(count: l * n, generator: &generator)
      q = timesTransposed(test, matrix, count: l)
      try orthonormalizeRows(&q, count: l, length: m)
    } else {
      // One product more, but far fewer random numbers than a test matrix of l × n.
      var z = timesMatrix(gaussian(count: l * m, generator: &generator), matrix, count: l)
      try orthonormalizeRows(&z, count: l, length: n)
      q = timesTransposed(z, matrix, count: l)
      try orthonormalizeRows(&q, count: l, length: m)
    }
    for _ in 0..<options.powerIterations {
      var z = timesMatrix(q, matrix, count: l)
      try orthonormalizeRows(&z, count: l, length: n)
      q = timesTransposed(z, matrix, count: l)
      try orthonormalizeRows(&q, count: l, length: m)
    }
    let b = timesMatrix(q, matrix, count: l)
    return try assemble(q: q, b: b, l: l, m: m, n: n, norm: norm, options) { _ in rank }
  }

  /// The SVD of A ≈ Qᵀ·B, Q [l × m] orthonormal rows, cut to the rank that `choose` takes from
  /// its singular values.
  static func assemble(
    q: [Float], b: [Float], l: Int, m: Int, n: Int, norm: Double,
    _ options: RandomizedSVDOptions, choose: ([Double]) -> Int
  ) throws(LinearAlgebraError) -> TruncatedSVD {
    let (inner, s, right) = try denseSVD(b, rows: l, columns: n)
    let values = s.map { Double($0) }
    let rank = min(choose(values), values.count)
    let rotation = leadingColumns(
      inner.span, rows: l, columns: values.count, count: rank)
    var u = [Float](repeating: 0, count: m * rank)
    var span = u.mutableSpan
    gemm(
      transA: true, m: m, n: rank, k: l, a: q.span, lda: m, b: rotation.span, ldb: max(rank, 1),
      c: &span, ldc: max(rank, 1))
    var vt = Array(right.prefix(rank * n))
    canonicalizeSigns(u: &u, vt: &vt, count: rank)
    let kept = values.prefix(rank).reduce(0) { $0 + $1 * $1 }
    return TruncatedSVD(
      u: Matrix(rows: m, columns: rank, elements: u),
      singularValues: Array(values.prefix(rank)),
      vt: Matrix(rows: rank, columns: n, elements: vt), route: .randomized(options),
      discardedEnergy: max(0, norm - kept), squaredNorm: norm)
  }

  static func empty(_ m: Int, _ n: Int, route: SVDRoute, norm: Double) -> TruncatedSVD {
    TruncatedSVD(
      u: Matrix(rows: m, columns: 0), singularValues: [], vt: Matrix(rows: 0, columns: n),
      route: route, discardedEnergy: norm, squaredNorm: norm)
  }
}

/// `count` standard normal numbers, both results of each Box–Muller pair.
func gaussian(count: Int, generator: inout SeededGenerator) -> [Float] {
  var result = [Float]()
  result.reserveCapacity(count + 1)
  while result.count < count {
    let radius = (-2 * log(1 - generator.uniform())).squareRoot()
    let angle = 2 * Double.pi * generator.uniform()
    result.append(Float(radius * cos(angle)))
    result.append(Float(radius * sin(angle)))
  }
  if result.count > count { result.removeLast() }
  return result
}

/// rows [count × n] · Aᵀ = [count × m].
func timesTransposed(_ rows: [Float], _ matrix: Matrix, count: Int) -> [Float] {
  var result = [Float](repeating: 0, count: count * matrix.rows)
  var span = result.mutableSpan
  gemm(
    transB: true, m: count, n: matrix.rows, k: matrix.columns, a: rows.span, lda: matrix.columns,
    b: matrix.elements.span, ldb: matrix.columns, c: &span, ldc: matrix.rows)
  return result
}

/// rows [count × m] · A = [count × n].
func timesMatrix(_ rows: [Float], _ matrix: Matrix, count: Int) -> [Float] {
  var result = [Float](repeating: 0, count: count * matrix.columns)
  var span = result.mutableSpan
  gemm(
    m: count, n: matrix.columns, k: matrix.rows, a: rows.span, lda: matrix.rows,
    b: matrix.elements.span, ldb: matrix.columns, c: &span, ldc: matrix.columns)
  return result
}
