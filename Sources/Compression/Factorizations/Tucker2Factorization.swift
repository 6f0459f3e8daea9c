import LinearAlgebra
public import Models
public import Tensors

/// K [window × c × f] ≈ core [window × R_in × R_out] with a factor for each channel mode.
///
/// HOSVD start, then higher-order orthogonal iteration until the error stalls.
/// Source: De Lathauwer, De Moor, Vandewalle 2000; Kim et al. 2016.
public struct Tucker2Factorization: Factorization {
  /// `tucker2`.
  public static var identifier: String { "tucker2" }
  /// One line for help.
  public static var summary: String { "1×1, small k×k and 1×1 of a convolution kernel" }
  /// Tucker-2.
  public static var form: Weight.Kind { .tucker2 }

  /// Makes the algorithm.
  public init() {}

  /// Only windowed convolutions of several input channels have two channel modes to reduce.
  public func obstacle(to site: KernelSite) -> String? {
    if site.supports(.tucker2) { return nil }
    if site.structure == .matrix { return "it is a matrix" }
    return site.channels > 1 ? "its window is one position" : "it has one input channel"
  }

  /// Computes both channel bases and the energy of every entry of the full core.
  public func prepare(
    _ kernel: Tensor, at site: KernelSite, statistics: KernelStatistics?, weighting: Weighting,
    settings: FactorizationSettings
  ) throws(CompressionError) -> any PreparedFactorization {
    guard weighting == .none else {
      return try WeightedTucker2(
        kernel, at: site, statistics: statistics, weighting: weighting, settings: settings)
    }
    return try PreparedTucker2(kernel, at: site, settings: settings)
  }
}

/// The bases and core energies of a convolution kernel.
struct PreparedTucker2: PreparedFactorization {
  let site: KernelSite
  let settings: FactorizationSettings
  let spectra: [Spectrum]
  let energy: Double
  /// Eigenvectors of the unfoldings' Gram matrices, as rows, leading first.
  private let inputVectors: Matrix
  private let outputVectors: Matrix
  private let table: CoreEnergyTable

  init(
    _ kernel: Tensor, at site: KernelSite, settings: FactorizationSettings
  ) throws(CompressionError) {
    self.site = site
    self.settings = settings
    let stack = TapStack(
      taps: site.windowCount, rows: site.channels, columns: site.columns,
      elements: kernel.elements)
    energy = kernel.squaredNorm
    guard energy.isFinite else { throw .notFinite(path: site.path) }
    let full = site.fullRanks(.tucker2)
    (inputVectors, outputVectors) = try numerics(site.path) { () throws(LinearAlgebraError) in
      (
        try stack.inputGram().symmetricEigen(leading: full[0]).vectors,
        try stack.outputGram().symmetricEigen(leading: full[1]).vectors
      )
    }
    let core = stack.projectingColumns(outputVectors).projectingRows(inputVectors)
    table = CoreEnergyTable(core)
    spectra = table.modeSpectra(total: energy)
  }

  var form: Weight.Kind { .tucker2 }
  var weighting: Weighting { .none }

  func discardedEnergy(ranks: [Int]) -> Double {
    max(0, energy - table.energy(ranks[0], ranks[1]))
  }

  func candidates(limit: Int) -> [RankCandidate] {
    tuckerCandidates(site: site, limit: limit) { discardedEnergy(ranks: [$0, $1]) }
  }

  func factorize(_ kernel: Tensor, ranks: [Int]) throws(CompressionError) -> Factorized {
    try iterated(kernel, ranks: ranks).factorized(at: site, spectra: spectra)
  }

  /// The bases and the core at given ranks.
  func iterated(
    _ kernel: Tensor, ranks: [Int]
  ) throws(CompressionError) -> HigherOrderIteration {
    try checkRanks(ranks, at: site, .tucker2)
    let stack = TapStack(
      taps: site.windowCount, rows: site.channels, columns: site.columns,
      elements: kernel.elements)
    return try numerics(site.path) { () throws(LinearAlgebraError) in
      try HigherOrderIteration(
        stack, input: inputVectors.firstRows(ranks[0]), output: outputVectors.firstRows(ranks[1]),
        energy: energy, discarded: discardedEnergy(ranks: ranks), settings: settings)
    }
  }
}

/// The rank pairs of a convolution that save parameters and that no other pair beats.
func tuckerCandidates(
  site: KernelSite, limit: Int, full: [Int]? = nil, below bound: Int? = nil,
  discarded: (Int, Int) -> Double
) -> [RankCandidate] {
  let full = full ?? site.fullRanks(.tucker2)
  let taps = site.windowCount
  let dense = bound ?? site.shape.count
  // One slot for each range of the cost's logarithm: a kernel of 512 channels has 262,144 pairs.
  let slots = max(limit, 2) * 8
  var best = [(cost: Int, error: Double, input: Int, output: Int)?](repeating: nil, count: slots)
  let scale = Double(slots - 1) / max(naturalLogarithm(Double(max(dense, 2))), 1)
  for input in 1...max(full[0], 1) {
    for output in 1...max(full[1], 1) {
      guard output <= taps * input, input <= taps * output else { continue }
      let cost = site.channels * input + taps * input * output + output * site.columns
      if cost >= dense { break }
      let slot = min(slots - 1, Int(naturalLogarithm(Double(cost)) * scale))
      let error = discarded(input, output)
      if let present = best[slot], (present.error, present.cost) <= (error, cost) { continue }
      best[slot] = (cost, error, input, output)
    }
  }
  if best.allSatisfy({ $0 == nil }) { best[0] = (0, discarded(1, 1), 1, 1) }
  let found = best.compactMap { $0 }
  let options = found.map { AllocationOption(cost: $0.cost, error: $0.error) }
  let front = ParetoFront.positions(of: options)
  return front.map {
    RankCandidate(
      ranks: [found[$0].input, found[$0].output], discardedEnergy: found[$0].error)
  }
}
