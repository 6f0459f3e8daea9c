public import Tensors

/// A canonical polyadic decomposition: a sum of `rank` outer products of vectors.
///
/// T ≈ Σ_r weights[r] · a⁰_r ⊗ a¹_r ⊗ …, with a^m_r column r of factors[m] [extent × rank], of
/// unit length; the weights do not increase.
public struct CPDecomposition: Sendable, Hashable {
  /// The scale of each term, non-increasing.
  public let weights: [Double]
  /// One factor [extent × rank] per axis, with columns of unit length.
  public let factors: [Matrix]
  /// Relative error after each sweep.
  public let errors: [Double]

  /// The number of terms.
  public var rank: Int { weights.count }

  /// ‖T − reconstruction‖_F ÷ ‖T‖_F.
  public var relativeError: Double { errors.last ?? 1 }

  /// The dense tensor.
  public func reconstructed() -> Tensor {
    var first = factors[0].elements
    scaleColumns(&first, by: weights.map { Float($0) })
    let rest = khatriRao(factors.dropFirst().map { DoubleMatrix($0) }, rank: rank)
    let matrix = Matrix(rows: factors[0].rows, columns: rank, elements: first)
      .multiplied(by: Matrix(rest), transposingOther: true)
    return Tensor(shape: Shape(factors.map(\.rows)), elements: matrix.elements)
  }

  /// Fits `rank` terms by alternating least squares in Double.
  ///
  /// The start is the leading vectors of each unfolding, filled up with random ones. Sweeps end
  /// when the relative error falls by less than `tolerance`.
  /// - Throws: `.notFinite` if the tensor holds NaN or ∞; `.didNotConverge` from LAPACK.
  /// Source: Kolda and Bader 2009, "Tensor decompositions and applications", figure 3.3.
  public static func compute(
    _ tensor: Tensor, rank: Int, maximumSweeps: Int = 100, tolerance: Double = 1e-6,
    generator: inout SeededGenerator
  ) throws(LinearAlgebraError) -> CPDecomposition {
    precondition(tensor.shape.order >= 2 && rank >= 1, "CP of \(tensor.shape) at rank \(rank)")
    let squaredNorm = sumOfSquares(tensor.elements.span)
    guard squaredNorm.isFinite else {
      throw .notFinite(operation: "CP", shape: tensor.shape.description)
    }
    let unfoldings = (0..<tensor.shape.order).map { DoubleMatrix(tensor.unfolded(mode: $0)) }
    var factors = try start(unfoldings, rank: rank, generator: &generator)
    var weights = [Double](repeating: 1, count: rank)
    var errors: [Double] = []
    for _ in 0..<max(maximumSweeps, 1) {
      var inner = 0.0
      for mode in factors.indices {
        let others = factors.indices.filter { $0 != mode }.map { factors[$0] }
        let product = unfoldings[mode].multiplied(by: khatriRao(others, rank: rank))
        let gram = hadamard(others.map { $0.gram(.columns) }, rank: rank)
        var solved = try Cholesky(gram).solve(product.transposed()).transposed()
        inner = zip(solved.elements, product.elements).reduce(0) { $0 + $1.0 * $1.1 }
        weights = normalizeColumns(&solved)
        factors[mode] = solved
      }
      let all = hadamard(factors.map { $0.gram(.columns) }, rank: rank)
      var norm = 0.0
      for row in 0..<rank {
        for column in 0..<rank { norm += weights[row] * weights[column] * all[row, column] }
      }
      let remaining = max(0, squaredNorm - 2 * inner + norm)
      errors.append(squaredNorm > 0 ? (remaining / squaredNorm).squareRoot() : 0)
      if errors.count > 1, errors[errors.count - 2] - errors[errors.count - 1] < tolerance { break }
    }
    let order = weights.indices.sorted { weights[$0] > weights[$1] }
    return CPDecomposition(
      weights: order.map { weights[$0] }, factors: factors.map { columns($0, in: order) },
      errors: errors)
  }

  private static func start(
    _ unfoldings: [DoubleMatrix], rank: Int, generator: inout SeededGenerator
  ) throws(LinearAlgebraError) -> [DoubleMatrix] {
    var factors: [DoubleMatrix] = []
    for unfolding in unfoldings {
      let known = min(rank, unfolding.rows)
      let vectors = try unfolding.gram(.rows).symmetricEigen(leading: known).vectors
      var factor = DoubleMatrix(rows: unfolding.rows, columns: rank)
      for row in 0..<unfolding.rows {
        for column in 0..<rank {
          factor[row, column] = column < known ? vectors[column, row] : generator.uniform() - 0.5
        }
      }
      factors.append(factor)
    }
    return factors
  }

  private static func normalizeColumns(_ matrix: inout DoubleMatrix) -> [Double] {
    var weights = [Double](repeating: 0, count: matrix.columns)
    for column in 0..<matrix.columns {
      var sum = 0.0
      for row in 0..<matrix.rows { sum += matrix[row, column] * matrix[row, column] }
      weights[column] = sum.squareRoot()
      guard sum > 0 else { continue }
      for row in 0..<matrix.rows { matrix[row, column] /= weights[column] }
    }
    return weights
  }

  private static func columns(_ matrix: DoubleMatrix, in order: [Int]) -> Matrix {
    var result = Matrix(rows: matrix.rows, columns: matrix.columns)
    for row in 0..<matrix.rows {
      for (column, source) in order.enumerated() {
        result[row, column] = Float(matrix[row, source])
      }
    }
    return result
  }
}

/// The column-wise Kronecker product [Π extents × rank], the last factor's index fastest.
private func khatriRao(_ factors: [DoubleMatrix], rank: Int) -> DoubleMatrix {
  var result = DoubleMatrix(
    rows: 1, columns: rank, elements: [Double](repeating: 1, count: rank))
  for factor in factors {
    var elements: [Double] = []
    elements.reserveCapacity(result.rows * factor.rows * rank)
    for row in 0..<result.rows {
      for inner in 0..<factor.rows {
        for column in 0..<rank { elements.append(result[row, column] * factor[inner, column]) }
      }
    }
    result = DoubleMatrix(rows: result.rows * factor.rows, columns: rank, elements: elements)
  }
  return result
}

private func hadamard(_ matrices: [DoubleMatrix], rank: Int) -> DoubleMatrix {
  var elements = [Double](repeating: 1, count: rank * rank)
  for matrix in matrices {
    for index in elements.indices { elements[index] *= matrix.elements[index] }
  }
  return DoubleMatrix(rows: rank, columns: rank, elements: elements)
}
