import Execution
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
}
