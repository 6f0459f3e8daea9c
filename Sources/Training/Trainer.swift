public import Datasets
import Dispatch
import Execution
import Foundation
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
  private let shards: [Shard]
  private let teacher: InferenceExecutor?
  private let teacherLogits: ValueID?

  /// One thread's part of every batch.
  private final class Shard {
    let executor: TrainingExecutor
    var lossSum = 0.0
    var correctCount = 0
    var size = 0
    var failure: (any Error)?

    init(_ executor: TrainingExecutor) { self.executor = executor }
  }

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
    let count = max(1, min(options.threads, options.batchSize))
    shards = (0..<count).map { _ in
      Shard(
        TrainingExecutor(
          program, seeds: [seed], capacity: (options.batchSize + count - 1) / count))
    }
    if let teacher {
      guard let logits = teacher.program.logits(of: teacher.program.outputs[0]),
        usesLogits, seed != program.outputs[0]
      else {
        throw TrainingError.unsuited("distillation needs teacher and student to end in a softmax")
      }
      teacherLogits = logits
      self.teacher = try InferenceExecutor(
        teacher.program, parameters: teacher.parameters, capacity: options.batchSize,
        retaining: [logits])
    } else {
      teacherLogits = nil
      self.teacher = nil
    }
  }

  /// Whether the seed of the backward pass is the operand of the final softmax.
  private var seedsLogits: Bool { shards[0].executor.seeds[0] != program.outputs[0] }

  /// Steps an epoch of `count` examples takes.
  public func stepCount(for count: Int) -> Int {
    (count + options.batchSize - 1) / options.batchSize
  }

  /// Goes on to the end of the epoch, or until `shouldStop` says so after a step.
  ///
  /// - Returns: the epoch's record, or nil if it was stopped before its end.
  /// - Throws: `TrainingError.diverged` when the loss is not finite; what reading data throws.
  public func runEpoch(
    on dataset: Dataset, scaling: SampleScaling, afterStep: (inout TrainingState) throws -> Bool
  ) throws -> EpochRecord? {
    var source = BatchSource(
      dataset, scaling: scaling, augmentation: options.augmentation, seed: options.seed,
      capacity: options.batchSize)
    let order = source.order(epoch: state.epoch)
    let steps = stepCount(for: order.count)
    let start = Date()
    var rate = 0.0
    while state.position < order.count {
      let end = min(state.position + options.batchSize, order.count)
      let indices = Array(order[state.position..<end])
      let step = state.position / options.batchSize
      rate = options.schedule.rate(
        at: state.epoch * steps + step, of: options.epochs * steps, stepsPerEpoch: steps)
      let inputs = try source.inputs(
        of: indices, epoch: state.epoch, position: state.position)
      let before = state.lossSum
      try self.step(inputs, targets: try source.targets(of: indices), rate: Float(rate))
      let loss = (state.lossSum - before) / Double(indices.count)
      guard loss.isFinite else {
        throw TrainingError.diverged(
          epoch: state.epoch, step: step, loss: loss, learningRate: rate)
      }
      state.position = end
      if try afterStep(&state) { return nil }
    }
    let total = Double(max(order.count, 1))
    let record = EpochRecord(
      epoch: state.epoch + 1, loss: state.lossSum / total,
      accuracy: dataset.classCount == nil ? nil : Double(state.correctCount) / total,
      learningRate: rate, seconds: Date().timeIntervalSince(start))
    return record
  }

  /// Ends an epoch: records it, keeps the best, and moves on to the next.
  ///
  /// - Returns: whether training should end, because patience ran out or all epochs are done.
  public func finishEpoch(_ record: EpochRecord) -> Bool {
    let best = state.best.map { state.history[$0.epoch] }
    state.history.append(record)
    if record.validationLoss != nil, best.map(record.isBetter) ?? true {
      state.best = .init(
        epoch: state.epoch, parameters: options.keepsBest ? state.parameters : [])
    }
    state.epoch += 1
    state.position = 0
    state.lossSum = 0
    state.correctCount = 0
    if let patience = options.patience, let best = state.best,
      state.epoch - 1 - best.epoch >= patience
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
    return state.parameters
  }

  // MARK: One step

  private func step(_ inputs: [Float], targets: Targets, rate: Float) throws {
    let batch = targets.count
    let teacherRows = try teacherLogits(for: inputs, batch: batch)
    let perShard = (batch + shards.count - 1) / shards.count
    let dropoutSeed = options.seed &+ UInt64(state.optimizer.stepCount) &* 0x9E37_79B9
    let active = shards.indices.filter { $0 * perShard < batch }
    let run = { (index: Int) in
      let rows = index * perShard..<min((index + 1) * perShard, batch)
      self.runShard(
        self.shards[index], rows: rows, inputs: inputs, targets: targets,
        teacherRows: teacherRows, scale: 1 / Float(batch), seed: dropoutSeed)
    }
    if active.count == 1 {
      run(0)
    } else {
      // Each iteration touches its own shard only, and all end before this call returns.
      nonisolated(unsafe) let unsafeRun = run
      DispatchQueue.concurrentPerform(iterations: active.count) { unsafe unsafeRun($0) }
    }
    for index in active {
      if let failure = shards[index].failure { throw failure }
      state.lossSum += shards[index].lossSum
      state.correctCount += shards[index].correctCount
    }
    update(active: active, rate: rate)
  }

  private func runShard(
    _ shard: Shard, rows: Range<Int>, inputs: [Float], targets: Targets, teacherRows: [Float],
    scale: Float, seed: UInt64
  ) {
    let executor = shard.executor
    let inputWidth = program.inputs[0].shape.count
    shard.size = rows.count
    shard.failure = nil
    executor.fillInput(0, batch: rows.count) { span in
      let part = inputs.span.extracting(
        rows.lowerBound * inputWidth..<rows.upperBound * inputWidth)
      for index in span.indices { span[index] = part[index] }
    }
    do {
      try executor.forward(
        batch: rows.count, parameters: state.parameters, seed: seed,
        firstSample: rows.lowerBound)
    } catch {
      shard.failure = error
      return
    }
    let part = targets.rows(rows)
    let width = program.shape(of: executor.seeds[0]).count
    let fused = seedsLogits
    let loss = options.loss
    let distillation = options.distillation
    executor.withSeed(0) { value, gradient in
      shard.correctCount = correctCount(value, targets: part, width: width)
      if fused {
        shard.lossSum = Loss.judgeLogits(
          value, targets: part, width: width, scale: scale, gradient: &gradient)
      } else {
        shard.lossSum = loss.judge(
          value, targets: part, width: width, scale: scale, gradient: &gradient)
      }
      if let distillation, !teacherRows.isEmpty {
        distillation.blend(
          student: value, teacher: teacherRows.span, firstRow: rows.lowerBound,
          rows: rows.count, width: width, scale: scale, gradient: &gradient)
      }
    }
    executor.backward(parameters: state.parameters)
  }

  private func update(active: [Int], rate: Float) {
    state.optimizer.beginStep()
    for index in program.parameters.indices where isTrained[index] {
      let id = ParameterID(rawValue: index)
      if active.count == 1 {
        shards[0].executor.withGradient(of: id) { gradient in
          update(index, gradient: gradient, rate: rate)
        }
        continue
      }
      var sum = [Float](repeating: 0, count: state.parameters[index].count)
      for shard in active {
        shards[shard].executor.withGradient(of: id) { gradient in
          var target = sum.mutableSpan
          for position in gradient.indices { target[position] += gradient[position] }
        }
      }
      update(index, gradient: sum.span, rate: rate)
    }
    moveStatistics(active: active)
  }

  /// Moves one parameter; it is taken out of the state meanwhile, so that it is changed in place.
  private func update(_ index: Int, gradient: Span<Float>, rate: Float) {
    var parameter = state.parameters[index]
    state.parameters[index] = Tensor(shape: [0], elements: [])
    state.optimizer.update(
      &parameter, index: index, gradient: gradient, learningRate: rate,
      isMasked: isMasked[index])
    state.parameters[index] = parameter
  }

  /// Running statistics become the mean of the shards' new ones, weighted by their sizes.
  private func moveStatistics(active: [Int]) {
    let total = Float(active.reduce(0) { $0 + shards[$1].size })
    var sums: [ParameterID: [Float]] = [:]
    for index in active {
      let share = Float(shards[index].size) / total
      for (id, values) in shards[index].executor.stateUpdates {
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

  private func teacherLogits(for inputs: [Float], batch: Int) throws -> [Float] {
    guard let teacher, let teacherLogits else { return [] }
    let shape = teacher.program.inputs[0].shape
    let tensor = Tensor(
      shape: Shape([batch] + shape.extents), elements: Array(inputs.prefix(batch * shape.count)))
    var rows: [Float] = []
    try teacher.run([tensor]) { _ in
      teacher.withValue(teacherLogits) { values in
        for index in values.indices { rows.append(values[index]) }
      }
    }
    return rows
  }
}

/// How many rows have their largest value at the label; 0 without labels.
func correctCount(_ values: Span<Float>, targets: Targets, width: Int) -> Int {
  guard case .labels(let labels) = targets else { return 0 }
  var count = 0
  for (row, label) in labels.enumerated() {
    var best = 0
    for column in 1..<max(width, 1) where values[row * width + column] > values[row * width + best]
    { best = column }
    if best == label { count += 1 }
  }
  return count
}
