import Datasets
import Execution
import Programs
import Tensors

/// One thread's part of every batch: its buffers, and what the last step gave.
final class TrainingShard {
  let executor: TrainingExecutor
  private let teacher: (executor: InferenceExecutor, logits: ValueID)?
  private(set) var lossSum = 0.0
  private(set) var correctCount = 0
  private(set) var size = 0
  private(set) var failure: (any Error)?
  private var scratch: [Float]

  init(
    _ executor: TrainingExecutor, teacher: (executor: InferenceExecutor, logits: ValueID)?
  ) {
    self.executor = executor
    self.teacher = teacher
    scratch = []
  }

  /// Runs forward and backward over the examples at `rows` of the batch.
  func run(_ step: TrainingStep, rows: Range<Int>, parameters: [Tensor]) {
    size = rows.count
    failure = nil
    lossSum = 0
    correctCount = 0
    do {
      try forward(step, rows: rows, parameters: parameters)
      let part = try step.source.targets(of: step.indices[rows])
      let teacherRows = try teacherLogits(batch: rows.count)
      judge(step, targets: part, teacherRows: teacherRows)
    } catch {
      failure = error
      return
    }
    executor.backward(parameters: parameters)
  }

  private func forward(
    _ step: TrainingStep, rows: Range<Int>, parameters: [Tensor]
  ) throws {
    var failure: (any Error)?
    executor.fillInput(0, batch: rows.count) { span in
      do {
        try step.source.fill(&span, rows: rows, of: step, scratch: &scratch)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    try executor.forward(
      batch: rows.count, parameters: parameters, seed: step.seed, firstSample: rows.lowerBound)
  }

  private func judge(_ step: TrainingStep, targets: Targets, teacherRows: [Float]) {
    let width = executor.program.shape(of: executor.seeds[0]).count
    executor.withSeed(0) { value, gradient in
      correctCount = countCorrect(value, targets: targets, width: width)
      if step.judgesLogits {
        lossSum = Loss.judgeLogits(
          value, targets: targets, width: width, scale: step.scale, gradient: &gradient)
        if step.labelSmoothing > 0 {
          lossSum += Loss.smooth(
            value, share: step.labelSmoothing, targets: targets, width: width, scale: step.scale,
            gradient: &gradient)
        }
      } else {
        lossSum = step.loss.judge(
          value, targets: targets, width: width, scale: step.scale, gradient: &gradient)
      }
      guard let distillation = step.distillation, !teacherRows.isEmpty else { return }
      lossSum = distillation.blend(
        labelLoss: lossSum, student: value, teacher: teacherRows.span, width: width,
        scale: step.scale, gradient: &gradient)
    }
  }

  /// The teacher's logits for the inputs that the executor holds.
  private func teacherLogits(batch: Int) throws -> [Float] {
    guard let teacher else { return [] }
    let input = executor.program.inputs[0]
    var elements: [Float] = []
    elements.reserveCapacity(batch * input.shape.count)
    executor.withValue(input.value) { span in
      for index in span.indices { elements.append(span[index]) }
    }
    var rows: [Float] = []
    let shape = Shape([batch] + input.shape.extents)
    try teacher.executor.run([Tensor(shape: shape, elements: elements)]) { _ in
      teacher.executor.withValue(teacher.logits) { values in
        for index in values.indices { rows.append(values[index]) }
      }
    }
    return rows
  }
}

/// What all shards of a step share.
struct TrainingStep {
  let source: BatchSource
  /// The examples of the batch, by their place in the data set.
  let indices: [Int]
  let epoch: Int
  /// The examples of this epoch that came before.
  let position: Int
  let loss: Loss
  let judgesLogits: Bool
  let distillation: Distillation?
  var labelSmoothing: Float = 0
  /// What dropout draws from.
  let seed: UInt64

  /// Gradients are of the mean over the batch.
  var scale: Float { 1 / Float(indices.count) }
}

/// How many rows have their largest value at the label; 0 without labels.
func countCorrect(_ values: Span<Float>, targets: Targets, width: Int) -> Int {
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
