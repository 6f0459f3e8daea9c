public import Programs
public import Tensors

/// Runs a program forward on batches of any size, in chunks that reuse one set of buffers.
///
/// One executor serves one thread at a time; several may share the same parameters.
public final class InferenceExecutor {
  /// The program.
  public let program: Program
  /// The samples of one chunk.
  public let capacity: Int
  private let plan: ExecutionPlan
  private let workspace: Workspace
  private let parameters: [Tensor]

  /// Plans and allocates.
  ///
  /// - Parameters:
  ///   - parameters: the values, in the order in which the program declares them.
  ///   - capacity: the most samples to hold at once, at least 1; by default up to 256, as many
  ///     as 4 MiB of activations hold, but not fewer than 16.
  ///   - retained: values that ``withValue(_:_:)`` is to show besides the outputs.
  /// - Throws: ``ExecutionError`` where a parameter is missing or has another shape.
  public init(
    _ program: Program, parameters: [Tensor], capacity: Int? = nil,
    retaining retained: [ValueID] = []
  ) throws(ExecutionError) {
    try program.check(parameters: parameters)
    self.program = program
    self.parameters = parameters
    plan = StoragePlanner.plan(
      program, ExecutionPlan.Purpose(isTraining: false, retained: retained))
    let fitting = (4 << 20) / max(plan.bytesPerSample, 1)
    self.capacity = max(capacity ?? min(max(fitting, 16), 256), 1)
    workspace = plan.workspace(capacity: self.capacity)
    workspace.keepsParameters = true
  }

  /// Runs a batch; the first axis of every input and output is the batch.
  ///
  /// - Throws: ``ExecutionError`` where inputs do not fit the program.
  public func run(_ inputs: [Tensor]) throws(ExecutionError) -> [Tensor] {
    let batch = try program.batch(of: inputs)
    var outputs = program.outputShapes.map { Tensor.zeros(Shape([batch] + $0.extents)) }
    try run(inputs) { rows in
      for index in outputs.indices {
        let count = program.shape(of: program.outputs[index]).count
        withValue(program.outputs[index]) { values in
          outputs[index].withMutableElements { all in
            var part = all._mutatingExtracting(
              rows.lowerBound * count..<rows.upperBound * count)
            part.copy(values)
          }
        }
      }
    }
    return outputs
  }

  /// Runs a batch chunk by chunk; after each, `body` may look at values of the rows it is given.
  ///
  /// - Throws: ``ExecutionError`` where inputs do not fit the program.
  public func run(
    _ inputs: [Tensor], _ body: (_ rows: Range<Int>) -> Void
  ) throws(ExecutionError) {
    let batch = try program.batch(of: inputs)
    try workspace.allocate()
    workspace.parameters = parameters
    defer { release() }
    var start = 0
    while start < batch {
      let rows = start..<min(start + capacity, batch)
      for (index, input) in inputs.enumerated() {
        if rows.count == batch {
          workspace.bind(plan.inputSlots[index], to: input.elements)
          continue
        }
        let count = program.inputs[index].shape.count
        let source = input.elements
        workspace.write(plan.inputSlots[index], count: rows.count * count) {
          $0.copy(source.span.extracting(rows.lowerBound * count..<rows.upperBound * count))
        }
      }
      workspace.batch = rows.count
      for step in plan.steps { try step.kernel.forward(step, workspace) }
      body(rows)
      start = rows.upperBound
    }
  }

  /// Shows a kept value of the chunk just run: an output, or one named when the executor was made.
  public func withValue<Result>(_ value: ValueID, _ body: (Span<Float>) -> Result) -> Result {
    guard let slot = plan.valueSlots[value] else {
      preconditionFailure("value \(value.rawValue) was not retained")
    }
    let values = workspace.values(slot)
    return body(values.span.extracting(0..<program.shape(of: value).count * workspace.batch))
  }

  /// Bytes of activations held per sample of capacity.
  public var bytesPerSample: Int { plan.bytesPerSample }

  private func release() {
    workspace.parameters = []
    for slot in plan.inputSlots { workspace.unbind(slot) }
  }
}

extension ExecutionPlan {
  func workspace(capacity: Int) -> Workspace {
    Workspace(
      slotCounts: slotCounts, external: Set(inputSlots), stepCount: steps.count,
      scratchCount: steps.map(\.kernel.scratchCount).max() ?? 0, capacity: capacity,
      declarations: program.parameters, wantsGradients: purpose.isTraining)
  }
}

extension Program {
  /// Checks the values of all parameters against their declarations.
  func check(parameters values: [Tensor]) throws(ExecutionError) {
    guard values.count == parameters.count else {
      throw .count(of: "parameters", expected: parameters.count, found: values.count)
    }
    for (declaration, value) in zip(parameters, values) where declaration.shape != value.shape {
      throw .shape(
        of: declaration.name, expected: declaration.shape.description, found: value.shape)
    }
  }

  /// The common batch size of all inputs.
  func batch(of values: [Tensor]) throws(ExecutionError) -> Int {
    guard values.count == inputs.count else {
      throw .count(of: "inputs", expected: inputs.count, found: values.count)
    }
    guard let batch = values.first?.shape.extents.first, batch > 0 else {
      throw .batch(expected: Int.max, found: 0)
    }
    for (input, value) in zip(inputs, values) {
      guard value.shape.extents == [batch] + input.shape.extents else {
        throw .shape(of: input.name, expected: "\(batch)×\(input.shape)", found: value.shape)
      }
    }
    return batch
  }
}
