extension DoubleMatrix {
  /// The eigenvalues of AᵀA, non-increasing, min(m, n) of them: the others are zero.
  ///
  /// They are those of the smaller of AᵀA and AAᵀ.
  /// - Throws: as ``symmetricEigenvalues()``.
  public func gramEigenvalues() throws(LinearAlgebraError) -> [Double] {
    try gram(rows < columns ? .rows : .columns).symmetricEigenvalues().map { max($0, 0) }
  }

  /// The eigenvalues of ``gramEigenvalues()`` with their vectors [min(m, n) × n].
  ///
  /// By way of the smaller Gram matrix: v = Aᵀu/σ for an eigenvector u of AAᵀ. Vectors of values
  /// that are rounding are zero rows.
  /// - Throws: as ``symmetricEigen(leading:)``.
  public func gramEigen() throws(LinearAlgebraError) -> SymmetricEigen<DoubleMatrix> {
    guard rows < columns else {
      let eigen = try gram(.columns).symmetricEigen()
      return SymmetricEigen(values: eigen.values.map { max($0, 0) }, vectors: eigen.vectors)
    }
    let eigen = try gram(.rows).symmetricEigen()
    let values = eigen.values.map { max($0, 0) }
    var vectors = eigen.vectors.multiplied(by: self)
    let least = (values.first ?? 0) * Double(columns) * .ulpOfOne
    for row in 0..<rows {
      let factor = values[row] > least ? 1 / values[row].squareRoot() : 0
      for index in row * columns..<(row + 1) * columns { vectors.elements[index] *= factor }
    }
    makeLargestEntryPositive(&vectors.elements, rows: rows, columns: columns)
    return SymmetricEigen(values: values, vectors: vectors)
  }
}
