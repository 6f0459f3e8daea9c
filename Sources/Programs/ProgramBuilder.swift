public import Tensors

/// Builds a program step by step; every step infers and checks the shape of its result.
public struct ProgramBuilder: Sendable {
  private var inputs: [Program.Input] = []
  private var instructions: [Instruction] = []
  private var shapes: [Shape] = []
  private(set) var parameters: [ParameterDeclaration] = []
  private var parameterIDs: [String: ParameterID] = [:]

  /// The most values of one sample that a step may read or make, 4 TiB of them: far beyond any
  /// machine, and small enough for sums and products of costs to be counted.
  static let largestCount = 1 << 40
  /// The most multiplications of one step for one sample.
  static let mostMultiplications = 1 << 53

  /// Starts an empty program.
  public init() {}

  /// Declares an input of a shape per sample, without a batch axis.
  public mutating func input(_ shape: Shape, name: String) -> ValueID {
    let value = newValue(shape)
    inputs.append(Program.Input(name: name, value: value, shape: shape))
    return value
  }

  /// Declares a parameter; its value must stand at the same position of the list of tensors.
  ///
  /// A name and shape declared before give the same parameter: so shared layers share theirs.
  public mutating func parameter(
    name: String, shape: Shape, isTrainable: Bool = true
  ) -> ParameterID {
    if let known = parameterIDs[name], parameters[known.rawValue].shape == shape { return known }
    parameterIDs[name] = ParameterID(rawValue: parameters.count)
    parameters.append(ParameterDeclaration(name: name, shape: shape, isTrainable: isTrainable))
    return ParameterID(rawValue: parameters.count - 1)
  }

  /// Appends an operation and returns the value it makes.
  ///
  /// - Throws: ``LoweringError`` with both sides where shapes do not fit, or a size overflows.
  public mutating func append(
    _ operation: Operation, _ operands: ValueID..., origin: String
  ) throws(LoweringError) -> ValueID {
    try append(operation, operands: operands, origin: origin)
  }

  /// Appends an operation with a list of operands and returns the value it makes.
  ///
  /// - Throws: ``LoweringError`` with both sides where shapes do not fit, or a size overflows.
  public mutating func append(
    _ operation: Operation, operands: [ValueID], origin: String
  ) throws(LoweringError) -> ValueID {
    var operandShapes: [Shape] = []
    for operand in operands {
      guard shapes.indices.contains(operand.rawValue) else {
        throw .mismatch(
          origin: origin, operation: operation.name, expected: "one of \(shapes.count) values",
          found: "value \(operand.rawValue)")
      }
      operandShapes.append(shapes[operand.rawValue])
    }
    let inference = ShapeInference(
      operation: operation, operands: operandShapes, parameters: parameters, origin: origin)
    let shape = try inference.resultShape()
    for size in operandShapes + [shape] where size.count > ProgramBuilder.largestCount {
      throw .tooLarge(origin: origin, operation: operation.name, size: "a sample of [\(size)]")
    }
    let multiplications = try inference.multiplications(resultShape: shape)
    guard multiplications <= ProgramBuilder.mostMultiplications else {
      throw .tooLarge(
        origin: origin, operation: operation.name, size: "the number of multiplications")
    }
    let result = newValue(shape)
    instructions.append(
      Instruction(
        operation: operation, operands: operands, result: result, shape: shape, origin: origin,
        multiplications: multiplications))
    return result
  }

  /// The shape of a value made so far, per sample.
  public func shape(of value: ValueID) -> Shape { shapes[value.rawValue] }

  /// The shape of a parameter declared so far.
  public func shape(of parameter: ParameterID) -> Shape { parameters[parameter.rawValue].shape }

  /// How far a builder has come, to go back to when a step fails.
  public struct Mark: Sendable {
    fileprivate let instructions: Int
    fileprivate let shapes: Int
    fileprivate let parameters: Int
  }

  /// The present state.
  public var mark: Mark {
    Mark(
      instructions: instructions.count, shapes: shapes.count, parameters: parameters.count)
  }

  /// Forgets every instruction, value and parameter that was added since `mark`.
  public mutating func goBack(to mark: Mark) {
    for parameter in parameters[mark.parameters...] { parameterIDs[parameter.name] = nil }
    parameters.removeLast(parameters.count - mark.parameters)
    instructions.removeLast(instructions.count - mark.instructions)
    shapes.removeLast(shapes.count - mark.shapes)
  }

  /// Ends the program; the outputs must be values of this builder.
  public func finish(outputs: [ValueID]) -> Program {
    precondition(
      outputs.allSatisfy { shapes.indices.contains($0.rawValue) }, "an output of another builder")
    return Program(
      inputs: inputs, instructions: instructions, outputs: outputs, parameters: parameters,
      shapes: shapes)
  }

  private mutating func newValue(_ shape: Shape) -> ValueID {
    shapes.append(shape)
    return ValueID(rawValue: shapes.count - 1)
  }
}
