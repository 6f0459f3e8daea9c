/// All singular values of a matrix, and what is needed to take leading vectors later.
///
/// Planning reads ``singularValues``; once a rank is chosen, ``truncated(_:rank:)`` continues from
/// the kept reduction instead of starting again. Beside the matrix it holds min(m, n)² scalars.
public struct MatrixSpectrum: Sendable {
  /// The number of rows of the matrix.
  public let rows: Int
  /// The number of columns of the matrix.
  public let columns: Int
  /// The singular values, non-increasing, min(m, n) of them; Σσ² equals ``squaredNorm``.
  public let singularValues: [Double]
  /// ‖A‖²_F.
  public let squaredNorm: Double
  /// How the values were computed: `.gesdd` or `.gram`.
  public let route: SVDRoute

  private enum Storage: Sendable {
    case values
    case vectors(u: Matrix, vt: Matrix)
    case single(SymmetricReduction<Float>)
    case double(SymmetricReduction<Double>)
  }
  private let storage: Storage

  /// Computes the spectrum of a matrix by one of the deterministic routes.
  ///
  /// `.automatic` and `.exact` take `gesdd` for a small matrix, else a Float Gram matrix, and a
  /// Double one if many values lie below the noise of Float. Set `keepsVectors` to false when
  /// only the values are wanted.
  /// - Throws: `.notFinite` if the matrix holds NaN or ∞; `.didNotConverge` from LAPACK;
  ///   `.tooLarge` beyond 32-bit extents.
  public init(
    of matrix: Matrix, route: SVDRoute = .automatic, keepsVectors: Bool = true
  ) throws(LinearAlgebraError) {
    let norm = matrix.squaredNorm
    guard norm.isFinite else { throw .notFinite(operation: "SVD", shape: matrix.shapeDescription) }
    guard max(matrix.rows, matrix.columns) <= Int32.max else {
      throw .tooLarge(operation: "SVD", shape: matrix.shapeDescription)
    }
    let small = min(matrix.rows, matrix.columns)
    switch route {
    case .gram(let precision) where small > 0:
      self = try MatrixSpectrum(
        gram: matrix, norm: norm, precision: precision, keepsVectors: keepsVectors)
    case .automatic, .exact, .randomized:
      self = try MatrixSpectrum(choosing: matrix, norm: norm, keepsVectors: keepsVectors)
    case .gesdd, .gram:
      self = try MatrixSpectrum(gesdd: matrix, norm: norm, keepsVectors: keepsVectors)
    }
  }

  private init(
    choosing matrix: Matrix, norm: Double, keepsVectors: Bool
  ) throws(LinearAlgebraError) {
    let small = min(matrix.rows, matrix.columns)
    let isLong = max(matrix.rows, matrix.columns) > 1 << 20
    if small <= 96 && !isLong {
      self = try MatrixSpectrum(gesdd: matrix, norm: norm, keepsVectors: keepsVectors)
      return
    }
    // Squares of other norms leave the range of Float, and long sums its precision.
    guard norm > 1e-24 && norm < 1e30 && !isLong else {
      self = try MatrixSpectrum(
        gram: matrix, norm: norm, precision: .double, keepsVectors: keepsVectors)
      return
    }
    let first = try MatrixSpectrum(
      gram: matrix, norm: norm, precision: .single, keepsVectors: keepsVectors)
    let floor = first.singularValues[0] * 6e-4
    let buried = first.singularValues.reversed().prefix { $0 < floor }.count
    self =
      buried * 5 <= small
      ? first
      : try MatrixSpectrum(
        gram: matrix, norm: norm, precision: .double, keepsVectors: keepsVectors)
  }

  private init(
    gesdd matrix: Matrix, norm: Double, keepsVectors: Bool
  ) throws(LinearAlgebraError) {
    rows = matrix.rows
    columns = matrix.columns
    squaredNorm = norm
    route = .gesdd
    let r = min(rows, columns)
    if keepsVectors {
      var (u, s, vt) = try denseSVD(matrix.elements, rows: rows, columns: columns)
      canonicalizeSigns(u: &u, vt: &vt, count: r)
      singularValues = s.map { Double($0) }
      storage = .vectors(
        u: Matrix(rows: rows, columns: r, elements: u),
        vt: Matrix(rows: r, columns: columns, elements: vt))
    } else {
      singularValues = try denseSingularValues(matrix.elements, rows: rows, columns: columns)
        .map { Double($0) }
      storage = .values
    }
  }

