public import Datasets
import Dispatch
import Execution
import LinearAlgebra
#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif
public import Programs
public import Tensors

/// What a model gives on a data set.
public struct EvaluationResult: Sendable, Hashable {
  /// The examples.
  public var count: Int
  /// Mean loss an example.
  public var loss: Double
  /// How many had their label first; nil without classes.
  public var correctCount: Int?
  /// How many had their label among the first k.
  public var topCount: Int?
  /// The k of `topCount`.
  public var topK: Int
  /// Counts by true class (rows) and prediction (columns); empty without classes, or with more
  /// than 4,096.
  public var confusion: [[Int]]

  /// The share of right answers.
  public var accuracy: Double? { correctCount.map { Double($0) / Double(max(count, 1)) } }

  /// A 95 % interval of the accuracy (Wilson 1927).
  public var accuracyInterval: ClosedRange<Double>? {
    guard let accuracy, count > 0 else { return nil }
    let z = 1.959963984540054
    let n = Double(count)
    let centre = (accuracy + z * z / (2 * n)) / (1 + z * z / n)
    let half =
      z / (1 + z * z / n) * (accuracy * (1 - accuracy) / n + z * z / (4 * n * n)).squareRoot()
    return max(centre - half, 0)...min(centre + half, 1)
  }
}

/// Runs a program over a data set and judges its outputs.
public struct Evaluator: Sendable {
  /// The program, with one output.
  public let program: Program
  /// The values of its parameters.
  public let parameters: [Tensor]
  /// What is measured.
  public var loss: Loss
  /// The k of top-k.
  public var topK: Int
  /// Examples at once.
  public var batchSize: Int
  /// Threads; each takes a run of examples.
  public var threads: Int
  /// The most values of an output that are judged.
  private static let widthLimit = 1 << 24
  /// The most classes whose confusions are counted.
  private static let confusionLimit = 4096

  /// Makes an evaluator.
  public init(
    program: Program, parameters: [Tensor], loss: Loss = .crossEntropy, topK: Int = 5,
    batchSize: Int = 256, threads: Int = 1
  ) {
    self.program = program
    self.parameters = parameters
    self.loss = loss
    self.topK = topK
    self.batchSize = batchSize
    self.threads = threads
  }

  /// Judges every example.
  /// - Throws: `TrainingError.unsuited` where data and model do not fit; what reading throws.
  public func evaluate(_ dataset: Dataset, scaling: SampleScaling) throws -> EvaluationResult {
    // Threads share the examples; a product that did so too would only wait for them.
    try BLASThreads.scoped(1) { try judged(dataset, scaling: scaling) }
  }

  private func judged(_ dataset: Dataset, scaling: SampleScaling) throws -> EvaluationResult {
    guard program.inputs.count == 1, program.outputs.count == 1 else {
      throw TrainingError.unsuited(
        "evaluation needs one input and one output, found \(program.inputs.count) and "
          + "\(program.outputs.count)")
    }
    let width = program.outputShapes[0].count
    guard width <= Evaluator.widthLimit else {
      throw TrainingError.unsuited(
        "the output has \(width) values an example, at most \(Evaluator.widthLimit) are judged")
    }
    try dataset.checkSuits(inputs: program.inputs[0].shape, outputs: width)
    let isClassified = dataset.classCount != nil
    let logits = loss == .crossEntropy ? program.logits(of: program.outputs[0]) : nil
    // Few examples at once where one is large: 64 Mi values are 256 MiB.
    let widest = program.instructions.reduce(1) { max($0, $1.shape.count) }
    let batchSize = max(1, min(batchSize, (64 << 20) / widest))
    let parts = max(1, min(threads, (dataset.count + batchSize - 1) / batchSize))
    let size = (dataset.count + parts - 1) / parts
    var tallies = [Result<Tally, any Error>?](repeating: nil, count: parts)
    if parts == 1 {
      tallies[0] = Result {
        try tally(
          dataset, 0..<dataset.count, by: batchSize, scaling: scaling, logits: logits, width: width)
      }
    } else {
      unsafe tallies.withUnsafeMutableBufferPointer { buffer in
        // Each iteration writes its own element, and all end before this call returns.
        nonisolated(unsafe) let slots = unsafe buffer
        DispatchQueue.concurrentPerform(iterations: parts) { part in
          let range = min(part * size, dataset.count)..<min((part + 1) * size, dataset.count)
          unsafe slots[part] = Result {
            try tally(
              dataset, range, by: batchSize, scaling: scaling, logits: logits, width: width)
          }
        }
      }
    }
    let classCount = isClassified && width <= Evaluator.confusionLimit ? width : 0
    var total = Tally(classCount: classCount)
    for tally in tallies { if let tally { total.add(try tally.get()) } }
    return EvaluationResult(
      count: dataset.count, loss: total.loss / Double(max(dataset.count, 1)),
      correctCount: isClassified ? total.correct : nil,
      topCount: isClassified ? total.top : nil, topK: min(topK, width),
      confusion: isClassified ? total.confusion : [])
  }

