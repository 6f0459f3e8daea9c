import Execution
import Programs
import Tensors
import Testing

/// A convolution with all that is fused into it gives the same however it is computed.
@Suite struct ConvolutionMethodTests {
  /// Height, width, inputs, outputs, kernel, stride, padding and groups.
  static let shapes = [
    [13, 11, 16, 32, 3, 1, 1, 1], [32, 32, 3, 32, 3, 1, 1, 1], [15, 15, 40, 24, 3, 1, 0, 1],
    [9, 9, 8, 12, 5, 2, 2, 1], [7, 8, 32, 16, 3, 2, 1, 2], [6, 6, 128, 70, 3, 1, 1, 1],
  ]

  static let methods: [ConvolutionMethods] = [.library, .minimalFiltering]

  @Test(arguments: shapes, methods)
  func stepsAndOutputsAgree(shape: [Int], methods: ConvolutionMethods) throws {
    let program = try program(shape, isNormalised: false)
    let expected = try ConvolutionMethods.$allowed.withValue([]) { try step(program) }
    let found = try ConvolutionMethods.$allowed.withValue(methods) { try step(program) }
    for (name, pair) in zip(["y", "dx", "dw", "db"], zip(found, expected)) {
      #expect(distance(pair.0, pair.1) <= 1e-5, "\(name)")
    }
  }

  @Test(arguments: shapes, methods)
  func inferenceAgreesInChunks(shape: [Int], methods: ConvolutionMethods) throws {
    let program = try program(shape, isNormalised: true)
    var generator = SeededGenerator(seed: 5)
    let parameters = parameters(program, &generator)
    let input = Tensor.normal(
      Shape([7] + program.inputs[0].shape.extents), generator: &generator)
    // Chunks of three, then one: each way must keep its kernel between them.
    func run(_ methods: ConvolutionMethods) throws -> [Float] {
      try ConvolutionMethods.$allowed.withValue(methods) {
        let executor = try InferenceExecutor(program, parameters: parameters, capacity: 3)
        _ = try executor.run([input])
        return try executor.run([input])[0].elements
      }
    }
    #expect(distance(try run(methods), try run([])) <= 1e-5)
  }

  private func program(_ shape: [Int], isNormalised: Bool) throws -> Program {
    var builder = ProgramBuilder()
    let x = builder.input([shape[0], shape[1], shape[2]], name: "x")
    let w = builder.parameter(
      name: "w", shape: [shape[4], shape[4], shape[2] / shape[7], shape[3]])
    let bias = builder.parameter(name: "b", shape: [shape[3]])
    let (stride, padding) = (shape[5], shape[6])
    let geometry = Conv2DGeometry(
      strides: Extent2D(height: stride, width: stride),
      padding: Padding2D(top: padding, left: padding, bottom: padding, right: padding),
      groups: shape[7])
    var y = try builder.append(.conv2D(w, geometry), x, origin: "conv")
    y = try builder.append(.addBias(bias), y, origin: "conv")
    if isNormalised {
      let statistics = ["gamma", "beta", "mean", "variance"].map {
        builder.parameter(name: $0, shape: [shape[3]], isTrainable: false)
      }
      y = try builder.append(
        .batchNorm(
          gamma: statistics[0], beta: statistics[1], mean: statistics[2],
          variance: statistics[3], epsilon: 1e-3, momentum: 0.9), y, origin: "norm")
    }
    y = try builder.append(.activation(.relu()), y, origin: "conv")
    return builder.finish(outputs: [y])
  }

  private func parameters(_ program: Program, _ generator: inout SeededGenerator) -> [Tensor] {
    program.parameters.map { parameter in
      let tensor = Tensor.normal(
        parameter.shape, standardDeviation: 0.3, generator: &generator)
      return parameter.name == "variance"
        ? Tensor(shape: tensor.shape, elements: tensor.elements.map { abs($0) + 0.5 }) : tensor
    }
  }

  /// The result and all gradients of a second step, which meets buffers full of stale numbers.
  private func step(_ program: Program) throws -> [[Float]] {
    var generator = SeededGenerator(seed: 3)
    let parameters = parameters(program, &generator)
    let executor = TrainingExecutor(
      program, seeds: program.outputs, capacity: 5,
      retainingGradients: [program.inputs[0].value])
    var results: [[Float]] = []
    for batch in [5, 2] {
      let input = Tensor.normal(
        Shape([batch] + program.inputs[0].shape.extents), generator: &generator)
      executor.bindInput(0, to: input)
      try executor.forward(batch: batch, parameters: parameters)
      let slopes = Tensor.normal(
        Shape([batch] + program.outputShapes[0].extents), generator: &generator)
      let y = executor.withSeed(0) { value, gradient in
        for index in gradient.indices { gradient[index] = slopes.elements[index] }
        return value.indices.map { value[$0] }
      }
      executor.backward(parameters: parameters)
      let dx = executor.withGradient(of: program.inputs[0].value) { span in
        span.indices.map { span[$0] }
      }
      results = [y, try #require(dx)] + executor.gradients
    }
    return results
  }

  /// max |x − y| ÷ max |y|.
  private func distance(_ x: [Float], _ y: [Float]) -> Float {
    guard x.count == y.count, !y.isEmpty else { return .infinity }
    let largest = zip(x, y).reduce(Float(0)) { most, pair in
      let difference = abs(pair.0 - pair.1)
      return difference.isNaN ? .infinity : max(most, difference)
    }
    return largest / max(y.reduce(0) { max($0, abs($1)) }, .leastNormalMagnitude)
  }
}
