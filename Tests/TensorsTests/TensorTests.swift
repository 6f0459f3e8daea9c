import Tensors
import Testing

@Suite struct TensorTests {
  @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]])
  func transposingMovesEveryElement(permutation: [Int]) {
    let shape: Shape = [2, 3, 4]
    let tensor = Tensor(shape: shape, elements: (0..<24).map(Float.init))
    let result = tensor.transposed(permutation)
    for a in 0..<2 {
      for b in 0..<3 {
        for c in 0..<4 {
          let source = [a, b, c]
          let target = permutation.map { source[$0] }
          let index = zip(target, result.shape.strides).reduce(0) { $0 + $1.0 * $1.1 }
          #expect(result.elements[index] == Float(a * 12 + b * 4 + c))
        }
      }
    }
  }

  @Test func normsAccumulateInDouble() {
    // In Float, 1 would be lost beside 1e8.
    let tensor = Tensor(shape: [9], elements: [1e4] + [Float](repeating: 1, count: 8))
    #expect(tensor.squaredNorm == 1e8 + 8)
    #expect(tensor.relativeError(of: tensor) == 0)
    #expect(Tensor.zeros([2]).relativeError(of: .zeros([2])) == 0)
  }

  @Test func untrustedExtentsAreChecked() {
    #expect(Shape(checking: [1 << 40, 1 << 40]) == nil)
    #expect(Shape(checking: [-1]) == nil)
    // An extent of 0 hides nothing: a sample of this shape could not be counted.
    #expect(Shape(checking: [0, 1 << 40, 1 << 40]) == nil)
    #expect(Shape(checking: [1 << 40, 0, 1 << 40]) == nil)
    #expect(Shape(checking: [0, -1]) == nil)
    #expect(Shape(checking: [3, 0])?.count == 0)
    #expect(Shape([]).count == 1)
  }

  @Test func rowsAreCutAlongTheFirstAxis() {
    let tensor = Tensor(shape: [3, 2], elements: [0, 1, 2, 3, 4, 5])
    #expect(tensor.rows(1..<3) == Tensor(shape: [2, 2], elements: [2, 3, 4, 5]))
  }

  /// The first numbers of SplitMix64 from seed 0, as in the reference implementation's tests.
  @Test func theGeneratorRepeatsTheReference() {
    var generator = SeededGenerator(seed: 0)
    #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
  }

  @Test func normalNumbersHaveTheirMoments() {
    var generator = SeededGenerator(seed: 5)
    let tensor = Tensor.normal([20000], standardDeviation: 2, generator: &generator)
    let mean = tensor.elements.reduce(0, +) / 20000
    #expect(abs(mean) < 0.05)
    #expect(abs(tensor.squaredNorm / 20000 - 4) < 0.15)
  }
}
