public import ArgumentParser
import Compression
import Datasets
public import Pipelines

/// How data guides a compression.
struct LearningOptions: ParsableArguments {
  @Option(help: "What errors are measured against: auto, none, activations or kfac.")
  var weighting: CompressionData.WeightingChoice = .automatic

  @Option(help: "Collect statistics from this many training examples.")
  var samples = 4096

  @Option(help: "Fine-tune for this many epochs afterwards.")
  var finetune = 0

  func validate() throws {
    guard samples > 0, finetune >= 0 else {
      throw ValidationError("--samples must be positive and --finetune not negative")
    }
  }

  /// The options as they were given, without paths.
  func words(_ data: DataOptions) -> [String] {
    guard data.data != nil else { return [] }
    var words = ["--data"]
    if weighting != .automatic { words += ["--weighting", weighting.rawValue] }
    if samples != 4096 { words += ["--samples", String(samples)] }
    if finetune > 0 { words += ["--finetune", String(finetune)] }
    return words
  }

  /// The data, if there is any; options that need it are refused without.
  func compressionData(_ data: DataOptions) throws -> CompressionData? {
    guard data.data != nil else {
      guard finetune == 0, weighting == .automatic || weighting == .none else {
        throw CommandFailure.usage("--finetune and --weighting need --data")
      }
      return nil
    }
    return CompressionData(
      dataset: try data.training(), scaling: data.scale?.scaling, sampleCount: samples,
      weighting: weighting, finetuneEpochs: finetune)
  }
}

extension CompressionData.WeightingChoice: ExpressibleByArgument {}
