import ArgumentParser
import Datasets
import Foundation
import Training

/// How a model is trained; shared by every command that trains.
struct TrainingFlags: ParsableArguments {
  @Option(help: "Passes over the training set.")
  var epochs: Int?

  @Option(help: "Examples a step.")
  var batchSize = 32

  @Option(help: "The update rule: sgd, adam or adamw.")
  var optimizer: OptimizerName?

  @Option(name: [.customLong("lr"), .customLong("learning-rate")], help: "The learning rate.")
  var learningRate: Double?

  @Option(help: "Momentum of sgd.")
  var momentum: Float = 0

  @Flag(help: "Nesterov's momentum.")
  var nesterov = false

  @Option(help: "Decoupled weight decay.")
  var weightDecay: Float?

  @Option(help: "The learning rate over time: constant, cosine or step:EPOCHS:FACTOR.")
  var schedule: ScheduleChoice?

  @Option(help: "Steps over which the learning rate rises from 0.")
  var warmUp = 0

  @Option(help: "The loss: cross-entropy, binary-cross-entropy or mse.")
  var loss: Loss = .crossEntropy

  @Option(help: "Held out to choose the best epoch: a share (0.1), a count, or 0.")
  var validation: ValidationChoice = ValidationChoice(.fraction(0.1))

  @Option(help: "End after this many epochs without a better validation result.")
  var patience: Int?

  @Flag(help: "Return the last epoch, not the best one on the validation set.")
  var keepLast = false

  @Option(help: "Move training images by up to this many pixels.")
  var shift = 0

  @Flag(help: "Mirror half of the training images.")
  var flip = false

  @Option(help: "Spread this share of every label evenly over the classes.")
  var labelSmoothing: Float = 0

  @Option(
    name: .customLong("average"),
    help: "Judge and keep a running average of the weights with this decay, such as 0.999.")
  var averaging: Float?

  @Option(help: "The seed of shuffling, dropout, augmentation and new weights.")
  var seed: UInt64 = 0

  @Option(help: "Threads. One gives the same bytes every time.")
  var threads = 1

  func validate() throws {
    guard (epochs ?? 1) >= 0, (1...1_000_000).contains(batchSize), (1...64).contains(threads),
      shift >= 0, warmUp >= 0
    else {
      throw ValidationError(
        "--epochs, --batch-size, --threads, --shift and --warm-up must not be negative or zero")
    }
    guard (0..<1).contains(labelSmoothing), (0..<1).contains(averaging ?? 0) else {
      throw ValidationError("--label-smoothing and --average: expected at least 0 and below 1")
    }
  }

  /// The options, with what a command prefers where nothing was asked for.
  func options(
    epochs defaultEpochs: Int, rate: Double, shape: LearningRateSchedule.Shape,
    decay: Float = 0, distillation: Distillation? = nil
  ) -> TrainingOptions {
    let rule = optimizer ?? .adam
    return TrainingOptions(
      loss: loss, optimizer: rule.settings(momentum: momentum, isNesterov: nesterov),
      weightDecay: weightDecay ?? (rule == .adamw ? 0.004 : optimizer == nil ? decay : 0),
      schedule: LearningRateSchedule(
        base: learningRate ?? (rule == .sgd ? 0.01 : rate), shape: schedule?.shape ?? shape,
        warmUpSteps: warmUp),
      batchSize: batchSize, epochs: epochs ?? defaultEpochs, seed: seed, threads: threads,
      augmentation: Augmentation(shift: shift, flips: flip), patience: patience,
      keepsBest: !keepLast, distillation: distillation, labelSmoothing: labelSmoothing,
      averaging: averaging == 0 ? nil : averaging)
  }

  /// What is learned from and what chooses the best epoch.
  func split(_ dataset: Dataset) throws -> (training: Dataset, validation: Dataset?) {
    guard validation.size.sampleCount(of: dataset.count) > 0 else { return (dataset, nil) }
    let parts = try dataset.split(validation: validation.size, seed: seed)
    return (parts.training, parts.validation)
  }
}

/// The update rules by name.
enum OptimizerName: String, ExpressibleByArgument, CaseIterable {
  case sgd, adam, adamw

  func settings(momentum: Float, isNesterov: Bool) -> OptimizerSettings {
    self == .sgd ? .sgd(momentum: momentum, isNesterov: isNesterov) : .adam()
  }
}

/// A schedule as it is written on the command line.
struct ScheduleChoice: ExpressibleByArgument {
  let shape: LearningRateSchedule.Shape

  init?(argument: String) {
    let parts = argument.split(separator: ":").map(String.init)
    switch parts.first {
    case "constant" where parts.count == 1: shape = .constant
    case "cosine" where parts.count == 1: shape = .cosine(floor: 0)
    case "step" where parts.count == 3:
      guard let epochs = Int(parts[1]), epochs > 0, let factor = Double(parts[2]), factor > 0
      else { return nil }
      shape = .step(epochs: epochs, factor: factor)
    default: return nil
    }
  }
}

/// A validation size as it is written on the command line.
struct ValidationChoice: ExpressibleByArgument {
  let size: ValidationSize

  init(_ size: ValidationSize) { self.size = size }

  init?(argument: String) {
    guard let size = ValidationSize(argument) else { return nil }
    self.size = size
  }

  var defaultValueDescription: String { "0.1" }
}
