/// Eigenvalues of a symmetric matrix, non-increasing, and their vectors.
///
/// A ≈ Σ values[i] · v_i v_iᵀ, v_i the rows of `vectors` [k × n], of unit length, with the entry
/// of largest magnitude positive. Source: LAPACK `sytrd` and `stemr` (the parts of `syevr`).
public struct SymmetricEigen<Vectors: Sendable & Hashable>: Sendable, Hashable {
  /// The eigenvalues, non-increasing.
  public let values: [Double]
  /// The eigenvectors, one per row.
  public let vectors: Vectors
}

extension DoubleMatrix {
  /// The eigenvalues of a symmetric matrix, non-increasing; only the upper triangle is read.
  ///
  /// - Throws: `.notFinite` if the matrix holds NaN or ∞; `.didNotConverge` from LAPACK.
  public func symmetricEigenvalues() throws(LinearAlgebraError) -> [Double] {
    precondition(rows == columns, "eigenvalues of [\(rows)×\(columns)]")
    guard rows > 0 else { return [] }
    return try SymmetricReduction(upperTriangle: elements, order: rows).eigenvalues
  }

  /// The eigenvectors of a symmetric matrix, all or the `leading` ones; only the upper triangle
  /// is read.
  ///
  /// - Throws: `.notFinite` if the matrix holds NaN or ∞; `.didNotConverge` from LAPACK.
  public func symmetricEigen(
    leading count: Int? = nil
  ) throws(LinearAlgebraError) -> SymmetricEigen<DoubleMatrix> {
    precondition(rows == columns, "eigenvectors of [\(rows)×\(columns)]")
    let count = count ?? rows
    guard rows > 0 else { return SymmetricEigen(values: [], vectors: self) }
    let reduction = try SymmetricReduction(upperTriangle: elements, order: rows)
    var vectors = try reduction.leadingVectors(count)
    makeLargestEntryPositive(&vectors, rows: count, columns: columns)
    return SymmetricEigen(
      values: Array(reduction.eigenvalues.prefix(count)),
      vectors: DoubleMatrix(rows: count, columns: columns, elements: vectors))
  }

  /// f(A) = Σ f(λ_i) · v_i v_iᵀ of a symmetric matrix, such as its square root.
  ///
  /// - Throws: as ``symmetricEigen(leading:)``.
  public func symmetricFunction(
    _ function: (Double) -> Double
  ) throws(LinearAlgebraError) -> DoubleMatrix {
    let eigen = try symmetricEigen()
    var scaled = eigen.vectors
    for row in 0..<rows {
      let factor = function(eigen.values[row])
      for index in row * columns..<(row + 1) * columns { scaled.elements[index] *= factor }
    }
    return eigen.vectors.multiplied(by: scaled, transposingSelf: true)
  }
}

extension Matrix {
  /// The eigenvectors of a symmetric matrix, all or the `leading` ones; only the upper triangle
  /// is read.
  ///
  /// - Throws: `.notFinite` if the matrix holds NaN or ∞; `.didNotConverge` from LAPACK.
  public func symmetricEigen(
    leading count: Int? = nil
  ) throws(LinearAlgebraError) -> SymmetricEigen<Matrix> {
    precondition(rows == columns, "eigenvectors of [\(rows)×\(columns)]")
    let count = count ?? rows
    guard rows > 0 else { return SymmetricEigen(values: [], vectors: self) }
    let reduction = try SymmetricReduction(upperTriangle: elements, order: rows)
    var vectors = try reduction.leadingVectors(count)
    makeLargestEntryPositive(&vectors, rows: count, columns: columns)
    return SymmetricEigen(
      values: Array(reduction.eigenvalues.prefix(count)),
      vectors: Matrix(rows: count, columns: columns, elements: vectors))
  }
}
