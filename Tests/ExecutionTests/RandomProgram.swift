import Programs
import Tensors

/// A random network of small image operations, rich in shared and reshaped values.
struct RandomProgram {
  private(set) var builder = ProgramBuilder()
  private(set) var values: [ValueID] = []
  private var parameterCount = 0
  private var generator: SeededGenerator
  private static let shape: Shape = [3, 4, 2]

  init(seed: UInt64, length: Int) throws {
    generator = SeededGenerator(seed: seed)
    values = [builder.input(Self.shape, name: "x"), builder.input(Self.shape, name: "z")]
    for _ in 0..<length { values.append(try next()) }
  }

  /// The program with the last value and a random earlier one as outputs.
  mutating func finished() -> Program {
    let other = values[2 + choice(values.count - 3)]
    return builder.finish(outputs: [values[values.count - 1], other])
  }

  private mutating func choice(_ count: Int) -> Int {
    min(Int(generator.uniform() * Double(count)), count - 1)
  }

  /// A recent value, often one that others read too.
  private mutating func operand() -> ValueID {
    values[values.count - 1 - choice(min(values.count, 4))]
  }

  private mutating func channelParameter(isTrainable: Bool = true) -> ParameterID {
    parameter([2], isTrainable: isTrainable)
  }

  /// A new parameter under a name of its own.
  private mutating func parameter(_ shape: Shape, isTrainable: Bool = true) -> ParameterID {
    parameterCount += 1
    return builder.parameter(name: "p\(parameterCount)", shape: shape, isTrainable: isTrainable)
  }

  private mutating func append(_ operation: Operation, _ operands: ValueID...) throws -> ValueID {
    try builder.append(operation, operands: operands, origin: operation.name)
  }

  private mutating func next() throws -> ValueID {
    let x = operand()
    switch choice(14) {
    case 0:
      let kernel = parameter([3, 3, 2, 2])
      let geometry = Conv2DGeometry(padding: Padding2D(top: 1, left: 1, bottom: 1, right: 1))
      let product = try append(.conv2D(kernel, geometry), x)
      let biased = try append(.addBias(channelParameter()), product)
      return try append(.activation(.tanh), biased)
    case 1:
      let kernel = parameter([2, 2])
      let product = try append(.matmul(kernel), x)
      return try append(.activation(choice(2) == 0 ? .relu() : .swish), product)
    case 2: return try append(.addBias(channelParameter()), x)
    case 3: return try append(.scale(channelParameter()), x)
    case 4:
      let functions: [ActivationFunction] = [.sigmoid, .relu(), .gelu(approximate: false), .linear]
      return try append(.activation(functions[choice(4)]), x)
    case 5:
      return try append(
        .batchNorm(
          gamma: channelParameter(), beta: channelParameter(),
          mean: channelParameter(isTrainable: false),
          variance: channelParameter(isTrainable: false), epsilon: 0.1, momentum: 0.9), x)
    case 6: return try append(.elementwise(.add), x, operand())
    case 7: return try append(.elementwise(.subtract), x, operand())
    case 8:
      let gate = try append(.activation(.sigmoid), operand())
      return try append(.elementwise(.multiply), x, gate)
    case 9:
      let flat = try append(.reshape([24]), x)
      let normal = try append(.l2Normalize, flat)
      return try append(.reshape(Self.shape), normal)
    case 10:
      let flat = try append(.reshape([24]), x)
      // Read twice: once through the alias, once by the addition.
      let moved = try append(.affine(scale: [0.5], offset: [0.1]), flat)
      return try append(.elementwise(.add), try append(.reshape(Self.shape), moved), x)
    case 11:
      let turned = try append(.transpose([1, 0, 2]), x)
      let active = try append(.activation(.softsign), turned)
      return try append(.transpose([1, 0, 2]), active)
    case 12:
      let joined = try append(.concatenate(axis: 2), x, operand())
      return try append(.selectLast([3, 0]), joined)
    default: return try append(.activation(.softmax), x)
    }
  }
}
