import Tensors

extension TruncatedSVD {
  /// An SVD of relative error at most `relativeError` by blocked random projection.
  ///
  /// Each block projects what the basis has not caught, Y = A·Ω − Q·(B·Ω), with power iterations,
  /// is orthogonalised against Q, and lowers the remaining energy E = ‖A‖² − ‖B‖² until
  /// E ≤ ε²·‖A‖². The result is cut to the least rank that still meets ε.
  /// Source: Yu, Gu, Li 2018, algorithm `randQB_EI`.
  static func randomized(
    _ matrix: Matrix, relativeError: Double, _ options: RandomizedSVDOptions
  ) throws(LinearAlgebraError) -> TruncatedSVD {
    let norm = matrix.squaredNorm
    guard norm.isFinite else { throw .notFinite(operation: "SVD", shape: matrix.shapeDescription) }
    let (m, n) = (matrix.rows, matrix.columns)
    let limit = min(m, n)
    let allowed = relativeError * relativeError * norm
    guard norm > allowed else { return .empty(m, n, route: .randomized(options), norm: norm) }
    var generator = SeededGenerator(seed: options.seed)
    var q: [Float] = []
    var b: [Float] = []
    var rank = 0
    var remaining = norm
    while remaining > allowed, rank < limit {
      let block = min(max(16, limit / 64), limit - rank)
      let (qBlock, bBlock) = try nextBlock(
        matrix, q: q, b: b, rank: rank, block: block, powerIterations: options.powerIterations,
        generator: &generator)
      remaining -= sumOfSquares(bBlock.span)
      q += qBlock
      b += bBlock
      rank += block
    }
    let uncaught = rank == limit ? 0 : max(0, remaining)
    return try assemble(q: q, b: b, l: rank, m: m, n: n, norm: norm, options) { values in
      var energy = uncaught
      for index in values.indices.reversed() {
        energy += values[index] * values[index]
        if energy > allowed { return index + 1 }
      }
      return 0
    }
  }

  /// One block: orthonormal rows Q_i [block × m], orthogonal to those of `q`, and B_i = Q_i·A.
  private static func nextBlock(
    _ matrix: Matrix, q: [Float], b: [Float], rank: Int, block: Int, powerIterations: Int,
    generator: inout SeededGenerator
  ) throws(LinearAlgebraError) -> (q: [Float], b: [Float]) {
    let (m, n) = (matrix.rows, matrix.columns)
    let test = gaussian(count: block * n, generator: &generator)
    var y = timesTransposed(test, matrix, count: block)
    subtract(from: &y, coefficients(of: test, along: b, rank, block, n), times: q, rank, block, m)
    try orthonormalizeRows(&y, count: block, length: m)
    for _ in 0..<powerIterations {
      var z = timesMatrix(y, matrix, count: block)
      subtract(from: &z, coefficients(of: y, along: q, rank, block, m), times: b, rank, block, n)
      try orthonormalizeRows(&z, count: block, length: n)
      y = timesTransposed(z, matrix, count: block)
      subtract(from: &y, coefficients(of: z, along: b, rank, block, n), times: q, rank, block, m)
      try orthonormalizeRows(&y, count: block, length: m)
    }
    // Once more against the basis: rounding has let a little of it back in.
    subtract(from: &y, coefficients(of: y, along: q, rank, block, m), times: q, rank, block, m)
    try orthonormalizeRows(&y, count: block, length: m)
    return (y, timesMatrix(y, matrix, count: block))
  }

  /// rows [block × length] · basisᵀ [length × rank].
  private static func coefficients(
    of rows: [Float], along basis: [Float], _ rank: Int, _ block: Int, _ length: Int
  ) -> [Float] {
    var result = [Float](repeating: 0, count: block * rank)
    guard rank > 0 else { return result }
    var span = result.mutableSpan
    gemm(
      transB: true, m: block, n: rank, k: length, a: rows.span, lda: length, b: basis.span,
      ldb: length, c: &span, ldc: rank)
    return result
  }

  /// rows [block × length] −= coefficients [block × rank] · basis [rank × length].
  private static func subtract(
    from rows: inout [Float], _ coefficients: [Float], times basis: [Float], _ rank: Int,
    _ block: Int, _ length: Int
  ) {
    guard rank > 0 else { return }
    var span = rows.mutableSpan
    gemm(
      m: block, n: length, k: rank, alpha: -1, a: coefficients.span, lda: rank, b: basis.span,
      ldb: length, beta: 1, c: &span, ldc: length)
  }
}
