import Execution
import Programs
import Tensors
import Testing

/// Images so large that a convolution takes several blocks of rows.
@Suite struct ConvolutionBlockTests {
  /// [channels, kernel height, row stride]: shared lines and whole patches.
  @Test(arguments: [[48, 3, 1], [48, 3, 2], [6, 5, 1]])
  func blocksJoinWithoutSeams(geometry: [Int]) throws {
    let (channels, kernelHeight, stride) = (geometry[0], geometry[1], geometry[2])
    let program = try convolution(
      image: [40, 61, channels], kernel: [kernelHeight, 3, channels, 4], stride: stride)
    var generator = SeededGenerator(seed: 21)
    let input = Tensor.normal([2, 40, 61, channels], generator: &generator)
    let kernel = Tensor.normal(program.parameters[0].shape, generator: &generator)
    let executor = TrainingExecutor(
      program, seeds: program.outputs, capacity: 2, retainingGradients: [program.inputs[0].value])
    executor.bindInput(0, to: input)
    try executor.forward(batch: 2, parameters: [kernel])
    let shape = Shape([2] + program.outputShapes[0].extents)
    let weights = Tensor.normal(shape, generator: &generator)
    let y = executor.withSeed(0) { value, gradient in
      for index in gradient.indices { gradient[index] = weights.elements[index] }
      return value.indices.map { value[$0] }
    }
    executor.backward(parameters: [kernel])

    // Every 37th result by its definition.
    let (x, w) = (ReferenceTensor(input), ReferenceTensor(kernel))
    let result = ReferenceTensor(Tensor(shape: shape, elements: y))
    for position in stride37(result.values.count) {
      let at = result.indices(of: position)
      var sum = 0.0
      for ky in 0..<kernelHeight {
        for kx in 0..<3 {
          for c in 0..<channels {
            let pixel = x.element([at[0], at[1] * stride - 1 + ky, at[2] - 1 + kx, c]) ?? 0
            sum += pixel * w[ky, kx, c, at[3]]
          }
        }
      }
      #expect(abs(result.values[position] - sum) <= 1e-4)
    }

    // A convolution is linear in both: ⟨g, y⟩ = ⟨dw, w⟩ = ⟨dx, x⟩.
    let expected = inner(weights.elements, y)
    let scale = inner(weights.elements.map { abs($0) }, y.map { abs($0) })
    #expect(abs(inner(executor.gradients[0], kernel.elements) - expected) <= 1e-6 * scale)
    let dx = executor.withGradient(of: program.inputs[0].value) { span in
      span.indices.map { span[$0] }
    }
    #expect(abs(inner(try #require(dx), input.elements) - expected) <= 1e-6 * scale)
  }

  private func convolution(image: Shape, kernel: Shape, stride: Int) throws -> Program {
    var builder = ProgramBuilder()
    let x = builder.input(image, name: "x")
    let w = builder.parameter(name: "w", shape: kernel)
    let geometry = Conv2DGeometry(
      strides: Extent2D(height: stride, width: 1),
      padding: Padding2D(top: 1, left: 1, bottom: 1, right: 1))
    let y = try builder.append(.conv2D(w, geometry), x, origin: "conv")
    return builder.finish(outputs: [y])
  }

  private func stride37(_ count: Int) -> StrideTo<Int> { stride(from: 0, to: count, by: 37) }

  private func inner(_ left: [Float], _ right: [Float]) -> Double {
    zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
