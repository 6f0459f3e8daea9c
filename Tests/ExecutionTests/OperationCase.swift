import Programs
import Tensors
import Testing

/// One operation on given shapes, to be checked against the reference kernels.
struct OperationCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let inputs: [Shape]
  let parameters: [Shape]
  let operation: Operation
  /// Parameters that are positive and not trained, such as variances.
  let positive: Set<Int>
  /// The entries of the table that inputs point into, where they do.
  let entries: Int?
  /// The elements of each tensor at which its gradient is compared.
  let probes: Int

  init(
    _ description: String, _ inputs: [Shape], _ parameters: [Shape] = [], _ operation: Operation,
    positive: Set<Int> = [], entries: Int? = nil, probes: Int = 24
  ) {
    testDescription = description
    self.inputs = inputs
    self.parameters = parameters
    self.operation = operation
    self.positive = positive
    self.entries = entries
    self.probes = probes
  }

  /// The program of this one operation.
  func program() throws -> Program {
    var builder = ProgramBuilder()
    let values = inputs.enumerated().map { builder.input($1, name: "x\($0)") }
    for (index, shape) in parameters.enumerated() {
      _ = builder.parameter(name: "p\(index)", shape: shape, isTrainable: !positive.contains(index))
    }
    let y = try builder.append(operation, operands: values, origin: testDescription)
    return builder.finish(outputs: [y])
  }

  func randomInputs(batch: Int, _ generator: inout SeededGenerator) -> [Tensor] {
    inputs.map { shape in
      let batched = Shape([batch] + shape.extents)
      guard let entries else { return Tensor.normal(batched, generator: &generator) }
      return Tensor(
        shape: batched,
        elements: (0..<batched.count).map { _ in
          Float(Int(generator.uniform() * Double(entries)))
        })
    }
  }

  func randomParameters(_ generator: inout SeededGenerator) -> [Tensor] {
    parameters.enumerated().map { index, shape in
      let tensor = Tensor.normal(shape, standardDeviation: 0.7, generator: &generator)
      guard positive.contains(index) else { return tensor }
      return Tensor(shape: shape, elements: tensor.elements.map { abs($0) + 0.3 })
    }
  }
}
