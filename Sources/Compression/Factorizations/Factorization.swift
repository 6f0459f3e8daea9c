public import Models
public import Tensors

/// One algorithm that brings kernels into a form.
///
/// A new one is a file of its own and a line in ``Factorizations/all``.
public protocol Factorization: Sendable {
  /// The name on the command line.
  static var identifier: String { get }
  /// One line for help and tables.
  static var summary: String { get }
  /// The form of the result.
  static var form: Weight.Kind { get }
  /// Makes the algorithm.
  init()
  /// Why the algorithm does not serve a kernel; nil if it does.
  func obstacle(to site: KernelSite) -> String?
  /// Prepares every rank at once: spectra and what is needed to take factors later.
  ///
  /// `kernel` has the site's shape. Statistics are needed unless `weighting` is `none`.
  func prepare(
    _ kernel: Tensor, at site: KernelSite, statistics: KernelStatistics?, weighting: Weighting,
    settings: FactorizationSettings
  ) throws(CompressionError) -> any PreparedFactorization
  /// Factorises at given ranks without preparing the others.
  func factorize(
    _ kernel: Tensor, at site: KernelSite, ranks: [Int], statistics: KernelStatistics?,
    weighting: Weighting, settings: FactorizationSettings
  ) throws(CompressionError) -> Factorized
}

extension Factorization {
  /// The number of parameters at given ranks, known without factorising.
  public func parameterCount(at site: KernelSite, ranks: [Int]) -> Int {
    site.parameterCount(Self.form, ranks: ranks)
  }

  /// Prepares, then takes the factors.
  public func factorize(
    _ kernel: Tensor, at site: KernelSite, ranks: [Int], statistics: KernelStatistics?,
    weighting: Weighting, settings: FactorizationSettings
  ) throws(CompressionError) -> Factorized {
    let prepared = try prepare(
      kernel, at: site, statistics: statistics, weighting: weighting, settings: settings)
    return try prepared.factorize(kernel, ranks: ranks)
  }
}

/// A kernel's spectra in one factorisation, and what is needed to take factors of any rank.
public protocol PreparedFactorization: Sendable {
  /// The form of the result.
  var form: Weight.Kind { get }
  /// What errors are measured against.
  var weighting: Weighting { get }
  /// The spectrum of each factorised mode, non-increasing.
  var spectra: [Spectrum] { get }
  /// The energy of the whole kernel, in the unit of `discardedEnergy`.
  var energy: Double { get }
  /// The ranks worth choosing from, each with what it discards.
  func candidates(limit: Int) -> [RankCandidate]
  /// What the approximation at given ranks discards: the squared error, weighted.
  func discardedEnergy(ranks: [Int]) -> Double
  /// Takes the factors; `kernel` is the tensor that was prepared.
  func factorize(_ kernel: Tensor, ranks: [Int]) throws(CompressionError) -> Factorized
}

/// Ranks of one form and the squared error that they leave.
public struct RankCandidate: Sendable, Hashable {
  /// The ranks, in the form's order.
  public let ranks: [Int]
  /// The squared error, in the unit of the factorisation's energy.
  public let discardedEnergy: Double

  /// Makes a candidate.
  public init(ranks: [Int], discardedEnergy: Double) {
    self.ranks = ranks
    self.discardedEnergy = discardedEnergy
  }
}

/// A kernel in its new form, before it is encoded and its error measured.
public struct Factorized: Sendable {
  /// The weight, its components in float32.
  public let weight: Weight

  /// Makes a result.
  public init(weight: Weight) { self.weight = weight }
}

/// Which SVD is computed.
public enum SVDChoice: String, Sendable, Hashable, CaseIterable {
  /// By cost.
  case automatic = "auto"
  /// A deterministic route.
  case exact
  /// Random projection.
  case randomized
}

/// Settings that every factorisation shares.
public struct FactorizationSettings: Sendable, Hashable {
  /// Which SVD is computed.
  public var svd: SVDChoice
  /// The seed of random projections.
  public var seed: UInt64
  /// The most sweeps of Tucker's alternating iteration.
  public var maximumSweeps: Int
  /// The iteration stops when a sweep lowers the relative error by less than this share of it.
  public var tolerance: Double
  /// The damping λ of the curvature: (1 − λ)·G + λ·tr(G)/m·I.
  public var damping: Double

  /// Makes settings.
  public init(
    svd: SVDChoice = .automatic, seed: UInt64 = 0, maximumSweeps: Int = 10,
    tolerance: Double = 1e-2, damping: Double = 0.5
  ) {
    self.svd = svd
    self.seed = seed
    self.maximumSweeps = maximumSweeps
    self.tolerance = tolerance
    self.damping = damping
  }
}
