public import Datasets
import Execution
import Foundation
import LinearAlgebra
public import Programs
public import Tensors

/// Trains a program's parameters: one step after another, from any saved state.
///
/// Not safe to share: one trainer belongs to one thread, which spreads shards over others.
public final class Trainer {
  /// The program.
  public let program: Program
  /// How it is trained.
  public let options: TrainingOptions
  /// Where training stands.
  public private(set) var state: TrainingState
  private let isTrained: [Bool]
  private let isMasked: [Bool]
  private let shards: [TrainingShard]
  private let pool: WorkerPool
  /// The mean loss of this run's first step.
  private var firstLoss: Double?
  /// A loss that has grown so many times since the first step will not come back.
  private static let growthLimit = 1e4
  /// The shards' gradients summed, one array a parameter; empty with one shard.
  private var sums: [[Float]]

  /// Prepares training; `state` continues a saved run.
  ///
  /// - Parameters:
  ///   - isMasked: for each parameter, whether its zeros stay.
  ///   - teacher: a program with the same inputs whose outputs are distilled, and its parameters.
  public init(
    program: Program, parameters: [Tensor], isMasked: [Bool], options: TrainingOptions,
    state: TrainingState? = nil, teacher: (program: Program, parameters: [Tensor])? = nil
  ) throws {
    guard program.inputs.count == 1, program.outputs.count == 1 else {
      throw TrainingError.unsuited(
        "training needs one input and one output, found \(program.inputs.count) and "
          + "\(program.outputs.count)")
    }
    self.program = program
    self.options = options
    self.isMasked = isMasked
    let isTrained = program.parameters.map(\.isTrainable)
    self.isTrained = isTrained
    self.state =
      state
      ?? TrainingState(
        parameters: parameters,
        optimizer: Optimizer(
          settings: options.optimizer, weightDecay: options.weightDecay, parameters: parameters,
          isTrained: isTrained))
    // Softmax and cross-entropy are differentiated together, at the logits.
    let logits = program.logits(of: program.outputs[0])
    let usesLogits = options.loss == .crossEntropy || options.distillation != nil
    let seed = usesLogits ? logits ?? program.outputs[0] : program.outputs[0]
    if options.labelSmoothing > 0, options.loss != .crossEntropy || logits == nil {
      throw TrainingError.unsuited(
        "label smoothing needs cross-entropy and a softmax at the end")
    }
    var teacherLogits: ValueID?
    if let teacher {
      teacherLogits = teacher.program.logits(of: teacher.program.outputs[0])
      guard let teacherLogits, seed != program.outputs[0],
        teacher.program.inputs.count == 1,
        teacher.program.inputs[0].shape.count == program.inputs[0].shape.count,
        teacher.program.shape(of: teacherLogits) == program.shape(of: seed)
      else {
        throw TrainingError.unsuited(
          "distillation needs a teacher with the student's inputs and outputs, both with a softmax "
            + "at the end")
      }
    }
    let count = max(1, min(options.threads, options.batchSize))
    let capacity = (options.batchSize + count - 1) / count
    var shards: [TrainingShard] = []
    for _ in 0..<count {
      var follower: (executor: InferenceExecutor, logits: ValueID)?
      if let teacher, let teacherLogits {
        let executor = try InferenceExecutor(
          teacher.program, parameters: teacher.parameters, capacity: capacity,
          retaining: [teacherLogits])
        follower = (executor, teacherLogits)
      }
      shards.append(
        TrainingShard(
          TrainingExecutor(
            program, seeds: [seed], capacity: capacity,
            retaining: follower == nil ? [] : [program.inputs[0].value]),
          teacher: follower))
    }
    self.shards = shards
    pool = WorkerPool(count: count)
    sums =
      count == 1
      ? []
      : program.parameters.map { parameter in
        parameter.isTrainable ? [Float](repeating: 0, count: parameter.shape.count) : []
      }
  }

  /// Whether the seed of the backward pass is the operand of the final softmax.
  private var seedsLogits: Bool { shards[0].executor.seeds[0] != program.outputs[0] }

  /// Steps an epoch of `count` examples takes.
  public func stepCount(for count: Int) -> Int {
    (count + options.batchSize - 1) / options.batchSize
  }

  /// Goes on to the end of the epoch, or until `afterStep` says after a step that it should stop.
  ///
  /// - Returns: the epoch's record, or nil if it was stopped before its end.
  /// - Throws: `TrainingError.diverged` when the loss is not finite or has grown beyond use, before
  ///   the step that would spoil the parameters; what reading data throws.
  public func runEpoch(
    on dataset: Dataset, scaling: SampleScaling, afterStep: (inout TrainingState) throws -> Bool
  ) throws -> EpochRecord? {
    // Shards share a batch between threads; a product that did so too would only wait for them.
    try BLASThreads.scoped(1) {
      try runSteps(on: dataset, scaling: scaling, afterStep: afterStep)
    }
  }

