public import Tensors

/// One step: an operation, what it reads, and the value it makes.
public struct Instruction: Sendable, Hashable {
  /// What is done.
  public let operation: Operation
  /// The values read.
  public let operands: [ValueID]
  /// The value made.
  public let result: ValueID
  /// The result's shape per sample, without a batch axis.
  public let shape: Shape
  /// The path of what was lowered, such as `conv2/kernel`.
  public let origin: String
  /// Multiplications of one sample, of products with a kernel only (MACs).
  public let multiplications: Int
}

/// A network as a straight line of primitive operations: structure only, no values.
///
/// Execution, gradients, cost, code export and verification see nothing else of a model.
public struct Program: Sendable, Hashable {
  /// A value that the caller supplies.
  public struct Input: Sendable, Hashable {
    /// The name it goes by.
    public let name: String
    /// The value it becomes.
    public let value: ValueID
    /// Its shape per sample.
    public let shape: Shape
  }

  /// What the caller supplies, in order.
  public let inputs: [Input]
  /// The steps, each after all that it reads.
  public let instructions: [Instruction]
  /// What the caller gets, in order.
  public let outputs: [ValueID]
  /// The tensors needed, in the order in which their values travel.
  public let parameters: [ParameterDeclaration]
  /// Every value's shape per sample, by raw value.
  public let shapes: [Shape]

  /// The shape of one value per sample.
  public func shape(of value: ValueID) -> Shape { shapes[value.rawValue] }

  /// The shapes of the outputs per sample.
  public var outputShapes: [Shape] { outputs.map(shape(of:)) }

  /// The number of scalars in all parameters.
  public var parameterCount: Int {
    parameters.reduce(0) { total, parameter in
      let (next, overflow) = total.addingReportingOverflow(parameter.shape.count)
      return overflow ? Int.max : next
    }
  }
}
