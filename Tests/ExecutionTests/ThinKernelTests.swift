import Tensors
import Testing

@testable import Execution

/// Products with few columns, against sums in Double.
@Suite struct ThinKernelTests {
  private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<rows * columns).map { _ in Float(generator.normal()) }
  }

  /// Rows around the blocks of 96 and the tiles of 6 to 24, columns around vectors and tiles of 64.
  @Test(
    arguments: [(1, 5), (24, 16), (95, 7), (97, 31), (193, 3)],
    [16, 17, 32, 47, 48, 64, 65, 130])
  func productsAreTheirSums(size: (rows: Int, inputs: Int), outputs: Int) {
    let (rows, inputs) = size
    let x = matrix(rows, inputs, seed: 1)
    let w = matrix(inputs, outputs, seed: 2)
    let d = matrix(rows, outputs, seed: 3)
    let old = matrix(inputs, outputs, seed: 4)
    var y = [Float](repeating: .nan, count: rows * outputs)
    var span = y.mutableSpan
    VectorKernels.thinMultiply(
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
      VectorKernels.thinGradient(
        x.span, of: d.span, rows: rows, inputs: inputs, outputs: outputs, adds: adds, into: &span)
      #expect(
        largestDifference(g, columns: outputs) { input, column in
          (0..<rows).reduce(adds ? Double(old[input * outputs + column]) : 0) {
            $0 + Double(x[$1 * inputs + input]) * Double(d[$1 * outputs + column])
          }
        } <= 3e-5)
    }
  }

  @Test func columnsThatLeaveVectorsEmptyAreLeftToTheLibrary() {
    #expect(!VectorKernels.isThin(rows: 100, inputs: 10, outputs: 17))
    #expect(!VectorKernels.isThin(rows: 100, inputs: 10, outputs: 10))
    #expect(!VectorKernels.isThin(rows: 8, inputs: 10, outputs: 32))
  }

  private func largestDifference(
    _ found: [Float], columns: Int, _ expected: (_ row: Int, _ column: Int) -> Double
  ) -> Double {
    found.indices.reduce(0) { largest, index in
      let difference = Double(found[index]) - expected(index / columns, index % columns)
      return difference.isNaN ? .infinity : max(largest, abs(difference))
    }
  }
}
