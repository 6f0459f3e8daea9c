import Execution
public import Tensors

/// Everything that a run needs to go on bit for bit where it stopped.
public struct TrainingState: Sendable {
  /// The parameters, in the program's order.
  public var parameters: [Tensor]
  /// The update rule with its moments.
  public var optimizer: Optimizer
  /// The epoch under way, counted from 0.
  public var epoch: Int
  /// The examples of this epoch that were used.
  public var position: Int
  /// The loss summed over them.
  public var lossSum: Double
  /// How many of them were right.
  public var correctCount: Int
  /// The finished epochs.
  public var history: [EpochRecord]
  /// The parameters of the best epoch so far; nil without validation.
  public var best: Best?
  /// The running average of the parameters; empty where none is kept.
  public var average: [Tensor]

  /// The best epoch.
  public struct Best: Sendable {
    /// The epoch, counted from 0.
    public var epoch: Int
    /// Its parameters.
    public var parameters: [Tensor]

    /// Makes a record.
    public init(epoch: Int, parameters: [Tensor]) {
      self.epoch = epoch
      self.parameters = parameters
    }
  }

  /// The start of a run, or a saved one.
  public init(
    parameters: [Tensor], optimizer: Optimizer, epoch: Int = 0, position: Int = 0,
    lossSum: Double = 0, correctCount: Int = 0, history: [EpochRecord] = [], best: Best? = nil,
    average: [Tensor] = []
  ) {
    self.parameters = parameters
    self.optimizer = optimizer
    self.epoch = epoch
    self.position = position
    self.lossSum = lossSum
    self.correctCount = correctCount
    self.history = history
    self.best = best
    self.average = average
  }

  /// What is judged and kept: the average where one is kept, else the parameters.
  public var judged: [Tensor] { average.isEmpty ? parameters : average }

  /// Moves the average towards the parameters; early on it forgets faster than `decay` says.
  mutating func moveAverage(decay: Float) {
    if average.isEmpty {
      average = parameters
      return
    }
    let steps = Float(optimizer.stepCount)
    let rest = 1 - min(decay, (1 + steps) / (10 + steps))
    for index in parameters.indices {
      let source = parameters[index].elements
      average[index].withMutableElements { mean in
        for position in source.indices {
          mean[position] += rest * (source[position] - mean[position])
        }
      }
    }
  }

  /// Moves one parameter against its gradient.
  mutating func update(
    _ index: Int, gradient: Span<Float>, learningRate: Float, isMasked: Bool
  ) {
    optimizer.update(
      &parameters[index], index: index, gradient: gradient, learningRate: learningRate,
      isMasked: isMasked)
  }

  /// Moves one parameter against the sum of the shards' gradients.
  mutating func update(
    _ index: Int, gradients: [[Float]], sum: inout [Float], learningRate: Float, isMasked: Bool,
    pool: WorkerPool
  ) {
    guard isMasked else {
      optimizer.update(
        &parameters[index], index: index, gradients: gradients, sum: &sum,
        learningRate: learningRate, pool: pool)
      return
    }
    var total = sum.mutableSpan
    total.sum(gradients, from: 0)
    update(index, gradient: sum.span, learningRate: learningRate, isMasked: true)
  }
}

/// What one epoch gave.
public struct EpochRecord: Sendable, Hashable {
  /// The epoch, counted from 1.
  public var epoch: Int
  /// Mean loss on the training set while it was being learned.
  public var loss: Double
  /// Share of right answers meanwhile; nil without classes.
  public var accuracy: Double?
  /// Mean loss on the validation set; nil without one.
  public var validationLoss: Double?
  /// Share of right answers there.
  public var validationAccuracy: Double?
  /// The learning rate of the last step.
  public var learningRate: Double
  /// Wall time in seconds, validation excluded; it is not part of the reproducible result.
  public var seconds: Double

  /// Makes a record.
  public init(
    epoch: Int, loss: Double, accuracy: Double?, validationLoss: Double? = nil,
    validationAccuracy: Double? = nil, learningRate: Double, seconds: Double
  ) {
    self.epoch = epoch
    self.loss = loss
    self.accuracy = accuracy
    self.validationLoss = validationLoss
    self.validationAccuracy = validationAccuracy
    self.learningRate = learningRate
    self.seconds = seconds
  }

  /// Whether this epoch did better on the validation set: by accuracy, then by loss.
  func isBetter(than other: EpochRecord) -> Bool {
    if let mine = validationAccuracy, let theirs = other.validationAccuracy, mine != theirs {
      return mine > theirs
    }
    return (validationLoss ?? .infinity) < (other.validationLoss ?? .infinity)
  }
}
