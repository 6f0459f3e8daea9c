import Execution
import Programs
import Tensors
import Testing

@Suite struct VectorKernelTests {
  /// Counts around the vector width of 16, so that both the vector loop and its rest are met.
  @Test(arguments: [1, 15, 16, 17, 50])
  func adamFollowsItsFormula(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    var w = Tensor.normal([count], generator: &generator).elements
    var m = Tensor.normal([count], generator: &generator).elements
    var v = Tensor.normal([count], generator: &generator).elements.map { abs($0) }
    let g = Tensor.normal([count], generator: &generator).elements
    let (oldW, oldM, oldV) = (w, m, v)
    var weights = w.mutableSpan
    var first = m.mutableSpan
    var second = v.mutableSpan
    VectorKernels.adam(
      &weights, gradient: g.span, first: &first, second: &second, rate: 0.01, beta1: 0.9,
      beta2: 0.99, epsilon: 1e-3, decay: 0.999)
    for index in 0..<count {
      let mean = 0.9 * Double(oldM[index]) + 0.1 * Double(g[index])
      let square = 0.99 * Double(oldV[index]) + 0.01 * Double(g[index]) * Double(g[index])
      let expected =
        0.999 * Double(oldW[index]) - 0.01 * mean / (square.squareRoot() + 1e-3)
      #expect(abs(Double(m[index]) - mean) <= 1e-6)
      #expect(abs(Double(v[index]) - square) <= 1e-6)
      #expect(abs(Double(w[index]) - expected) <= 1e-6)
    }
  }

  /// Whichever of the four pixels it is, in the vector loop and in its rest.
  @Test(arguments: 0..<4, [1, 16, 19])
  func aMaximumOverNaNIsNaN(position: Int, channels: Int) throws {
    var builder = ProgramBuilder()
    let x = builder.input(Shape([2, 2, channels]), name: "x")
    let two = Extent2D(height: 2, width: 2)
    let y = try builder.append(
      .pool2D(.max, Pool2DGeometry(window: two, strides: two)), x, origin: "pool")
    let executor = try InferenceExecutor(builder.finish(outputs: [y]), parameters: [])
    var input = [Float](repeating: 1, count: 4 * channels)
    for channel in 0..<channels { input[position * channels + channel] = .nan }
    let output = try executor.run([Tensor(shape: Shape([1, 2, 2, channels]), elements: input)])
    #expect(output[0].elements.allSatisfy { $0.isNaN })
  }
}
