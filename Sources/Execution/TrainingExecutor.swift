public import Programs
public import Tensors

/// Runs a program forward and backward on one thread, in buffers allocated once.
///
/// The caller fills the inputs, runs ``forward(batch:parameters:seed:firstSample:)``, turns each
/// seed's value into its gradient with ``withSeed(_:_:)``, and runs ``backward(parameters:)``. A
/// seed is any value: an output, or the logits that a final softmax reads
/// (``Program/logits(of:)``), so that softmax and cross-entropy differentiate together.
public final class TrainingExecutor {
  /// The program.
  public let program: Program
  /// The values whose gradients the caller supplies.
  public let seeds: [ValueID]
  /// The most samples of one step.
  public let capacity: Int
  private let plan: ExecutionPlan
  private let workspace: Workspace

  /// Plans and allocates.
  ///
  /// - Parameters:
  ///   - capacity: the most samples of one step, at least 1.
  ///   - retained: values that ``withValue(_:_:)`` is to show besides outputs and seeds.
  ///   - retainedGradients: values whose gradients ``withGradient(of:_:)`` is to show.
  public init(
    _ program: Program, seeds: [ValueID], capacity: Int, retaining retained: [ValueID] = [],
    retainingGradients retainedGradients: [ValueID] = []
  ) {
    self.program = program
    self.seeds = seeds
    self.capacity = max(capacity, 1)
    plan = StoragePlanner.plan(
      program,
      ExecutionPlan.Purpose(
        isTraining: true, seeds: seeds, retained: retained, retainedGradients: retainedGradients))
    workspace = plan.workspace(capacity: self.capacity)
  }

  /// Binds an input to a tensor whose first axis is the batch, without copying.
  ///
  /// It is let go after the backward pass.
  public func bindInput(_ index: Int, to tensor: Tensor) {
    workspace.bind(plan.inputSlots[index], to: tensor.elements)
  }

  /// Lets `body` write the rows of an input, `batch` of them.
  public func fillInput(
    _ index: Int, batch: Int, _ body: (inout MutableSpan<Float>) -> Void
  ) {
    workspace.write(
      plan.inputSlots[index], count: batch * program.inputs[index].shape.count, body)
  }

  /// Runs forward, with dropout and batch statistics in force.
  ///
  /// - Parameters:
  ///   - seed: what dropout draws from; the same seed drops the same elements.
  ///   - firstSample: this shard's position in the whole batch.
  /// - Throws: ``ExecutionError`` where the batch, an input or a parameter does not fit.
  public func forward(
    batch: Int, parameters: [Tensor], seed: UInt64 = 0, firstSample: Int = 0
  ) throws(ExecutionError) {
    guard batch >= 1, batch <= capacity else { throw .batch(expected: capacity, found: batch) }
    try workspace.allocate()
    try program.check(parameters: parameters)
    for (index, input) in program.inputs.enumerated() {
      let found = workspace.values(plan.inputSlots[index]).count
      guard found >= batch * input.shape.count else {
        throw .count(
          of: "elements of \(input.name)", expected: batch * input.shape.count, found: found)
      }
    }
    workspace.parameters = parameters
    defer { workspace.parameters = [] }
    workspace.batch = batch
    workspace.seed = seed
    workspace.firstSample = firstSample
    workspace.stateUpdates.removeAll(keepingCapacity: true)
    for step in plan.steps { try step.kernel.forward(step, workspace) }
  }

  /// Shows a seed's value and lets `body` write its gradient, which holds stale numbers before.
  public func withSeed<Result>(
    _ index: Int, _ body: (_ value: Span<Float>, _ gradient: inout MutableSpan<Float>) -> Result
  ) -> Result {
    guard let valueSlot = plan.valueSlots[seeds[index]],
      let gradientSlot = plan.gradientSlots[seeds[index]]
    else { preconditionFailure("seed \(index) has no storage") }
    let count = program.shape(of: seeds[index]).count * workspace.batch
    let values = workspace.values(valueSlot)
    return workspace.writing(gradientSlot, count: count) {
      body(values.span.extracting(0..<count), &$0)
    }
  }

  /// Runs backward from the seeds' gradients; ``gradients`` then holds the sums over the batch.
  ///
  /// `parameters` must be those of the forward pass.
  public func backward(parameters: [Tensor]) {
    workspace.parameters = parameters
    workspace.startGradients()
    for step in plan.steps.reversed() where step.resultGradient != nil {
      step.kernel.backward(step, workspace)
    }
    workspace.finishGradients()
    workspace.parameters = []
  }

  /// The gradient of every trainable parameter, in order of declaration; empty for the others.
  public var gradients: [[Float]] { workspace.gradients }

  /// One parameter's gradient; let go of it before the next step, which would copy it otherwise.
  package func gradient(of parameter: ParameterID) -> [Float] {
    workspace.gradients[parameter.rawValue]
  }

  /// Shows one parameter's gradient without copying; empty for one that is not trained.
  public func withGradient<Result>(
    of parameter: ParameterID, _ body: (Span<Float>) -> Result
  ) -> Result {
    let gradient = workspace.gradients[parameter.rawValue]
    return body(gradient.span)
  }

  /// New running statistics of batch normalisation, by parameter.
  public var stateUpdates: [ParameterID: [Float]] { workspace.stateUpdates }

  /// Shows a kept value of the last forward pass.
  public func withValue<Result>(_ value: ValueID, _ body: (Span<Float>) -> Result) -> Result {
    guard let slot = plan.valueSlots[value] else {
      preconditionFailure("value \(value.rawValue) was not retained")
    }
    let values = workspace.values(slot)
    return body(values.span.extracting(0..<program.shape(of: value).count * workspace.batch))
  }

  /// Shows a kept gradient of the last backward pass; nil where none flows.
  public func withGradient<Result>(
    of value: ValueID, _ body: (Span<Float>) -> Result
  ) -> Result? {
    guard let slot = plan.gradientSlots[value] else { return nil }
    let values = workspace.values(slot)
    return body(values.span.extracting(0..<program.shape(of: value).count * workspace.batch))
  }

  /// Bytes of activations and gradients held per sample of capacity.
  public var bytesPerSample: Int { plan.bytesPerSample }
}

extension Program {
  /// The operand of the softmax that makes an output, or nil if the output is made otherwise.
  public func logits(of output: ValueID) -> ValueID? {
    guard let last = instructions.first(where: { $0.result == output }),
      last.operation == .activation(.softmax)
    else { return nil }
    return last.operands[0]
  }
}
