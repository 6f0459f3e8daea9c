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

  @Option(
    help: "Change training images at random: flip, shift=4, crop=4 (pixels), joined by commas.")
  var augment: AugmentationChoice = AugmentationChoice()

  @Option(help: "Short for --augment shift=…: move by up to this many pixels.")
  var shift = 0

  @Flag(help: "Short for --augment flip: mirror half of the images.")
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
    try TrainingFlags.check("--epochs", epochs ?? 1, 0...1_000_000)
    try TrainingFlags.check("--batch-size", batchSize, 1...1_000_000)
    try TrainingFlags.check("--threads", threads, 1...64)
    try TrainingFlags.check("--shift", shift, 0...4096)
    try TrainingFlags.check("--warm-up", warmUp, 0...1_000_000_000)
    try TrainingFlags.check("--patience", patience ?? 1, 1...1_000_000)
    for (name, value) in [
      ("--lr", learningRate ?? 0), ("--weight-decay", Double(weightDecay ?? 0)),
      ("--momentum", Double(momentum)),
    ] where !(value.isFinite && value >= 0) {
      throw ValidationError("\(name): expected a finite number of at least 0, found \(value)")
    }
    guard (0..<1).contains(labelSmoothing), (0..<1).contains(averaging ?? 0) else {
      throw ValidationError("--label-smoothing and --average: expected at least 0 and below 1")
    }
  }

  private static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
      throw ValidationError(
        "\(name): expected \(range.lowerBound) to \(range.upperBound), found \(value)")
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
      augmentation: Augmentation(
        shift: max(shift, augment.shift), flips: flip || augment.flips), patience: patience,
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

/// Changes of training images as they are written on the command line.
///
/// A random crop of an image padded by n pixels is the image moved by up to n pixels, so that `crop`
/// and `shift` are one thing.
struct AugmentationChoice: ExpressibleByArgument {
  var shift = 0
  var flips = false

  init() {}

  init?(argument: String) {
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: "=", omittingEmptySubsequences: false)
      switch words.first {
      case "flip" where words.count == 1: flips = true
      case "shift", "crop":
        guard words.count <= 2 else { return nil }
        let pixels = words.count == 2 ? Int(words[1]) : Self.usualShift
        guard let pixels, pixels >= 0 else { return nil }
        shift = max(shift, pixels)
      default: return nil
      }
    }
  }

  /// The pixels of `shift` and `crop` without a number.
  private static let usualShift = 4

  var defaultValueDescription: String { "none" }
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
