/// What calibration data says about a model's kernels, by the kernels' paths.
public struct Calibration: Sendable {
  /// The statistics of each kernel that the data reached.
  public var kernels: [String: KernelStatistics]
  /// The number of samples that were run.
  public var sampleCount: Int

  /// Makes a calibration.
  public init(kernels: [String: KernelStatistics], sampleCount: Int) {
    self.kernels = kernels
    self.sampleCount = sampleCount
  }

  /// The statistics of one kernel.
  public subscript(path: String) -> KernelStatistics? { kernels[path] }
}
