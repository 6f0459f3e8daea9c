import LinearAlgebra
import Models
import Tensors

/// The low-rank kernel of least expected output error, E‖(x − μ)(K − K̂)‖² or, two-sided,
/// E‖(x − μ)(K − K̂)L‖².
///
/// With A the centred second moment of the inputs and L the root of the damped curvature (the
/// identity where outputs are not weighted), U_r the leading eigenvectors of C = L·Kᵀ·A·K·L:
/// left = K·L·U_r, right = U_rᵀ·L⁻¹, and the error is exactly Σ_{i>r} λ_i. The mean's share goes
/// into the bias. A may be singular: it is never inverted.
struct WeightedSVD: PreparedFactorization {
  let site: KernelSite
  let weighting: Weighting
  let spectra: [Spectrum]
  let energy: Double
  /// U_rᵀ for every r, rows in order of their share.
  private let vectors: DoubleMatrix
  private let curvature: (root: DoubleMatrix, inverse: DoubleMatrix)?
  private let tails: [Double]

  init(
    _ kernel: Tensor, at site: KernelSite, statistics: KernelStatistics?, weighting: Weighting,
    settings: FactorizationSettings
  ) throws(CompressionError) {
    guard let statistics else {
      throw .missingStatistics(path: site.path, reason: "calibration saw no inputs of it")
    }
    self.site = site
    self.weighting = weighting
    let matrix = DoubleMatrix(kernel)
    guard matrix.isFinite else { throw .notFinite(path: site.path) }
    guard let moment = statistics.outputMoment(of: matrix, centred: site.hasBias) else {
      throw .missingStatistics(path: site.path, reason: "calibration kept no second moments")
    }
    if weighting == .kfac && statistics.outputGradient == nil {
      throw .missingStatistics(path: site.path, reason: "calibration took no gradients")
    }
    let (curvature, eigen) = try numerics(site.path) { () throws(LinearAlgebraError) in
      let curvature =
        weighting == .kfac ? try statistics.curvatureRoot(damping: settings.damping) : nil
      var weighted = moment
      if let root = curvature?.root {
        weighted = root.multiplied(by: moment).multiplied(by: root)
      }
      return (curvature, try weighted.symmetricEigen())
    }
    self.curvature = curvature
    vectors = eigen.vectors
    let values = eigen.values.map { max($0, 0).squareRoot() }
    spectra = [Spectrum(values: values)]
    tails = tailEnergies(values)
    energy = tails[0]
  }

  var form: Weight.Kind { .lowRank }

  func discardedEnergy(ranks: [Int]) -> Double { tails[min(ranks[0], tails.count - 1)] }

  func candidates(limit: Int) -> [RankCandidate] { rankCandidates(site: site, tails: tails) }

  func factorize(_ kernel: Tensor, ranks: [Int]) throws(CompressionError) -> Factorized {
    try checkRanks(ranks, at: site, .lowRank)
    let (left, right) = factors(kernel, rank: ranks[0])
    let shapes = site.componentShapes(.lowRank, ranks: ranks)
    let record = FactorizationRecord(
      basis: .weighted, spectra: spectra,
      route: weighting == .kfac ? "two-sided weighted SVD" : "activation-weighted SVD")
    return Factorized(
      weight: try buildForm(site.path) { () throws(WeightFormError) in
        .lowRank(
          try LowRankForm(
            denseShape: site.shape, left: Parameter(left.tensor.reshaped(to: shapes[0])),
            right: Parameter(right.tensor.reshaped(to: shapes[1])), record: record))
      })
  }

  /// left [n × r] and right [r × m] in Double.
  private func factors(_ kernel: Tensor, rank: Int) -> (DoubleMatrix, DoubleMatrix) {
    let leading = vectors.firstRows(rank)
    let matrix = DoubleMatrix(kernel)
    guard let curvature else {
      return (matrix.multiplied(by: leading, transposingOther: true), leading)
    }
    return (
      matrix.multiplied(by: curvature.root.multiplied(by: leading, transposingOther: true)),
      leading.multiplied(by: curvature.inverse)
    )
  }
}
