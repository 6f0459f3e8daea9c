import LinearAlgebra

/// The least-squares kernel on a projected input.
///
/// With A the second moment of the inputs x, Q = A·K their cross moment with the (weighted)
/// outputs, and T the projection z = xT: K_z = (TᵀAT)⁻¹·TᵀQ, and B = QᵀT·K_z [m × m] holds what
/// the projection explains. The expected squared error at rank r is tr(KᵀAK) − Σ_{i≤r} λ_i(B).
/// With TᵀAT = LLᵀ, B is the Gram matrix of L⁻¹TᵀQ, whose smaller side decides the cost.
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
    let cholesky = try Cholesky(moment)
    kernel = cholesky.solve(cross)
    let eigen = try cholesky.whitened(cross).gramEigen()
    values = eigen.values
    vectors = eigen.vectors
    errors = ProjectedKernel.errors(values, energy: energy)
  }

  /// The error at each rank from 0, without the kernel itself.
  static func errors(
    moment: DoubleMatrix, cross: DoubleMatrix, energy: Double
  ) throws(LinearAlgebraError) -> [Double] {
    errors(try Cholesky(moment).whitened(cross).gramEigenvalues(), energy: energy)
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
