import LinearAlgebra
import Tensors

/// A kernel and its inputs' second moment, with the outputs weighted by the loss's curvature where
/// that is asked for.
struct WeightedOutputs {
  /// A, about the mean where the layer has a bias.
  let moment: DoubleMatrix
  /// K·L.
  let kernel: DoubleMatrix
  /// L⁻¹; nil for the identity.
  let inverse: DoubleMatrix?

  init(
    _ kernel: Tensor, at site: KernelSite, statistics: KernelStatistics?, weighting: Weighting,
    damping: Double
  ) throws(CompressionError) {
    guard let statistics, let moment = statistics.inputMoment(centred: site.hasBias) else {
      throw .missingStatistics(
        path: site.path, reason: "calibration kept no second moment of its inputs")
    }
    let matrix = DoubleMatrix(kernel)
    guard matrix.isFinite, moment.isFinite else { throw .notFinite(path: site.path) }
    self.moment = moment
    guard weighting == .kfac else {
      self.kernel = matrix
      inverse = nil
      return
    }
    let curvature = try numerics(site.path) { () throws(LinearAlgebraError) in
      try statistics.curvatureRoot(damping: damping)
    }
    guard let curvature else {
      throw .missingStatistics(path: site.path, reason: "calibration took no gradients")
    }
    self.kernel = matrix.multiplied(by: curvature.root)
    inverse = curvature.inverse
  }

  /// right·L⁻¹: back in the outputs' own units.
  func unweighted(_ right: DoubleMatrix) -> DoubleMatrix {
    inverse.map { right.multiplied(by: $0) } ?? right
  }
}
