import LinearAlgebra
public import Models
public import Tensors

/// A Dense kernel behind a flattened map, factorised along height, width (and channels) of the map,
/// then as a low-rank matrix.
///
/// z = P_hᵀ X P_w, K ≈ (P_h ⊗ P_w)·left·right. Factors start from leading directions of the inputs
/// or of the weighted kernel and are improved by alternating least squares; the kernel behind them
/// is the least-squares one. Without statistics every input counts the same.
public struct TensorisedFactorization: Factorization {
  /// `tensor`.
  public static var identifier: String { "tensor" }
  /// One line for help.
  public static var summary: String {
    "height, width and channel factors of a Dense kernel behind a flattened map"
  }
  /// Tensorised.
  public static var form: Weight.Kind { .tensorised }

  /// Makes the algorithm.
  public init() {}

  /// Only Dense kernels that read a flattened map of moderate size have axes to factorise.
  public func obstacle(to site: KernelSite) -> String? {
    guard site.supports(.tensorised) else {
      return site.structure == .matrix
        ? "its input is no flattened map" : "it is a convolution"
    }
    return site.rows > KernelAccumulator.widestInput
      ? "its \(site.rows) inputs are too many (at most \(KernelAccumulator.widestInput))" : nil
  }

  /// Evaluates a grid of ranks.
  public func prepare(
    _ kernel: Tensor, at site: KernelSite, statistics: KernelStatistics?, weighting: Weighting,
    settings: FactorizationSettings
  ) throws(CompressionError) -> any PreparedFactorization {
    try PreparedTensorised(
      kernel, at: site, statistics: statistics, weighting: weighting, settings: settings)
  }
}

/// A Dense kernel's separable problem, solved on a grid of ranks.
struct PreparedTensorised: PreparedFactorization {
  let site: KernelSite
  let weighting: Weighting
  let spectra: [Spectrum]
  private let outputs: WeightedOutputs
  private let prepared: PreparedSeparable
  /// The same with the channels projected too; nil for few channels.
  private let preparedWithChannels: PreparedSeparable?

  init(
    _ kernel: Tensor, at site: KernelSite, statistics: KernelStatistics?, weighting: Weighting,
    settings: FactorizationSettings
  ) throws(CompressionError) {
    guard let map = site.mapShape else {
      throw .unsupported(path: site.path, form: "tensorised", reason: "no map is known")
    }
    self.site = site
    self.weighting = weighting
    let statistics = weighting == .none ? KernelStatistics.uniform(site.rows) : statistics
    let weighted = try WeightedOutputs(
      kernel, at: site, statistics: statistics, weighting: weighting, damping: settings.damping)
    outputs = weighted
    (prepared, preparedWithChannels) = try numerics(site.path) {
      () throws(LinearAlgebraError) in
      let layout = ModeLayout(extents: map.extents)
      let plain = SeparableProblem(
        layout: layout, axes: [0, 1], moment: weighted.moment, kernel: weighted.kernel)
      let spatial = PreparedTensorised.spatialGrid(map)
      let first = try PreparedSeparable(plain, grid: spatial, largestInput: 640)
      guard map[2] >= 4 else { return (first, nil) }
      let full = SeparableProblem(
        layout: layout, axes: [0, 1, 2], moment: weighted.moment, kernel: weighted.kernel)
      let channels = PreparedTensorised.steps(map[2], count: 6)
      let grid = spatial.flatMap { outer in channels.map { outer + [$0] } }
      return (first, try PreparedSeparable(full, grid: grid, largestInput: 640))
    }
    let finest = (prepared.entries + (preparedWithChannels?.entries ?? []))
      .min { ($0.errors.last ?? 0) < ($1.errors.last ?? 0) }
    // What each further rank explains behind the finest map.
    let errors = finest?.errors ?? [0]
    spectra = [
      Spectrum(
        values: zip(errors, errors.dropFirst()).map { max(0, $0 - $1).squareRoot() },
        tailEnergy: errors.last ?? 0)
    ]
  }

