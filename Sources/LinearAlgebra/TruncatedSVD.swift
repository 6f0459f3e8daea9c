/// A rank-r approximation A ≈ u · diag(singularValues) · vt.
///
/// u [m × r] and vt [r × n] have orthonormal columns and rows, the singular values do not
/// increase, and in each column of u the entry of largest magnitude is positive. The first k
/// columns, values and rows are the best approximation of rank k for every k ≤ r.
public struct TruncatedSVD: Sendable, Hashable {
  /// Left singular vectors, one per column, [m × r].
  public let u: Matrix
  /// The r largest singular values.
  public let singularValues: [Double]
  /// Right singular vectors, one per row, [r × n].
  public let vt: Matrix
  /// The route that was taken.
  public let route: SVDRoute
  /// ‖A − u·diag(s)·vt‖²_F, as far as Double and the route can see it.
  public let discardedEnergy: Double
  /// ‖A‖²_F.
  public let squaredNorm: Double

  /// The rank r.
  public var rank: Int { singularValues.count }

  /// ‖A − u·diag(s)·vt‖_F ÷ ‖A‖_F; 0 for a zero matrix.
  public var relativeError: Double {
    squaredNorm > 0 ? (discardedEnergy / squaredNorm).squareRoot() : 0
  }

  /// u · diag(s) [m × r]: together with `vt` the stored form of a low-rank kernel.
  public func left() -> Matrix {
    var elements = u.elements
    scaleColumns(&elements, by: singularValues.map { Float($0) })
    return Matrix(rows: u.rows, columns: rank, elements: elements)
  }

  /// The approximation as a dense matrix [m × n].
  public func reconstructed() -> Matrix { left().multiplied(by: vt) }

  /// The first `count` singular triplets, the best approximation of that rank.
  public func prefix(_ count: Int) -> TruncatedSVD {
    precondition(count <= rank, "\(count) of \(rank) singular triplets")
    return TruncatedSVD(
      u: u.firstColumns(count), singularValues: Array(singularValues.prefix(count)),
      vt: vt.firstRows(count), route: route,
      discardedEnergy: singularValues.dropFirst(count).reversed()
        .reduce(discardedEnergy) { $0 + $1 * $1 },
      squaredNorm: squaredNorm)
  }

  package init(
    u: Matrix, singularValues: [Double], vt: Matrix, route: SVDRoute, discardedEnergy: Double,
    squaredNorm: Double
  ) {
    self.u = u
    self.singularValues = singularValues
    self.vt = vt
    self.route = route
    self.discardedEnergy = discardedEnergy
    self.squaredNorm = squaredNorm
  }

  /// Computes the SVD of `matrix` truncated to `rank` (clipped to min(m, n)).
  ///
  /// - Throws: `.notFinite` if the matrix holds NaN or ∞; `.didNotConverge` from LAPACK;
  ///   `.tooLarge` beyond 32-bit extents.
  /// Source: Eckart and Young 1936; Halko, Martinsson, Tropp 2011, algorithms 4.4 and 5.1.
  public static func compute(
    _ matrix: Matrix, rank: Int, route: SVDRoute = .automatic
  ) throws(LinearAlgebraError) -> TruncatedSVD {
    let (m, n) = (matrix.rows, matrix.columns)
    let rank = min(max(rank, 0), min(m, n))
    switch route {
    case .randomized(let options):
      return try randomized(matrix, rank: rank, options)
    case .automatic where prefersRandomized(m, n, rank: rank):
      return try randomized(matrix, rank: rank, RandomizedSVDOptions())
    default:
      return try MatrixSpectrum(of: matrix, route: route).truncated(matrix, rank: rank)
    }
  }

  /// Computes the SVD of least rank whose relative Frobenius error is at most `relativeError`.
  ///
  /// - Throws: as ``compute(_:rank:route:)``.
  public static func compute(
    _ matrix: Matrix, relativeError: Double, route: SVDRoute = .automatic
  ) throws(LinearAlgebraError) -> TruncatedSVD {
    precondition(relativeError >= 0, "a relative error is not negative")
    if case .randomized(let options) = route, relativeError >= 1e-3 {
      return try randomized(matrix, relativeError: relativeError, options)
    }
    let route = if case .randomized = route { SVDRoute.exact } else { route }
    let spectrum = try MatrixSpectrum(of: matrix, route: route)
    return try spectrum.truncated(
      matrix, rank: spectrum.smallestRank(relativeError: relativeError))
  }

  /// Random projection needs a small share of the spectrum and a large matrix to pay.
  static func prefersRandomized(_ m: Int, _ n: Int, rank: Int) -> Bool {
    let small = min(m, n)
    guard small > 1000, rank * 50 <= small, rank > 0 else { return false }
    let cost = SVDCost.randomized(m, n, columns: rank + max(10, rank / 10), powerIterations: 4)
    return 2 * cost < SVDCost.gram(m, n, rank: rank, .single)
  }
}
