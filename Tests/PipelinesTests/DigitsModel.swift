import Datasets
import Foundation
import Models
import Pipelines
import TestSupport
import Testing
import Training

/// A small network trained on the digits, once for all tests, and its data.
enum DigitsModel {
  /// The network 64–32–16–10.
  static let trained: Result<Model, any Error> = Result {
    let data = try digits()
    return try TrainingRun(
      model: try StartingModel.open(
        "mlp:64-32-16-10", inputShape: data.inputShape, classCount: 10, seed: 1),
      options: TrainingOptions(
        schedule: LearningRateSchedule(base: 3e-3, shape: .cosine(floor: 0)), epochs: 12, seed: 1),
      training: data, validation: nil, scaling: SampleScaling(scale: 1 / 16)
    ).run().model
  }

  /// The training part, or its first examples.
  static func digits(limit: Int? = nil) throws -> Dataset {
    var options = DatasetOptions()
    options.limit = limit
    return try DatasetLoader.load(Fixtures.path("data/digits.h5"), options: options)
      .selected(.train)
  }

  /// A folder with the model as `model.h5`.
  static func withFile<Result>(_ body: (URL, String) throws -> Result) throws -> Result {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      _ = try ModelWriting.write(try trained.get(), to: path)
      return try body(folder, path)
    }
  }
}
