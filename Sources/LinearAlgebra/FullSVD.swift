/// The singular value decomposition of a whole matrix in Double: A = u · diag(s) · vt.
///
/// u [m × r] and vt [r × n] with r = min(m, n), singular values non-increasing. In each column of u
/// the entry of largest magnitude is positive.
public struct FullSVD: Sendable, Hashable {
  /// Left singular vectors, one per column.
  public let u: DoubleMatrix
  /// All singular values.
  public let singularValues: [Double]
  /// Right singular vectors, one per row.
  public let vt: DoubleMatrix

  /// Decomposes a matrix by LAPACK `gesdd`.
  /// - Throws: `.notFinite` if it holds NaN or ∞; `.didNotConverge`; `.tooLarge`.
  public init(of matrix: DoubleMatrix) throws(LinearAlgebraError) {
    let (m, n) = (matrix.rows, matrix.columns)
    let r = min(m, n)
    var (u, s, vt) = try denseSVD(matrix.elements, rows: m, columns: n)
    for column in 0..<r {
      var extreme = 0.0
      for row in 0..<m where abs(u[row * r + column]) > abs(extreme) {
        extreme = u[row * r + column]
      }
      guard extreme < 0 else { continue }
      for row in 0..<m { u[row * r + column].negate() }
      for index in column * n..<(column + 1) * n { vt[index].negate() }
    }
    self.u = DoubleMatrix(rows: m, columns: r, elements: u)
    self.singularValues = s
    self.vt = DoubleMatrix(rows: r, columns: n, elements: vt)
  }

  /// The number of singular values above rounding: σ > max(m, n) · ε · σ₁.
  ///
  /// `epsilon` is the relative precision of the matrix' entries.
  public func numericalRank(epsilon: Double = Double.ulpOfOne) -> Int {
    let bound = Double(max(u.rows, vt.columns)) * epsilon * (singularValues.first ?? 0)
    return singularValues.count { $0 > bound }
  }

  /// Σ σ² beyond the first `rank`: the squared Frobenius error of the best approximation.
  public func squaredError(rank: Int) -> Double {
    singularValues.dropFirst(rank).reversed().reduce(0) { $0 + $1 * $1 }
  }

  /// The reduced coordinates u · diag(s) [m × rank].
  public func coordinates(rank: Int) -> DoubleMatrix {
    var result = u.firstColumns(rank)
    for row in 0..<u.rows {
      for column in 0..<rank { result[row, column] *= singularValues[column] }
    }
    return result
  }

  /// The best approximation of a rank, [m × n].
  public func reconstructed(rank: Int) -> DoubleMatrix {
    coordinates(rank: rank).multiplied(by: vt.firstRows(rank))
  }

  /// u [m × m], completed to an orthonormal basis where m > n.
  ///
  /// The added columns span what the matrix does not reach; they come from unit vectors by
  /// Gram–Schmidt, twice for precision.
  public func completedU() -> DoubleMatrix {
    let m = u.rows
    let transposed = u.transposed()
    var columns = (0..<transposed.rows).map { row in
      Array(transposed.elements[row * m..<(row + 1) * m])
    }
    var axis = 0
    while columns.count < m, axis < m {
      var vector = [Double](repeating: 0, count: m)
      vector[axis] = 1
      axis += 1
      for _ in 0..<2 {
        for column in columns {
          let share = zip(column, vector).reduce(0) { $0 + $1.0 * $1.1 }
          for index in vector.indices { vector[index] -= share * column[index] }
        }
      }
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // A unit vector that the basis all but contains leaves only rounding.
      guard length > 1e-3 / Double(m) else { continue }
      columns.append(vector.map { $0 / length })
    }
    return DoubleMatrix(rows: columns.count, columns: m, elements: columns.flatMap { $0 })
      .transposed()
  }
}
