import Compression
import Datasets
public import Models
import Tensors
public import Training

/// The recovery recipe: what fine-tuning does unless it is told otherwise.
public enum FineTuning {
  /// Where the cosine starts: 1e-3 with convolutions, which forget at larger steps, else 4e-3.
  public static func learningRate(for model: Model) -> Double {
    let convolves = model.layers.contains { layer in
      layer.weights.contains { $0.weight.denseShape.order > 2 }
    }
    return convolves ? 1e-3 : 4e-3
  }

  /// Decoupled decay: what a factorised model gains most from.
  public static let weightDecay: Float = 0.05

  /// AdamW with a cosine from ``learningRate(for:)`` to 0, batches of 32, a decay of
  /// ``weightDecay``, the best epoch on a held-out tenth.
  public static func options(
    for model: Model, epochs: Int, seed: UInt64, threads: Int
  ) -> TrainingOptions {
    TrainingOptions(
      weightDecay: weightDecay,
      schedule: LearningRateSchedule(base: learningRate(for: model), shape: .cosine(floor: 0)),
      batchSize: 32, epochs: epochs, seed: seed, threads: threads)
  }

  /// Fine-tunes with the recipe; factors are balanced meanwhile and canonical afterwards.
  public static func run(
    _ model: Model, on data: BoundData, epochs: Int, seed: UInt64, threads: Int
  ) throws -> (model: Model, history: [EpochRecord]) {
    let parts = try data.dataset.split(validation: .fraction(0.1), seed: seed)
    let outcome = try TrainingRun(
      model: try model.balanced(),
      options: options(for: model, epochs: epochs, seed: seed, threads: threads),
      training: parts.training, validation: parts.validation, scaling: data.scaling
    ).run()
    return (try outcome.model.canonicalised(), outcome.history)
  }
}
