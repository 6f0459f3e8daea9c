import Compression
import Datasets
import Models
import Training

extension Model {
  /// The model with kernels and factors stored in an encoding; biases take up the mean error.
  ///
  /// b' = b + μ·(K − K̂) with μ the mean input of the kernel on `data`; without data biases stay.
  /// - Throws: `LoweringError` where data is given and a layer cannot be run.
  func stored(
    as encoding: StoredEncoding, scale: ScaleChoice, data: BoundData?, seed: UInt64, threads: Int
  ) throws -> Model {
    let calibration = try data.map { data in
      try CalibrationPass(
        model: self, sites: kernelSites(inputMap: data.dataset.inputShape),
        weighting: .activations, seed: seed
      ).run(on: data) { _, _ in }
    }
    return try CompressionPlan(kernels: [], encoding: encoding).applied(
      to: self, calibration: calibration,
      options: ApplyOptions(scale: scale, threads: threads)
    ).model
  }
}
