import LinearAlgebra
import Tensors
import Testing

@Suite struct CPDecompositionTests {
  @Test(arguments: 0..<3)
  func theErrorIsAsLowAsTensorLys(index: Int) throws {
    let reference = Reference.shared.cp[index]
    let tensor = TuckerTests.tensor(reference.tensor)
    var generator = SeededGenerator(seed: 1)
    let result = try CPDecomposition.compute(
      tensor, rank: reference.rank, maximumSweeps: 500, tolerance: 1e-8, generator: &generator)
    #expect(result.relativeError <= 1.01 * reference.error)
    let measured = tensor.relativeError(of: result.reconstructed())
    #expect(abs(measured - result.relativeError) < 1e-5)
    #expect(zip(result.errors, result.errors.dropFirst()).allSatisfy { $0 >= $1 - 1e-9 })
    #expect(zip(result.weights, result.weights.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test func aSumOfTwoOuterProductsIsFound() throws {
    let (a, b) = (drawn(4 + 5 + 6, seed: 100), drawn(4 + 5 + 6, seed: 101))
    var elements: [Float] = []
    for i in 0..<4 {
      for j in 0..<5 {
        for k in 0..<6 {
          elements.append(a[i] * a[4 + j] * a[9 + k] + b[i] * b[4 + j] * b[9 + k])
        }
      }
    }
    var generator = SeededGenerator(seed: 2)
    let result = try CPDecomposition.compute(
      Tensor(shape: [4, 5, 6], elements: elements), rank: 2, maximumSweeps: 2000,
      tolerance: 1e-12, generator: &generator)
    #expect(result.relativeError < 1e-4)
  }

  @Test func moreTermsThanAnExtentAreAllowed() throws {
    let tensor = Tensor(shape: [3, 3, 8], elements: drawn(72, seed: 102))
    var generator = SeededGenerator(seed: 3)
    let result = try CPDecomposition.compute(tensor, rank: 5, generator: &generator)
    #expect(result.rank == 5 && result.relativeError < 1)
  }
}
