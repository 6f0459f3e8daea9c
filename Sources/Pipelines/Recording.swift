import Foundation
import ModelFile
public import Models
public import Training

/// Puts measured results into the container they belong to.
public enum Recording {
  /// Adds a result to a container, whole or not at all; an older one on the same data goes.
  /// - Throws: `PipelineError` where the file is no container of modelc.
  public static func add(
    _ result: EvaluationResult, dataset: String, digest: String, split: String, to path: String,
    model: Model
  ) throws {
    let format = try OpenedModel(path).imported.format
    guard format == ModelFileReader.format else {
      throw PipelineError(
        place: path,
        reason: "results are recorded in containers of modelc, this is \(format); "
          + "'modelc expand \(path) -o OUT.h5' makes one")
    }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "yyyy-MM-dd"
    var model = model
    model.metadata.evaluations.removeAll { $0.datasetDigest == digest && $0.split == split }
    model.metadata.evaluations.append(
      Evaluation(
        dataset: dataset, datasetDigest: digest, split: split, count: result.count,
        loss: result.loss, accuracy: result.accuracy, date: formatter.string(from: Date())))
    _ = try ModelWriting.write(model, to: path, force: true)
  }
}
