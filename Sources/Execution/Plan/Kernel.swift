/// One step's arithmetic: a forward pass and the hand-written derivative beside it.
///
/// A kernel knows its extents per sample and its parameters; buffers are the workspace's.
protocol Kernel: Sendable {
  /// What the planner must keep, and what it may let the kernel overwrite.
  var traits: KernelTraits { get }

  /// Elements of scratch space that do not depend on the batch.
  var scratchCount: Int { get }

  /// Computes the step's result.
  func forward(_ step: Step, _ workspace: Workspace) throws(ExecutionError)

  /// Adds to the gradients of operands and parameters what the result's gradient implies.
  func backward(_ step: Step, _ workspace: Workspace)
}

extension Kernel {
  var scratchCount: Int { 0 }
}

/// What a kernel's two passes read and may overwrite.
struct KernelTraits: Sendable {
  /// The result may take the storage of operand 0.
  var overwritesOperand = false
  /// The result is operand 0 under another shape, always in its storage.
  var isAlias = false
  /// The derivative reads the operands' values.
  var gradientReadsOperands = false
  /// The derivative reads the result's value.
  var gradientReadsResult = false
  /// Operand 0's gradient may take the storage of the result's gradient.
  var overwritesGradient = false
}

/// Where an operand's gradient goes.
struct GradientTarget: Sendable {
  /// The storage.
  let slot: Int
  /// Whether another reader of the value has written there before.
  let accumulates: Bool
}

/// A kernel bound to its storage.
struct Step: Sendable {
  /// The arithmetic.
  let kernel: any Kernel
  /// The path of what was lowered.
  let origin: String
  /// The position among the steps.
  let index: Int
  /// The storage of each operand.
  var operands: [Int]
  /// Elements of each operand per sample.
  var operandCounts: [Int]
  /// The storage of the result.
  var result: Int
  /// Elements of the result per sample.
  var resultCount: Int
  /// The storage of the result's gradient; nil where no gradient flows.
  var resultGradient: Int?
  /// Where the operands' gradients go; nil for one that needs none.
  var operandGradients: [GradientTarget?]
}
