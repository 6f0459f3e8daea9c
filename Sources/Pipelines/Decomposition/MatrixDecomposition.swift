public import LinearAlgebra
import Tensors

/// A matrix taken apart: what `modelc svd` shows and stores.
///
/// A ≈ coordinates · vt + means, with coordinates = u · diag(s). Without centring the means are 0.
public struct MatrixDecomposition: Sendable {
  /// What was decomposed.
  public let source: NamedMatrix
  /// The means of the columns that were taken away; nil without centring.
  public let means: [Double]?
  /// The decomposition.
  public let svd: FullSVD

  /// Above this smaller side the vectors beyond the asked rank are not computed.
  public static let fullLimit = 2048

  /// Decomposes a matrix, after taking away column means if asked.
  /// - Throws: `LinearAlgebraError`; `PipelineError` for a matrix beyond what is decomposed whole.
  public init(_ source: NamedMatrix, isCentred: Bool = false) throws {
    let (rows, columns) = (source.matrix.rows, source.matrix.columns)
    guard min(rows, columns) <= MatrixDecomposition.fullLimit else {
      throw PipelineError(
        place: source.name,
        reason: "[\(rows)×\(columns)] has a smaller side above \(MatrixDecomposition.fullLimit); "
          + "'modelc compress --rank K --svd randomized' factorises it without the whole spectrum")
    }
    var matrix = source.matrix
    var means: [Double]?
    if isCentred {
      var sums = [Double](repeating: 0, count: columns)
      for row in 0..<rows {
        for column in 0..<columns { sums[column] += matrix[row, column] }
      }
      sums = sums.map { $0 / Double(rows) }
      for row in 0..<rows {
        for column in 0..<columns { matrix[row, column] -= sums[column] }
      }
      means = sums
    }
    self.source = source
    self.means = means
    svd = try FullSVD(of: matrix)
  }

  /// The number of singular values above the rounding of the stored values.
  public var numericalRank: Int { svd.numericalRank(epsilon: source.epsilon) }

  /// The best approximation of the matrix by a rank, means included.
  public func rebuilt(rank: Int) -> DoubleMatrix {
    MatrixDecomposition.expand(
      svd.coordinates(rank: rank), vt: svd.vt.firstRows(rank), means: means)
  }

  /// What a rank keeps and loses.
  public struct Approximation: Sendable, Hashable {
    /// The rank k.
    public let rank: Int
    /// Σσ² beyond k: the squared Frobenius error.
    public let squaredError: Double
    /// The error ÷ the norm of what was decomposed.
    public let relativeError: Double
    /// The share of Σσ² that is kept.
    public let energy: Double
    /// (m + n) · k scalars of the two factors.
    public let scalarCount: Int
  }

  /// What a rank keeps and loses.
  public func approximation(rank: Int) -> Approximation {
    let total = svd.squaredError(rank: 0)
    let error = svd.squaredError(rank: rank)
    return Approximation(
      rank: rank, squaredError: error,
      relativeError: total > 0 ? (error / total).squareRoot() : 0,
      energy: total > 0 ? 1 - error / total : 1,
      scalarCount: (source.matrix.rows + source.matrix.columns) * rank)
  }

  /// Back from reduced coordinates [rows × k] to the space of the matrix: coordinates · vt + means.
  public static func expand(
    _ coordinates: DoubleMatrix, vt: DoubleMatrix, means: [Double]?
  ) -> DoubleMatrix {
    var result = coordinates.multiplied(by: vt)
    guard let means else { return result }
    for row in 0..<result.rows {
      for column in 0..<result.columns { result[row, column] += means[column] }
    }
    return result
  }

  /// The arrays that describe a rank: `u`, `s`, `vt`, `coordinates`, `rebuilt`, perhaps `mean`.
  public func arrays(rank: Int) -> [(name: String, matrix: DoubleMatrix)] {
    var arrays: [(String, DoubleMatrix)] = [
      ("u", svd.u.firstColumns(rank)),
      (
        "s",
        DoubleMatrix(rows: 1, columns: rank, elements: Array(svd.singularValues.prefix(rank)))
      ),
      ("vt", svd.vt.firstRows(rank)), ("coordinates", svd.coordinates(rank: rank)),
      ("rebuilt", rebuilt(rank: rank)),
    ]
    if let means {
      arrays.append(("mean", DoubleMatrix(rows: 1, columns: means.count, elements: means)))
    }
    return arrays
  }
}