  private init(
    gram matrix: Matrix, norm: Double, precision: GramPrecision, keepsVectors: Bool
  ) throws(LinearAlgebraError) {
    rows = matrix.rows
    columns = matrix.columns
    squaredNorm = norm
    route = .gram(precision)
    let side: GramSide = matrix.rows < matrix.columns ? .rows : .columns
    let order = min(rows, columns)
    let eigenvalues: [Double]
    switch precision {
    case .single:
      var gram = [Float](repeating: 0, count: order * order)
      accumulateGram(
        of: matrix.elements.span, rows: rows, columns: columns, side, to: &gram)
      let reduction = try SymmetricReduction(upperTriangle: consume gram, order: order)
      eigenvalues = reduction.eigenvalues
      storage = keepsVectors ? .single(reduction) : .values
    case .double:
      var gram = [Double](repeating: 0, count: order * order)
      accumulateDoubleGram(
        of: matrix.elements.span, rows: rows, columns: columns, side, to: &gram)
      let reduction = try SymmetricReduction(upperTriangle: consume gram, order: order)
      eigenvalues = reduction.eigenvalues
      storage = keepsVectors ? .double(reduction) : .values
    }
    // Rounding leaves small eigenvalues that may be negative, and moves their sum; the sum is
    // known: it is the squared norm.
    let sum = eigenvalues.reduce(0) { $0 + max($1, 0) }
    let correction = sum > 0 ? norm / sum : 0
    singularValues = eigenvalues.map { (max($0, 0) * correction).squareRoot() }
  }

  /// Σ σ² of the values beyond the first `rank`: the squared error of the best approximation.
  public func discardedEnergy(rank: Int) -> Double {
    singularValues.dropFirst(rank).reversed().reduce(0) { $0 + $1 * $1 }
  }

  /// The smallest rank whose best approximation has at most this relative Frobenius error.
  public func smallestRank(relativeError: Double) -> Int {
    // The sum of all squares may exceed the squared norm by its rounding.
    let allowed = relativeError * relativeError * squaredNorm * (1 + 1e-6)
    var energy = 0.0
    for index in singularValues.indices.reversed() {
      energy += singularValues[index] * singularValues[index]
      if energy > allowed { return index + 1 }
    }
    return 0
  }

  /// The smallest rank that keeps at least this share of Σσ².
  public func smallestRank(keepingEnergy share: Double) -> Int {
    smallestRank(relativeError: max(0, 1 - share).squareRoot())
  }

  /// The truncated SVD of the same matrix, continued from what was kept.
  ///
  /// - Throws: `.didNotConverge` from LAPACK.
  public func truncated(
    _ matrix: Matrix, rank: Int
  ) throws(LinearAlgebraError) -> TruncatedSVD {
    precondition(
      matrix.rows == rows && matrix.columns == columns, "the spectrum of another matrix")
    let rank = min(max(rank, 0), singularValues.count)
    let tail = discardedEnergy(rank: rank)
    switch storage {
    case .values:
      return try MatrixSpectrum(of: matrix, route: route).truncated(matrix, rank: rank)
    case .vectors(let u, let vt):
      return TruncatedSVD(
        u: u.firstColumns(rank), singularValues: Array(singularValues.prefix(rank)),
        vt: vt.firstRows(rank), route: .gesdd, discardedEnergy: tail, squaredNorm: squaredNorm)
    case .single(let reduction):
      // Below a thousandth of the norm a Float Gram matrix does not see what is discarded.
      if route == .gram(.single), tail < 1e-6 * squaredNorm, rank > 0 {
        return try MatrixSpectrum(of: matrix, route: .gram(.double)).truncated(matrix, rank: rank)
      }
      return try TruncatedSVD(
        projecting: matrix, onRows: try reduction.leadingVectors(rank), rank: rank,
        route: route, discardedEnergy: tail, squaredNorm: squaredNorm)
    case .double(let reduction):
      return try TruncatedSVD(
        projecting: matrix,
        onRows: try reduction.leadingVectors(rank, tolerance: 1e-7).map { Float($0) },
        rank: rank, route: route, discardedEnergy: tail, squaredNorm: squaredNorm)
    }
  }
}

extension Matrix {
  /// All singular values, non-increasing.
  ///
  /// - Throws: as ``MatrixSpectrum/init(of:route:keepsVectors:)``.
  public func singularValues(
    route: SVDRoute = .automatic
  ) throws(LinearAlgebraError) -> [Double] {
    try MatrixSpectrum(of: self, route: route, keepsVectors: false).singularValues
  }
}
