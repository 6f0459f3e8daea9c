import Datasets
import Execution
import LinearAlgebra
public import Models
import Programs
public import Tensors
public import Training

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

extension Model {
  /// Judges the model on data bound to it.
  /// - Throws: `LoweringError` naming a layer that cannot be run; what reading data throws.
  public func evaluated(
    on data: BoundData, loss: Loss = .crossEntropy, topK: Int = 5, threads: Int = 1
  ) throws -> EvaluationResult {
    let program = try lowered()
    return try Evaluator(
      program: program, parameters: try parameterValues(for: program), loss: loss, topK: topK,
      threads: threads
    ).evaluate(data.dataset, scaling: data.scaling)
  }

  /// The model's outputs for every example, each [examples × output shape], under their names.
  /// - Throws: `LoweringError` naming a layer that cannot be run; what reading data throws.
  public func predictions(
    on data: BoundData, batchSize: Int = 256
  ) throws -> [(name: String, tensor: Tensor)] {
    try BLASThreads.scoped(1) { try predicted(data, batchSize: batchSize) }
  }

  private func predicted(
    _ data: BoundData, batchSize: Int
  ) throws -> [(name: String, tensor: Tensor)] {
    let program = try lowered()
    let executor = try InferenceExecutor(program, parameters: try parameterValues(for: program))
    var rows = program.outputShapes.map { _ in [Float]() }
    var start = 0
    while start < data.dataset.count {
      let end = min(start + batchSize, data.dataset.count)
      let batch = try data.dataset.batch(start..<end, scaling: data.scaling)
      for (index, tensor) in try executor.run([batch.inputs]).enumerated() {
        rows[index] += tensor.elements
      }
      start = end
    }
    return zip(outputs, zip(program.outputShapes, rows)).map { output, values in
      (
        layers[calls[output.call].layer].path.replacing("/", with: "_"),
        Tensor(shape: Shape([data.dataset.count] + values.0.extents), elements: values.1)
      )
    }
  }

  /// The median time of one forward pass of `batch` examples, in seconds, on one thread.
  public func latency(batch: Int, runs: Int = 50) throws -> Double {
    try BLASThreads.scoped(1) { try measuredLatency(batch: batch, runs: runs) }
  }

  private func measuredLatency(batch: Int, runs: Int) throws -> Double {
    let program = try lowered()
    let executor = try InferenceExecutor(program, parameters: try parameterValues(for: program))
    let inputs = program.inputs.map {
      Tensor(repeating: 0.5, shape: Shape([batch] + $0.shape.extents))
    }
    for _ in 0..<3 { try executor.run(inputs) { _ in } }
    var times: [Double] = []
    for _ in 0..<max(runs, 1) {
      let start = monotonicSeconds()
      try executor.run(inputs) { _ in }
      times.append(monotonicSeconds() - start)
    }
    return times.sorted()[times.count / 2]
  }
}

/// Seconds of the monotonic clock.
func monotonicSeconds() -> Double {
  var time = timespec()
  // The pointer lives for the call only.
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
