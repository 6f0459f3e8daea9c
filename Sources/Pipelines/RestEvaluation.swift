import Datasets
import Execution
import Models
import Programs
import Tensors
import Training

/// Judges models that differ from a given one in a single kernel: what comes before that kernel is
/// computed once.
final class RestEvaluation {
  private let model: Model
  private let data: BoundData
  private let threads: Int
  /// The most bytes of kept values; beyond, whole models are run.
  private let limit: Int
  private var kept: Kept?

  /// The values that enter the part which changes.
  private struct Kept {
    let path: String
    let position: Int
    let value: ValueID
    let beginning: ArraySlice<Instruction>
    let dataset: Dataset
  }

  init(_ model: Model, on data: BoundData, threads: Int, byteLimit: Int = 1 << 29) {
    self.model = model
    self.data = data
    self.threads = threads
    limit = byteLimit
  }

  /// The result of a model in which only the kernel at `path`, and its bias, was changed.
  func evaluate(_ changed: Model, kernel path: String) throws -> EvaluationResult {
    if kept?.path != path { kept = try keep(before: path) }
    let program = try changed.lowered()
    let parameters = try changed.parameterValues(for: program)
    guard let kept, program.instructions.count >= kept.position,
      program.instructions[..<kept.position] == kept.beginning
    else {
      return try Evaluator(program: program, parameters: parameters, threads: threads)
        .evaluate(data.dataset, scaling: data.scaling)
    }
    return try Evaluator(
      program: program.rest(from: kept.position, input: kept.value), parameters: parameters,
      threads: threads
    ).evaluate(kept.dataset, scaling: .identity)
  }

  /// Runs the model up to the kernel; nil where nothing is saved by that, or it takes too much room.
  private func keep(before path: String) throws -> Kept? {
    let program = try model.lowered()
    guard let first = program.instructions.firstIndex(where: { $0.origin == path }),
      let (position, value) = program.narrowPosition(upTo: first), position > 0,
      let labels = data.dataset.labels,
      program.shape(of: value).count * 4 <= limit / max(data.dataset.count, 1)
    else { return nil }
    let executor = try InferenceExecutor(
      program.beginning(upTo: position, output: value),
      parameters: try model.parameterValues(for: program))
    var rows: [Float] = []
    rows.reserveCapacity(program.shape(of: value).count * data.dataset.count)
    var start = 0
    while start < data.dataset.count {
      let end = min(start + executor.capacity, data.dataset.count)
      let batch = try data.dataset.batch(start..<end, scaling: data.scaling)
      rows += try executor.run([batch.inputs])[0].elements
      start = end
    }
    let inputs = Tensor(
      shape: Shape([data.dataset.count] + program.shape(of: value).extents), elements: rows)
    return Kept(
      path: path, position: position, value: value,
      beginning: program.instructions[..<position],
      dataset: Dataset(
        name: data.dataset.name, inputs: inputs, labels: labels,
        classNames: data.dataset.classNames, split: data.dataset.split))
  }
}
