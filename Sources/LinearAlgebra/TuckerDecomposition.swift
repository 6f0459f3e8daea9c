public import Tensors

/// A Tucker decomposition: a core times one factor along each decomposed mode.
///
/// T ≈ core ×_{modes[0]} factors[0] ×_{modes[1]} factors[1] …
/// Modes that are not named keep their extent; two named modes of a convolution kernel give
/// Tucker-2. Factors [extent × rank] have orthonormal columns, ordered by the energy they carry,
/// with the entry of largest magnitude positive.
public struct TuckerDecomposition: Sendable, Hashable {
  /// The decomposed modes.
  public let modes: [Int]
  /// The tensor with the ranks in place of the decomposed extents.
  public let core: Tensor
  /// One factor [extent × rank] per decomposed mode.
  public let factors: [Matrix]
  /// ‖T‖²_F.
  public let squaredNorm: Double
  /// Relative error after the start (HOSVD) and after each sweep, never increasing.
  public let errors: [Double]

  /// ‖T − reconstruction‖_F ÷ ‖T‖_F.
  public var relativeError: Double { errors[errors.count - 1] }

  /// The number of HOOI sweeps after the start.
  public var sweeps: Int { errors.count - 1 }

  /// The ranks, in the order of `modes`.
  public var ranks: [Int] { factors.map(\.columns) }

  /// The dense tensor.
  public func reconstructed() -> Tensor {
    zip(modes, factors).reduce(core) { $0.multiplied(by: $1.1, mode: $1.0) }
  }

  /// Decomposes a tensor: HOSVD, then HOOI sweeps until the error stalls.
  ///
  /// - Throws: `.notFinite` if the tensor holds NaN or ∞; `.didNotConverge` from LAPACK.
  /// Source: De Lathauwer, De Moor, Vandewalle 2000, "On the best rank-1 and rank-(R1, …, RN)
  /// approximation of higher-order tensors".
  public static func compute(
    _ tensor: Tensor, modes: [Int], ranks: [Int], options: TuckerOptions = TuckerOptions()
  ) throws(LinearAlgebraError) -> TuckerDecomposition {
    try TuckerSpectrum(of: tensor, modes: modes).truncated(tensor, ranks: ranks, options: options)
  }
}

/// When HOOI stops.
public struct TuckerOptions: Sendable, Hashable {
  /// Sweeps after the start, at most; 0 gives plain HOSVD.
  public var maximumSweeps: Int
  /// A sweep that lowers the relative error by less than this is the last.
  public var tolerance: Double

  /// Makes a set of options.
  public init(maximumSweeps: Int = 10, tolerance: Double = 1e-5) {
    self.maximumSweeps = maximumSweeps
    self.tolerance = tolerance
  }
}
