/// The scalar type in which a Gram matrix is accumulated.
public enum GramPrecision: String, Sendable, Hashable {
  /// Float, exact while the discarded part exceeds about a thousandth of the norm.
  case single = "float32"
  /// Double, exact down to about a millionth of the norm.
  case double = "float64"
}

/// The settings of a randomised SVD.
public struct RandomizedSVDOptions: Sendable, Hashable {
  /// Columns drawn beyond the rank; nil takes max(10, rank ÷ 10).
  public var oversampling: Int?
  /// Power iterations, each with two re-orthonormalisations.
  public var powerIterations: Int
  /// Seed of the Gaussian test matrix.
  public var seed: UInt64

  /// Makes a set of options.
  public init(oversampling: Int? = nil, powerIterations: Int = 4, seed: UInt64 = 0) {
    precondition(powerIterations >= 0 && (oversampling ?? 0) >= 0, "negative settings")
    self.oversampling = oversampling
    self.powerIterations = powerIterations
    self.seed = seed
  }
}

/// A way to compute a truncated SVD: a wish when asked for, a record when reported.
public enum SVDRoute: Sendable, Hashable, CustomStringConvertible {
  /// The cheapest route that keeps the precision; randomised only where it clearly pays.
  case automatic
  /// The cheapest deterministic route: `gesdd` or a Gram matrix in the precision that is needed.
  case exact
  /// LAPACK's divide-and-conquer SVD of the whole matrix, which copies it.
  case gesdd
  /// Eigenvectors of the smaller Gram matrix, A ≈ (A·V)·Vᵀ.
  case gram(GramPrecision)
  /// Random projection (Halko, Martinsson, Tropp).
  case randomized(RandomizedSVDOptions)

  /// Words for a report, such as `gram float32`.
  public var description: String {
    switch self {
    case .automatic: "automatic"
    case .exact: "exact"
    case .gesdd: "gesdd"
    case .gram(let precision): "gram \(precision.rawValue)"
    case .randomized(let options): "randomized, \(options.powerIterations) power iterations"
    }
  }
}

/// Rough costs of the routes, in multiplications that run at the speed of a matrix product.
///
/// The weights come from timings with OpenBLAS at one thread: a tridiagonal reduction is bound by
/// memory, and `gesdd` by its bidiagonal one.
enum SVDCost {
  static func gesdd(_ m: Int, _ n: Int) -> Double {
    let (small, large) = sides(m, n)
    return 20 * small * small * small + 4 * large * small * small
  }

  static func gram(_ m: Int, _ n: Int, rank: Int, _ precision: GramPrecision) -> Double {
    let (small, large) = sides(m, n)
    let k = Double(rank)
    let spectrum = large * small * small / 2 + 3.5 * small * small * small
    let vectors = 2 * small * small * k + large * small * k
    return (precision == .double ? 2 : 1) * spectrum + vectors
  }

  static func randomized(
    _ m: Int, _ n: Int, columns: Int, powerIterations: Int
  ) -> Double {
    let (small, large) = sides(m, n)
    let l = Double(columns)
    let passes = Double(2 * powerIterations + 2)
    return passes * (large * small * l + 2 * (large + small) * l * l) + 20 * small * l * l
  }

  private static func sides(_ m: Int, _ n: Int) -> (small: Double, large: Double) {
    (Double(min(m, n)), Double(max(m, n)))
  }
}
