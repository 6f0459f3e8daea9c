/// How a model is trained.
public struct TrainingOptions: Sendable, Hashable {
  /// What is made small.
  public var loss: Loss
  /// The update rule.
  public var optimizer: OptimizerSettings
  /// Decoupled weight decay; 0 is off.
  public var weightDecay: Float
  /// The learning rate over time.
  public var schedule: LearningRateSchedule
  /// Examples a step.
  public var batchSize: Int
  /// Passes over the training set.
  public var epochs: Int
  /// Decides shuffling, dropout and augmentation.
  public var seed: UInt64
  /// Threads, each of which takes a shard of every batch; byte identity is promised for one.
  public var threads: Int
  /// What is done to images while training.
  public var augmentation: Augmentation
  /// Epochs without a better validation result after which training ends; nil never.
  public var patience: Int?
  /// Whether the parameters of the best epoch on the validation set are returned.
  public var keepsBest: Bool
  /// The share of the labels in the loss of a distillation; the rest is the teacher's.
  public var distillation: Distillation?
  /// ε, the share of every label that is spread evenly over the classes; 0 is off.
  public var labelSmoothing: Float
  /// d of the running average w̄ ← d·w̄ + (1 − d)·w after every step, which is then judged and
  /// kept in place of w; nil keeps w.
  public var averaging: Float?

  /// Makes options; Adam at 1e-3, batches of 32, 10 epochs.
  public init(
    loss: Loss = .crossEntropy, optimizer: OptimizerSettings = .adam(), weightDecay: Float = 0,
    schedule: LearningRateSchedule = LearningRateSchedule(base: 1e-3), batchSize: Int = 32,
    epochs: Int = 10, seed: UInt64 = 0, threads: Int = 1,
    augmentation: Augmentation = Augmentation(), patience: Int? = nil, keepsBest: Bool = true,
    distillation: Distillation? = nil, labelSmoothing: Float = 0, averaging: Float? = nil
  ) {
    self.loss = loss
    self.optimizer = optimizer
    self.weightDecay = weightDecay
    self.schedule = schedule
    self.batchSize = batchSize
    self.epochs = epochs
    self.seed = seed
    self.threads = threads
    self.augmentation = augmentation
    self.patience = patience
    self.keepsBest = keepsBest
    self.distillation = distillation
    self.labelSmoothing = labelSmoothing
    self.averaging = averaging
  }
}

/// How much a teacher counts: (1 − w)·loss(labels) + w·T²·KL(teacher ‖ student) at temperature T.
///
/// Source: Hinton, Vinyals and Dean 2015.
public struct Distillation: Sendable, Hashable {
  /// T, what logits are divided by.
  public var temperature: Float
  /// w, the teacher's share.
  public var weight: Float

  /// Makes a distillation; T = 3 and 70 % of the loss are the default.
  public init(temperature: Float = 3, weight: Float = 0.7) {
    self.temperature = temperature
    self.weight = weight
  }
}

/// Training cannot go on.
public enum TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The loss is NaN, infinite or beyond use.
  case diverged(epoch: Int, step: Int, loss: Double, learningRate: Double)
  /// The data does not suit the model or the loss.
  case unsuited(String)

  /// What happened and what to do.
  public var description: String {
    switch self {
    case .diverged(let epoch, let step, let loss, let rate):
      "training diverged in epoch \(epoch + 1), step \(step + 1): the loss is \(loss) at a learning "
        + "rate of \(rate); try a rate \(rate > 1e-2 ? "100" : "10") times smaller, or a warm-up"
    case .unsuited(let reason): reason
    }
  }
}