  private struct Tally: Sendable {
    var loss = 0.0
    var correct = 0
    var top = 0
    var confusion: [[Int]]

    init(classCount: Int) {
      confusion = Array(repeating: Array(repeating: 0, count: classCount), count: classCount)
    }

    mutating func add(_ other: Tally) {
      loss += other.loss
      correct += other.correct
      top += other.top
      for row in confusion.indices {
        for column in confusion.indices {
          confusion[row][column] += other.confusion[row][column]
        }
      }
    }
  }

  private func tally(
    _ dataset: Dataset, _ range: Range<Int>, by batchSize: Int, scaling: SampleScaling,
    logits: ValueID?, width: Int
  ) throws -> Tally {
    let retained = logits.map { [$0] } ?? []
    var executor = try InferenceExecutor(program, parameters: parameters, retaining: retained)
    if executor.capacity > batchSize {
      executor = try InferenceExecutor(
        program, parameters: parameters, capacity: batchSize, retaining: retained)
    }
    // As many at once as the caches hold.
    let batchSize = executor.capacity
    let source = BatchSource(dataset: dataset, scaling: scaling)
    let isClassified = dataset.classCount != nil && width <= Evaluator.confusionLimit
    var tally = Tally(classCount: isClassified ? width : 0)
    var gradient = [Float](repeating: 0, count: batchSize * width)
    var elements: [Float] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let indices = Array(start..<min(start + batchSize, range.upperBound))
      let targets = try source.targets(of: indices[...])
      let shape = Shape([indices.count] + program.inputs[0].shape.extents)
      if elements.count != shape.count { elements = [Float](repeating: 0, count: shape.count) }
      try dataset.copyInputs(of: indices, scaling: scaling, into: &elements)
      // The last batch's tensor is gone by now, so that the array was written in place.
      let tensor = Tensor(shape: shape, elements: elements)
      try executor.run([tensor]) { _ in
        executor.withValue(logits ?? program.outputs[0]) { values in
          var slopes = gradient.mutableSpan
          tally.loss +=
            logits != nil
            ? Loss.judgeLogits(
              values, targets: targets, width: width, scale: 1, gradient: &slopes)
            : loss.judge(values, targets: targets, width: width, scale: 1, gradient: &slopes)
          if case .labels(let labels) = targets {
            rank(values, labels: labels, width: width, into: &tally)
          }
        }
      }
      start += indices.count
    }
    return tally
  }

  /// Counts where the label stands among each row's values.
  private func rank(
    _ values: Span<Float>, labels: [Int], width: Int, into tally: inout Tally
  ) {
    for (row, label) in labels.enumerated() {
      let own = values[row * width + label]
      var above = 0
      var best = 0
      for column in 0..<width {
        let value = values[row * width + column]
        if value > values[row * width + best] { best = column }
        if value > own || (value == own && column < label) { above += 1 }
      }
      if !tally.confusion.isEmpty { tally.confusion[label][best] += 1 }
      if best == label { tally.correct += 1 }
      if above < topK { tally.top += 1 }
    }
  }
}
