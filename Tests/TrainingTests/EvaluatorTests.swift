import Datasets
import Execution
import Models
import Programs
import Tensors
import Testing

@testable import Training

extension Evaluator {
  /// All values of a net's output on all examples.
  static func outputs(of net: Net, on data: Dataset) throws -> [Float] {
    let executor = try InferenceExecutor(net.program, parameters: net.parameters)
    return try executor.run([data.batch(0..<data.count).inputs])[0].elements
  }
}

@Suite struct EvaluatorTests {
  private let data = blobs(count: 101)

  @Test(arguments: [1, 2, 3], [7, 256])
  func resultsAreThoseOfTheOutputs(threads: Int, batch: Int) throws {
    let net = try Net("mlp:6-9-3")
    let evaluator = Evaluator(
      program: net.program, parameters: net.parameters, topK: 2, batchSize: batch, threads: threads)
    let result = try evaluator.evaluate(data, scaling: .identity)
    let outputs = try Evaluator.outputs(of: net, on: data)
    let labels = try #require(data.labels)
    var loss = 0.0
    var correct = 0
    var top = 0
    var confusion = [[Int]](repeating: [0, 0, 0], count: 3)
    for (row, label) in labels.enumerated() {
      let values = Array(outputs[row * 3..<row * 3 + 3])
      let order = (0..<3).sorted { values[$0] > values[$1] }
      confusion[label][order[0]] += 1
      if order[0] == label { correct += 1 }
      if order.prefix(2).contains(label) { top += 1 }
      loss -= logarithm(values[label])
    }
    #expect(result.count == 101)
    #expect(result.correctCount == correct)
    #expect(result.topCount == top)
    #expect(result.confusion == confusion)
    #expect(abs(result.loss - loss / 101) <= 1e-6)
  }

  @Test func theIntervalIsWilsons() {
    // Agresti and Coull's example of 81 in 263, by the formula in Python's double precision.
    let result = EvaluationResult(
      count: 263, loss: 0, correctCount: 81, topCount: nil, topK: 1, confusion: [])
    let interval = result.accuracyInterval
    #expect(abs((interval?.lowerBound ?? 0) - 0.2552885) <= 1e-6)
    #expect(abs((interval?.upperBound ?? 0) - 0.3662096) <= 1e-6)
  }

  @Test func labelsBeyondTheOutputsAreNamed() throws {
    let net = try Net("mlp:6-9-3")
    let error = #expect(throws: DatasetError.self) {
      _ = try Evaluator(program: net.program, parameters: net.parameters)
        .evaluate(blobs(count: 50, classes: 5), scaling: .identity)
    }
    #expect(error?.description.hasPrefix("blobs: ") == true)
  }
}
