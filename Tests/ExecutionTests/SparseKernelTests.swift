import Programs
import Tensors
import Testing

@testable import Execution

/// Products that skip zeros, against sums in Double.
@Suite struct SparseKernelTests {
  private func matrix(_ rows: Int, _ columns: Int, zeros: Double, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<rows * columns).map { _ in
      let value = Float(generator.normal())
      return generator.uniform() < zeros ? 0 : value
    }
  }

  /// Rows and columns around the tile of 4 × 112, the mask of 64 rows and the vector of 16.
  @Test(
    arguments: [(4, 64), (5, 67), (7, 80), (64, 65), (65, 64), (131, 70)],
    [16, 17, 50, 100, 112, 113, 250])
  func productsAreTheirSums(size: (rows: Int, inputs: Int), outputs: Int) {
    let (rows, inputs) = size
    let x = matrix(rows, inputs, zeros: 0.8, seed: 1)
    let w = matrix(inputs, outputs, zeros: 0, seed: 2)
    let d = matrix(rows, outputs, zeros: 0, seed: 3)
    let old = matrix(inputs, outputs, zeros: 0, seed: 4)
    var y = [Float](repeating: .nan, count: rows * outputs)
    var span = y.mutableSpan
    VectorKernels.sparseMultiply(
      x.span, by: w.span, rows: rows, inputs: inputs, outputs: outputs, into: &span)
    #expect(
      largestDifference(y, columns: outputs) { row, column in
        (0..<inputs).reduce(0) {
          $0 + Double(x[row * inputs + $1]) * Double(w[$1 * outputs + column])
        }
      } <= 3e-5)
    for adds in [false, true] {
      var g = adds ? old : [Float](repeating: .nan, count: inputs * outputs)
      var span = g.mutableSpan
      VectorKernels.sparseGradient(
        x.span, of: d.span, rows: rows, inputs: inputs, outputs: outputs, adds: adds, into: &span)
      #expect(
        largestDifference(g, columns: outputs) { input, column in
          (0..<rows).reduce(adds ? Double(old[input * outputs + column]) : 0) {
            $0 + Double(x[$1 * inputs + input]) * Double(d[$1 * outputs + column])
          }
        } <= 3e-5)
    }
  }

  private func largestDifference(
    _ found: [Float], columns: Int, _ expected: (_ row: Int, _ column: Int) -> Double
  ) -> Double {
    found.indices.reduce(0) { largest, index in
      let difference = Double(found[index]) - expected(index / columns, index % columns)
      return difference.isNaN ? .infinity : max(largest, abs(difference))
    }
  }

  @Test func denseInputsAreLeftToTheirLibrary() {
    func isSparse(_ x: [Float], rows: Int, inputs: Int, outputs: Int) -> Bool {
      VectorKernels.isSparse(x.span, rows: rows, inputs: inputs, outputs: outputs)
    }
    let dense = matrix(8, 100, zeros: 0.3, seed: 5)
    #expect(!isSparse(dense, rows: 8, inputs: 100, outputs: 32))
    let empty = [Float](repeating: 0, count: 800)
    #expect(!isSparse(empty, rows: 8, inputs: 100, outputs: 10))
    #expect(!isSparse(empty, rows: 2, inputs: 400, outputs: 32))
  }

  /// A layer gives the same either way.
  @Test func aLayerDoesNotTellHowItWasComputed() throws {
    var builder = ProgramBuilder()
    let x = builder.input([100], name: "x")
    let w = builder.parameter(name: "w", shape: [100, 24])
    let y = try builder.append(.matmul(w), x, origin: "dense")
    let program = builder.finish(outputs: [y])
    let kernel = Tensor(shape: [100, 24], elements: matrix(100, 24, zeros: 0, seed: 6))
    let input = Tensor(shape: [32, 100], elements: matrix(32, 100, zeros: 0.85, seed: 7))
    // One row at a time never counts as sparse.
    let whole = try InferenceExecutor(program, parameters: [kernel], capacity: 32).run([input])
    let single = try InferenceExecutor(program, parameters: [kernel], capacity: 1).run([input])
    #expect(relativeDifference(whole[0], single[0]) <= 1e-6)
    let executor = TrainingExecutor(program, seeds: [y], capacity: 32)
    func gradient(_ input: Tensor) throws -> [Float] {
      executor.bindInput(0, to: input)
      try executor.forward(batch: input.shape[0], parameters: [kernel])
      executor.withSeed(0) { _, gradient in
        for index in gradient.indices { gradient[index] = Float(index % 7) - 3 }
      }
      executor.backward(parameters: [kernel])
      return executor.gradients[0]
    }
    // Tiny values instead of zeros make it dense.
    let dense = Tensor(shape: input.shape, elements: input.elements.map { $0 == 0 ? 1e-30 : $0 })
    let sparse = Tensor(shape: kernel.shape, elements: try gradient(input))
    #expect(
      relativeDifference(sparse, Tensor(shape: kernel.shape, elements: try gradient(dense))) <= 1e-6
    )
  }
}
