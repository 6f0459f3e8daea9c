import Foundation
import Datasets
import Execution
import Models
import Programs
import Tensors

@testable import Training

/// Points around one centre a class: easy, but not trivial.
func blobs(
  count: Int, classes: Int = 3, shape: Shape = [6], seed: UInt64 = 1, spread: Double = 0.6
) -> Dataset {
  var generator = SeededGenerator(seed: seed)
  var centres = SeededGenerator(seed: 99)
  let middle = (0..<classes).map { _ in (0..<shape.count).map { _ in centres.normal() } }
  let labels = (0..<count).map { _ in Int.random(in: 0..<classes, using: &generator) }
  let elements = labels.flatMap { label in
    middle[label].map { Float($0 + spread * generator.normal()) }
  }
  return Dataset(
    name: "blobs", inputs: Tensor(shape: Shape([count] + shape.extents), elements: elements),
    labels: labels, classNames: (0..<classes).map { "class \($0)" })
}

/// A network, lowered, with its values.
struct Net {
  let model: Model
  let program: Program
  var parameters: [Tensor]

  init(_ model: Model) throws {
    self.model = model
    program = try model.lowered()
    parameters = try model.parameterValues(for: program)
  }

  init(_ text: String, inputShape: Shape = [6], classCount: Int = 3, seed: UInt64 = 5) throws {
    try self.init(
      ModelArchitecture.make(text, inputShape: inputShape, classCount: classCount, seed: seed))
  }

  func trainer(
    _ options: TrainingOptions, state: TrainingState? = nil, isMasked: [Bool]? = nil
  ) throws -> Trainer {
    try Trainer(
      program: program, parameters: parameters,
      isMasked: isMasked ?? program.parameters.map { _ in false }, options: options, state: state)
  }

  /// The loss summed over a batch, and every parameter's gradient.
  func gradients(_ dataset: Dataset, loss: Loss = .crossEntropy) throws
    -> (loss: Double, gradients: [[Float]])
  {
    let logits = loss == .crossEntropy ? program.logits(of: program.outputs[0]) : nil
    let shard = TrainingShard(
      TrainingExecutor(program, seeds: [logits ?? program.outputs[0]], capacity: dataset.count),
      teacher: nil)
    let step = TrainingStep(
      source: BatchSource(dataset: dataset, scaling: .identity), indices: Array(0..<dataset.count),
      epoch: 0, position: 0, loss: loss, judgesLogits: logits != nil, distillation: nil, seed: 1)
    shard.run(step, rows: 0..<dataset.count, parameters: parameters)
    if let failure = shard.failure { throw failure }
    return (shard.lossSum / Double(dataset.count), shard.executor.gradients)
  }
}

extension Trainer {
  /// Trains to the end and returns the state.
  func finish(on dataset: Dataset, validation: Dataset? = nil) throws -> TrainingState {
    var isDone = isFinished
    while !isDone {
      guard
        var record = try runEpoch(on: dataset, scaling: .identity, afterStep: { _ in false })
      else { break }
      if let validation {
        let result = try Evaluator(
          program: program, parameters: state.parameters, loss: options.loss
        ).evaluate(validation, scaling: .identity)
        record.validationLoss = result.loss
        record.validationAccuracy = result.accuracy
      }
      isDone = finishEpoch(record)
    }
    return state
  }
}

/// Central differences of a function at chosen places of one of its arguments.
func finiteDifferences(
  of values: [Float], at places: [Int], step: Float, _ function: ([Float]) throws -> Double
) rethrows -> [Double] {
  try places.map { place in
    var moved = values
    moved[place] = values[place] + step
    let above = try function(moved)
    let upper = moved[place]
    moved[place] = values[place] - step
    let below = try function(moved)
    return (above - below) / Double(upper - moved[place])
  }
}

/// The natural logarithm in Double.
func logarithm(_ value: Float) -> Double { log(Double(value)) }