  /// Height × width ranks that differ by at most a third, from 2 up.
  private static func spatialGrid(_ map: Shape) -> [[Int]] {
    var grid: [[Int]] = []
    let heights = steps(map[0], count: 16)
    let widths = steps(map[1], count: 16)
    for height in heights {
      for width in widths {
        let shares = (Double(height) / Double(map[0]), Double(width) / Double(map[1]))
        if shares.0 <= 1.5 * shares.1 + 0.05, shares.1 <= 1.5 * shares.0 + 0.05 {
          grid.append([height, width])
        }
      }
    }
    return grid
  }

  /// Ranks from 1 to `extent`: all up to `count`, then in growing steps.
  private static func steps(_ extent: Int, count: Int) -> [Int] {
    if extent <= count { return Array(1...extent) }
    var result: [Int] = []
    for index in 1...count {
      let share = Double(index) / Double(count)
      result.append(max(index, Int((Double(extent) * share * share).rounded())))
    }
    return Array(Set(result.map { min($0, extent) })).sorted()
  }

  var form: Weight.Kind { .tensorised }
  var energy: Double { prepared.problem.energy }

  func discardedEnergy(ranks: [Int]) -> Double {
    let inner = ranks[ranks.count - 1]
    let outer = Array(ranks.dropLast())
    return (ranks.count == 4 ? preparedWithChannels : prepared)?
      .error(outer: outer, inner: inner) ?? energy
  }

  func candidates(limit: Int) -> [RankCandidate] {
    let all = (prepared.entries + (preparedWithChannels?.entries ?? [])).flatMap { entry in
      entry.errors.indices.dropFirst().map {
        RankCandidate(ranks: entry.outer + [$0], discardedEnergy: entry.errors[$0])
      }
    }
    return paretoCandidates(all, site: site, form: .tensorised, limit: limit)
  }

  func factorize(_ kernel: Tensor, ranks: [Int]) throws(CompressionError) -> Factorized {
    try checkRanks(ranks, at: site, .tensorised)
    guard let chosen = ranks.count == 4 ? preparedWithChannels : prepared,
      let inner = ranks.last
    else { throw .ranks(path: site.path, found: ranks, full: site.fullRanks(.tensorised)) }
    let outer = Array(ranks.dropLast())
    let limits = zip(chosen.problem.axes, outer).allSatisfy {
      $1 <= chosen.problem.layout.extents[$0]
    }
    let projected = chosen.problem.projectedLayout(outer).count
    guard limits, inner <= min(projected, site.columns) else {
      throw .ranks(
        path: site.path, found: ranks,
        full: chosen.problem.axes.map { chosen.problem.layout.extents[$0] }
          + [min(projected, site.columns)])
    }
    let solution = try numerics(site.path) { () throws(LinearAlgebraError) in
      try chosen.solution(outer: outer, inner: inner)
    }
    let names = ["height_factor", "width_factor", "channel_factor"]
    var components = zip(names, solution.factors).map { Component($0, Parameter($1.tensor)) }
    components.append(Component("left", Parameter(solution.left.tensor)))
    components.append(
      Component("right", Parameter(outputs.unweighted(solution.right).tensor)))
    let record = FactorizationRecord(
      basis: .weighted, spectra: [Spectrum(values: solution.values)],
      route: "alternating least squares, \(solution.sweeps) sweeps")
    let finished = components
    return Factorized(
      weight: try buildForm(site.path) { () throws(WeightFormError) in
        try Weight(
          kind: .tensorised, denseShape: site.shape, components: finished, record: record)
      })
  }
}

/// The candidates that no other beats in parameters and error, thinned to `limit`.
func paretoCandidates(
  _ all: [RankCandidate], site: KernelSite, form: Weight.Kind, limit: Int
) -> [RankCandidate] {
  let options = all.map {
    AllocationOption(
      cost: site.parameterCount(form, ranks: $0.ranks), error: $0.discardedEnergy)
  }
  let front = ParetoFront.positions(of: options)
  return ParetoFront.thinned(front, of: options, limit: limit).map { all[$0] }
}

extension KernelStatistics {
  /// Inputs of unit variance that do not depend on one another: every entry counts the same.
  static func uniform(_ count: Int) -> KernelStatistics {
    KernelStatistics(
      count: 1, mean: [Double](repeating: 0, count: count), covariance: .identity(count))
  }
}
