import LinearAlgebra

/// The least-squares kernel on a projected input.
///
/// With A the second moment of the inputs x, Q = A·K their cross moment with the (weighted)
/// outputs, and T the projection z = xT: K_z = (TᵀAT)⁻¹·TᵀQ, and B = QᵀT·K_z [m × m] holds what
/// the projection explains. The expected squared error at rank r is tr(KᵀAK) − Σ_{i≤r} λ_i(B).
struct ProjectedKernel {
  /// K_z, [d × m].
  let kernel: DoubleMatrix
  /// Eigenvalues of B, non-increasing.
  let values: [Double]
  /// Eigenvectors of B, as rows.
  let vectors: DoubleMatrix
  /// tr(KᵀAK) − Σλ and so on: the error at each rank from 0.
  let errors: [Double]

  /// Solves for given projected moments TᵀAT [d × d] and TᵀQ [d × m].
  ///
  /// `energy` is tr(KᵀAK).
  init(
    moment: DoubleMatrix, cross: DoubleMatrix, energy: Double
  ) throws(LinearAlgebraError) {
    kernel = try Cholesky(moment).solve(cross)
    let explained = cross.multiplied(by: kernel, transposingSelf: true).symmetrized()
    let rank = min(cross.rows, cross.columns)
    let eigen = try explained.symmetricEigen(leading: rank)
    values = eigen.values.map { max($0, 0) }
    vectors = eigen.vectors
    errors = ProjectedKernel.errors(values, energy: energy)
  }

  /// The error at each rank from 0, without the kernel itself.
  static func errors(
    moment: DoubleMatrix, cross: DoubleMatrix, energy: Double
  ) throws(LinearAlgebraError) -> [Double] {
    let kernel = try Cholesky(moment).solve(cross)
    let explained = cross.multiplied(by: kernel, transposingSelf: true).symmetrized()
    let values = try explained.symmetricEigenvalues().prefix(min(cross.rows, cross.columns))
    return errors(values.map { max($0, 0) }, energy: energy)
  }

  private static func errors(_ values: [Double], energy: Double) -> [Double] {
    var errors = [energy]
    var rest = energy
    for value in values {
      rest -= value
      errors.append(max(0, rest))
    }
    return errors
  }

  /// left [d × r] = K_z·U_r; right is the first r rows of `vectors`.
  func left(rank: Int) -> DoubleMatrix {
    kernel.multiplied(by: vectors.firstRows(rank), transposingOther: true)
  }
}