  private func runSteps(
    on dataset: Dataset, scaling: SampleScaling, afterStep: (inout TrainingState) throws -> Bool
  ) throws -> EpochRecord? {
    let outputs = program.shape(of: shards[0].executor.seeds[0]).count
    try dataset.checkSuits(inputs: program.inputs[0].shape, outputs: outputs)
    let source = BatchSource(
      dataset: dataset, scaling: scaling, augmentation: options.augmentation, seed: options.seed)
    let order = source.order(epoch: state.epoch)
    let start = Date()
    while state.position < order.count {
      let end = min(state.position + options.batchSize, order.count)
      let step = TrainingStep(
        source: source, indices: Array(order[state.position..<end]), epoch: state.epoch,
        position: state.position, loss: options.loss, judgesLogits: seedsLogits,
        distillation: options.distillation, labelSmoothing: options.labelSmoothing,
        seed: options.seed &+ UInt64(state.optimizer.stepCount) &* 0x9E37_79B9)
      let index = state.position / options.batchSize
      try run(step, rate: rate(atStep: index, count: order.count))
      state.position = end
      if try afterStep(&state) { return nil }
    }
    let total = Double(max(order.count, 1))
    return EpochRecord(
      epoch: state.epoch + 1, loss: state.lossSum / total,
      accuracy: dataset.classCount == nil ? nil : Double(state.correctCount) / total,
      learningRate: rate(atStep: stepCount(for: order.count) - 1, count: order.count),
      seconds: Date().timeIntervalSince(start))
  }

  /// The learning rate of a step of the epoch under way.
  private func rate(atStep step: Int, count: Int) -> Double {
    let steps = stepCount(for: count)
    return options.schedule.rate(
      at: state.epoch * steps + step, of: options.epochs * steps, stepsPerEpoch: steps)
  }

  /// Ends an epoch: records it, keeps the best, and moves on to the next.
  ///
  /// - Returns: whether training should end, because patience ran out or all epochs are done.
  public func finishEpoch(_ record: EpochRecord) -> Bool {
    let best = state.best.map { state.history[$0.epoch] }
    state.history.append(record)
    if record.validationLoss != nil, best.map(record.isBetter) ?? true {
      state.best = .init(
        epoch: state.epoch, parameters: options.keepsBest ? state.judged : [])
    }
    state.epoch += 1
    state.position = 0
    state.lossSum = 0
    state.correctCount = 0
    return isFinished
  }

  /// Whether all epochs are done, or patience ran out.
  public var isFinished: Bool {
    if let patience = options.patience, let best = state.best,
      state.position == 0, state.epoch - 1 - best.epoch >= patience
    {
      return true
    }
    return state.epoch >= options.epochs
  }

  /// The parameters to keep: the best epoch's where one was chosen, else the last.
  public var result: [Tensor] {
    if options.keepsBest, let best = state.best, !best.parameters.isEmpty {
      return best.parameters
    }
    return state.judged
  }

  // MARK: One step

  private func run(_ step: TrainingStep, rate: Double) throws {
    let batch = step.indices.count
    let perShard = (batch + shards.count - 1) / shards.count
    let active = shards.prefix((batch + perShard - 1) / perShard)
    func runShard(_ index: Int) {
      let rows = index * perShard..<min((index + 1) * perShard, batch)
      shards[index].run(step, rows: rows, parameters: state.parameters)
    }
    // Each job touches its own shard only, and all end before this call returns.
    nonisolated(unsafe) let unsafeRun = runShard
    pool.run(jobs: active.count) { unsafe unsafeRun($0) }
    var loss = 0.0
    var correct = 0
    for shard in active {
      if let failure = shard.failure { throw failure }
      loss += shard.lossSum
      correct += shard.correctCount
    }
    let mean = loss / Double(batch)
    if firstLoss == nil { firstLoss = mean }
    guard mean.isFinite, mean <= Trainer.growthLimit * max(firstLoss ?? mean, 1) else {
      throw TrainingError.diverged(
        epoch: step.epoch, step: step.position / options.batchSize, loss: mean, learningRate: rate)
    }
    state.lossSum += loss
    state.correctCount += correct
    update(active, rate: Float(rate))
  }

  private func update(_ active: ArraySlice<TrainingShard>, rate: Float) {
    state.optimizer.beginStep()
    for index in program.parameters.indices where isTrained[index] {
      let id = ParameterID(rawValue: index)
      if active.count == 1 {
        shards[0].executor.withGradient(of: id) { gradient in
          state.update(index, gradient: gradient, learningRate: rate, isMasked: isMasked[index])
        }
        continue
      }
      let gradients = active.map { $0.executor.gradient(of: id) }
      state.update(
        index, gradients: gradients, sum: &sums[index], learningRate: rate,
        isMasked: isMasked[index], pool: pool)
    }
    moveStatistics(active)
    if let decay = options.averaging { state.moveAverage(decay: decay) }
  }

  /// Running statistics become the mean of the shards' new ones, weighted by their sizes.
  private func moveStatistics(_ active: ArraySlice<TrainingShard>) {
    let total = Float(active.reduce(0) { $0 + $1.size })
    var sums: [ParameterID: [Float]] = [:]
    for shard in active {
      let share = Float(shard.size) / total
      for (id, values) in shard.executor.stateUpdates {
        var sum = sums[id] ?? [Float](repeating: 0, count: values.count)
        for position in values.indices { sum[position] += share * values[position] }
        sums[id] = sum
      }
    }
    for (id, values) in sums {
      state.parameters[id.rawValue] = Tensor(
        shape: state.parameters[id.rawValue].shape, elements: values)
    }
  }
}
