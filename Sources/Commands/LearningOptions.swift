import ArgumentParser
import Datasets
import Pipelines

/// How data guides a compression.
struct LearningOptions: ParsableArguments {
  @OptionGroup var calibration: CalibrationOptions

  @Option(help: "Fine-tune for this many epochs afterwards.")
  var finetune = 0

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
    guard data.data != nil || finetune == 0 else {
      throw CommandFailure.usage("--finetune needs --data")
    }
    var result = try calibration.compressionData(data)
    result?.finetuneEpochs = finetune
    return result
  }
}
