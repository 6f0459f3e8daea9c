import LinearAlgebra
import Models
import Tensors

/// The Tucker-2 kernel of least expected output error over the patches of calibration data.
///
/// The input factor U projects the channels of every tap, z = x·(I ⊗ U); core and output factor
/// are the low-rank least-squares kernel on z, and U is improved by alternating least squares.
struct WeightedTucker2: PreparedFactorization {
  let site: KernelSite
  let weighting: Weighting
  let spectra: [Spectrum]
  private let outputs: WeightedOutputs
  private let prepared: PreparedSeparable

  init(
    _ kernel: Tensor, at site: KernelSite, statistics: KernelStatistics?, weighting: Weighting,
    settings: FactorizationSettings
  ) throws(CompressionError) {
    self.site = site
    self.weighting = weighting
    let weighted = try WeightedOutputs(
      kernel, at: site, statistics: statistics, weighting: weighting, damping: settings.damping)
    outputs = weighted
    prepared = try numerics(site.path) { () throws(LinearAlgebraError) in
      let problem = SeparableProblem(
        layout: ModeLayout(extents: [site.windowCount, site.channels]), axes: [1],
        moment: weighted.moment, kernel: weighted.kernel)
      let count = min(site.channels, 24)
      let grid = Set(
        (1...count).map { step in max(1, Int(Double(site.channels * step) / Double(count))) })
      return try PreparedSeparable(
        problem, grid: grid.sorted().map { [$0] }, largestInput: site.rows)
    }
    let full = prepared.entries.last?.errors ?? [0]
    let inputs = [prepared.problem.energy] + prepared.entries.map { $0.errors.last ?? 0 }
    spectra = [inputs, full].map { errors in
      Spectrum(
        values: zip(errors, errors.dropFirst()).map { max(0, $0 - $1).squareRoot() }
          .sorted(by: >), tailEnergy: errors.last ?? 0)
    }
  }

  var form: Weight.Kind { .tucker2 }
  var energy: Double { prepared.problem.energy }

  func discardedEnergy(ranks: [Int]) -> Double {
    prepared.error(outer: [ranks[0]], inner: ranks[1])
  }

  func candidates(limit: Int) -> [RankCandidate] {
    let full = site.fullRanks(.tucker2)
    let all = prepared.entries.flatMap { entry -> [RankCandidate] in
      let input = entry.outer[0]
      return (1...max(1, min(full[1], site.windowCount * input))).compactMap { output in
        guard input <= site.windowCount * output, output < entry.errors.count else { return nil }
        return RankCandidate(ranks: [input, output], discardedEnergy: entry.errors[output])
      }
    }
    return paretoCandidates(all, site: site, form: .tucker2, limit: limit)
  }

  func factorize(_ kernel: Tensor, ranks: [Int]) throws(CompressionError) -> Factorized {
    try checkRanks(ranks, at: site, .tucker2)
    guard ranks[1] <= site.windowCount * ranks[0] else {
      throw .ranks(
        path: site.path, found: ranks, full: [ranks[0], site.windowCount * ranks[0]])
    }
    let solution = try numerics(site.path) { () throws(LinearAlgebraError) in
      try prepared.solution(outer: [ranks[0]], inner: ranks[1])
    }
    let shapes = site.componentShapes(.tucker2, ranks: ranks)
    let record = FactorizationRecord(
      basis: .weighted, spectra: spectra,
      route: "alternating least squares, \(solution.sweeps) sweeps")
    return Factorized(
      weight: try buildForm(site.path) { () throws(WeightFormError) in
        .tucker2(
          try Tucker2Form(
            denseShape: site.shape,
            inputFactor: Parameter(solution.factors[0].tensor.reshaped(to: shapes[0])),
            core: Parameter(solution.left.tensor.reshaped(to: shapes[1])),
            outputFactor: Parameter(
              outputs.unweighted(solution.right).tensor.reshaped(to: shapes[2])),
            record: record))
      })
  }
}
