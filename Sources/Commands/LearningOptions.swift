import ArgumentParser
import Datasets
import Pipelines

/// How data guides a compression.
struct LearningOptions: ParsableArguments {
  @OptionGroup var calibration: CalibrationOptions

  @Option(help: "Fine-tune for this many epochs afterwards.")
  var finetune = 0

  @Option(
    help: "Keep the losses that the search for ranks measures in this file, and go on from it.",
    completion: .file())
  var searchCache: String?

  func validate() throws {
    guard finetune >= 0 else {
      throw ValidationError("--finetune: expected at least 0, found \(finetune)")
    }
  }

  /// The options as they were given, without paths.
  func words(_ data: DataOptions) -> [String] {
    guard data.data != nil else { return [] }
    return ["--data"] + calibration.words
      + (finetune > 0 ? ["--finetune", String(finetune)] : [])
  }

  /// The data, if there is any; options that need it are refused without.
  func compressionData(_ data: DataOptions) throws -> CompressionData? {
    guard data.data != nil || (finetune == 0 && searchCache == nil) else {
      throw CommandFailure.usage("--finetune and --search-cache need --data")
    }
    var result = try calibration.compressionData(data)
    result?.finetuneEpochs = finetune
    return result
  }
}
