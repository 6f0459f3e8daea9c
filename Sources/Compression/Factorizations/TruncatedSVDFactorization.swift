import LinearAlgebra
public import Models
public import Tensors

/// K ≈ left · right by a truncated SVD of the kernel as a matrix: Dense kernels, pointwise
/// convolutions and, over patches, every other convolution.
///
/// Source: Eckart and Young 1936. With statistics of the inputs the error of the layer's output is
/// minimised instead; see ``WeightedSVD``.
public struct TruncatedSVDFactorization: Factorization {
  /// `svd`.
  public static var identifier: String { "svd" }
  /// One line for help.
  public static var summary: String {
    "two factors of a Dense, pointwise or (over patches) any convolution kernel"
  }
  /// Low rank.
  public static var form: Weight.Kind { .lowRank }

  /// Makes the algorithm.
  public init() {}

  /// Convolutions of one input channel are left alone.
  public func obstacle(to site: KernelSite) -> String? {
    site.supports(.lowRank) ? nil : "it has one input channel"
  }

  /// Computes the spectrum and keeps what leads to the vectors.
  public func prepare(
    _ kernel: Tensor, at site: KernelSite, statistics: KernelStatistics?, weighting: Weighting,
    settings: FactorizationSettings
  ) throws(CompressionError) -> any PreparedFactorization {
    switch weighting {
    case .none:
      let spectrum = try numerics(site.path) { () throws(LinearAlgebraError) in
        try MatrixSpectrum(of: Matrix(kernel), route: .exact)
      }
      return PreparedSVD(
        site: site, values: spectrum.singularValues, spectrum: spectrum, settings: settings)
    case .activations, .kfac:
      return try WeightedSVD(
        kernel, at: site, statistics: statistics, weighting: weighting, settings: settings)
    }
  }

  /// Computes one rank by the cheapest route.
  public func factorize(
    _ kernel: Tensor, at site: KernelSite, ranks: [Int], statistics: KernelStatistics?,
    weighting: Weighting, settings: FactorizationSettings
  ) throws(CompressionError) -> Factorized {
    guard weighting == .none else {
      return try prepare(
        kernel, at: site, statistics: statistics, weighting: weighting, settings: settings
      ).factorize(kernel, ranks: ranks)
    }
    try checkRanks(ranks, at: site, .lowRank)
    let svd = try numerics(site.path) { () throws(LinearAlgebraError) in
      try TruncatedSVD.compute(Matrix(kernel), rank: ranks[0], route: settings.route)
    }
    return try lowRank(kernel, svd, spectrum: nil, at: site)
  }
}

extension FactorizationSettings {
  /// The route for a truncated SVD of one rank.
  var route: SVDRoute {
    switch svd {
    case .automatic: .automatic
    case .exact: .exact
    case .randomized: .randomized(RandomizedSVDOptions(seed: seed))
    }
  }
}

/// The spectrum of a kernel as a matrix.
struct PreparedSVD: PreparedFactorization {
  let site: KernelSite
  /// The singular values, non-increasing.
  let values: [Double]
  /// What leads to the vectors; nil where another analysis gave the values.
  let spectrum: MatrixSpectrum?
  let settings: FactorizationSettings
  /// Σ of the squares of the values from each index on.
  private let tails: [Double]

  init(
    site: KernelSite, values: [Double], spectrum: MatrixSpectrum?, settings: FactorizationSettings
  ) {
    self.site = site
    self.values = values
    self.spectrum = spectrum
    self.settings = settings
    tails = tailEnergies(values)
  }

  var form: Weight.Kind { .lowRank }
  var weighting: Weighting { .none }
  var spectra: [Spectrum] { [Spectrum(values: values)] }
  var energy: Double { tails[0] }

  func discardedEnergy(ranks: [Int]) -> Double { tails[min(ranks[0], tails.count - 1)] }

  func candidates(limit: Int) -> [RankCandidate] { rankCandidates(site: site, tails: tails) }

  func factorize(_ kernel: Tensor, ranks: [Int]) throws(CompressionError) -> Factorized {
    try checkRanks(ranks, at: site, .lowRank)
    let matrix = Matrix(kernel)
    let svd = try numerics(site.path) { () throws(LinearAlgebraError) in
      if let spectrum, settings.svd != .randomized {
        return try spectrum.truncated(matrix, rank: ranks[0])
      }
      return try TruncatedSVD.compute(matrix, rank: ranks[0], route: settings.route)
    }
    return try lowRank(kernel, svd, spectrum: spectra[0], at: site)
  }
}

/// One candidate a rank, as far as it saves parameters.
func rankCandidates(site: KernelSite, tails: [Double]) -> [RankCandidate] {
  let full = site.fullRanks(.lowRank)[0]
  let each = site.rows + site.columns
  // The largest r with r(n + m) < nm.
  let saving = each > 0 ? (site.shape.count - 1) / each : 0
  guard full >= 1 else { return [] }
  return (1...max(1, min(full, saving))).map {
    RankCandidate(ranks: [$0], discardedEnergy: tails[min($0, tails.count - 1)])
  }
}

/// Σ values[i...]², one entry for each i from 0 to the count, summed from the small end.
func tailEnergies(_ values: [Double]) -> [Double] {
  var tails = [Double](repeating: 0, count: values.count + 1)
  for index in values.indices.reversed() {
    tails[index] = tails[index + 1] + values[index] * values[index]
  }
  return tails
}

/// The stored form of an SVD, its error measured.
private func lowRank(
  _ kernel: Tensor, _ svd: consuming TruncatedSVD, spectrum: Spectrum?, at site: KernelSite
) throws(CompressionError) -> Factorized {
  let record = FactorizationRecord(
    basis: .svd,
    spectra: [
      spectrum ?? Spectrum(values: svd.singularValues, tailEnergy: svd.discardedEnergy)
    ], route: svd.route.description)
  let shapes = site.componentShapes(.lowRank, ranks: [svd.rank])
  let right = Parameter(svd.vt.tensor.reshaped(to: shapes[1]))
  let left = Parameter(svd.left().tensor.reshaped(to: shapes[0]))
  return Factorized(
    weight: try buildForm(site.path) { () throws(WeightFormError) in
      .lowRank(
        try LowRankForm(denseShape: site.shape, left: left, right: right, record: record))
    })
}

/// Runs a numerical routine and names the kernel in its failure.
func numerics<Result>(
  _ path: String, _ body: () throws(LinearAlgebraError) -> Result
) throws(CompressionError) -> Result {
  do {
    return try body()
  } catch .notFinite {
    throw .notFinite(path: path)
  } catch {
    throw .numerics(path: path, reason: error.description)
  }
}

/// Builds a form whose components were computed to fit.
func buildForm(
  _ path: String, _ body: () throws(WeightFormError) -> Weight
) throws(CompressionError) -> Weight {
  do {
    return try body()
  } catch {
    throw .unsupported(path: path, form: "the form", reason: error.description)
  }
}

/// Refuses ranks that a form cannot have.
func checkRanks(
  _ ranks: [Int], at site: KernelSite, _ form: Weight.Kind
) throws(CompressionError) {
  let full = site.fullRanks(form)
  let lengths = form == .tensorised ? [full.count, full.count + 1] : [full.count]
  guard lengths.contains(ranks.count), ranks.allSatisfy({ $0 >= 1 }),
    form == .tensorised || zip(ranks, full).allSatisfy({ $0 <= $1 })
  else { throw .ranks(path: site.path, found: ranks, full: full) }
}
