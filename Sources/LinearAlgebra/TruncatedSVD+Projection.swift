extension TruncatedSVD {
  /// Builds the SVD from approximate singular vectors of the smaller side, given as rows.
  ///
  /// With m ≥ n the rows are Vᵀ [r × n] and A·V gives U·Σ; else they are Uᵀ [r × m] and Uᵀ·A
  /// gives Σ·Vᵀ. Where the product's vectors are not orthogonal to Float's precision (values
  /// near the noise of the Gram matrix), a small exact SVD inside the found subspace puts it right.
  init(
    projecting matrix: Matrix, onRows basis: consuming [Float], rank: Int, route: SVDRoute,
    discardedEnergy: Double, squaredNorm: Double
  ) throws(LinearAlgebraError) {
    let (m, n) = (matrix.rows, matrix.columns)
    let tall = m >= n
    var product = [Float](repeating: 0, count: rank * max(m, n))
    var span = product.mutableSpan
    if tall {
      gemm(
        transB: true, m: m, n: rank, k: n, a: matrix.elements.span, lda: max(n, 1),
        b: basis.span, ldb: max(n, 1), c: &span, ldc: max(rank, 1))
    } else {
      gemm(
        m: rank, n: n, k: m, a: basis.span, lda: m, b: matrix.elements.span, ldb: n, c: &span,
        ldc: n)
    }
    var values = try normalizeProduct(&product, rank: rank, side: tall ? .columns : .rows)
    if values == nil, rank > 0 {
      values = try refine(&product, &basis, rank: rank, tall: tall, m: m, n: n)
    }
    // Moved, not copied: the longer of the two is as large as its side of the matrix.
    var u: [Float]
    var vt: [Float]
    if tall {
      u = consume product
      vt = basis
    } else {
      u = transpose(basis.span, rows: rank, columns: m)
      vt = consume product
    }
    canonicalizeSigns(u: &u, vt: &vt, count: rank)
    self.init(
      u: Matrix(rows: m, columns: rank, elements: u), singularValues: values ?? [],
      vt: Matrix(rows: rank, columns: n, elements: vt), route: route,
      discardedEnergy: discardedEnergy, squaredNorm: squaredNorm)
  }
}

/// Scales the vectors of a product (columns of [m × r] or rows of [r × n]) to unit length and
/// returns their lengths, or nil, the product unchanged, if they are not orthogonal and ordered.
private func normalizeProduct(
  _ product: inout [Float], rank: Int, side: GramSide
) throws(LinearAlgebraError) -> [Double]? {
  guard rank > 0 else { return [] }
  let length = product.count / rank
  var gram = [Float](repeating: 0, count: rank * rank)
  accumulateGram(
    of: product.span, rows: side == .rows ? rank : length,
    columns: side == .rows ? length : rank, side, to: &gram)
  let values = (0..<rank).map { Double(gram[$0 * rank + $0]).squareRoot() }
  guard values[rank - 1] > 1e-4 * values[0], values.allSatisfy(\.isFinite) else { return nil }
  for row in 0..<rank {
    if row > 0, values[row] > values[row - 1] { return nil }
    for column in row + 1..<max(rank, row + 1) {
      let cosine = abs(Double(gram[row * rank + column])) / (values[row] * values[column])
      if cosine > orthogonalityTolerance { return nil }
    }
  }
  let factors = values.map { Float(1 / $0) }
  if side == .rows {
    scaleRows(&product, by: factors)
  } else {
    scaleColumns(&product, by: factors)
  }
  return values
}

/// Cosines up to this are what Float leaves between computed singular vectors of a large matrix.
private let orthogonalityTolerance = 2e-4

/// Rotates the product P and the basis S (A ≈ P·S) into singular vectors: P = Q·R, S = (Q')·L,
/// SVD of R·L.
private func refine(
  _ product: inout [Float], _ basis: inout [Float], rank: Int, tall: Bool, m: Int, n: Int
) throws(LinearAlgebraError) -> [Double] {
  let large = max(m, n)
  let small = min(m, n)
  // As rows of length `large`; the basis already has its vectors as rows.
  if tall { product = transpose(product.span, rows: large, columns: rank) }
  let r = try orthonormalizeRowsKeepingR(&product, count: rank, length: large)
  let (inner, values, innerRight) = try denseSVD(r.map { Double($0) }, rows: rank, columns: rank)
  // A = Pᵀ·S with P = rows of `product`: Pᵀ = Qᵀ·R, so large vectors innerᵀ·Q, small innerRight·S.
  product = rotated(product, by: inner.map { Float($0) }, transposed: true, rank, large)
  basis = rotated(basis, by: innerRight.map { Float($0) }, transposed: false, rank, small)
  if tall { product = transpose(product.span, rows: rank, columns: large) }
  return values
}

private func rotated(
  _ rows: [Float], by rotation: [Float], transposed: Bool, _ rank: Int, _ length: Int
) -> [Float] {
  var result = [Float](repeating: 0, count: rank * length)
  var span = result.mutableSpan
  gemm(
    transA: transposed, m: rank, n: length, k: rank, a: rotation.span, lda: rank, b: rows.span,
    ldb: length, c: &span, ldc: length)
  return result
}
