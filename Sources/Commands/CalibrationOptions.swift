public import ArgumentParser
import Compression
public import Pipelines

/// How statistics of the data guide factorisations.
struct CalibrationOptions: ParsableArguments {
  @Option(help: "What errors are measured against: auto, none, activations or kfac.")
  var weighting: CompressionData.WeightingChoice = .automatic

  @Option(help: "Collect statistics from this many training examples.")
  var samples = 4096

  func validate() throws {
    guard samples > 0 else { throw ValidationError("--samples: expected at least 1") }
  }

  /// The options as they were given.
  var words: [String] {
    var words: [String] = []
    if weighting != .automatic { words += ["--weighting", weighting.rawValue] }
    if samples != 4096 { words += ["--samples", String(samples)] }
    return words
  }

  /// The data to learn from, if there is any.
  func compressionData(_ data: DataOptions) throws -> CompressionData? {
    guard data.data != nil else {
      guard weighting == .automatic || weighting == .none else {
        throw CommandFailure.usage("--weighting \(weighting.rawValue) needs --data")
      }
      return nil
    }
    return CompressionData(
      dataset: try data.training(), scaling: data.scale?.scaling, sampleCount: samples,
      weighting: weighting)
  }
}

extension CompressionData.WeightingChoice: ExpressibleByArgument {}
