import LinearAlgebra
import Testing

/// Reference values: NumPy 2.4, numpy.linalg.svd in float64.
@Suite struct FullSVDTests {
  private let matrix = DoubleMatrix(
    rows: 4, columns: 3, elements: [6, 6, 2, 0, 1, 3, 4, 0, 1, 0, 6, 2])

  @Test func valuesAndErrorsEqualThoseOfNumPy() throws {
    let svd = try FullSVD(of: matrix)
    for (value, expected) in zip(svd.singularValues, [10.51356617, 5.05570551, 2.62769257]) {
      #expect(abs(value - expected) < 5e-9)
    }
    #expect(abs(svd.squaredError(rank: 2) - 6.904768216213784) < 1e-12)
    #expect(abs(svd.squaredError(rank: 1) - 32.4649264364368) < 1e-9)
    #expect(svd.numericalRank() == 3)
  }

  @Test(arguments: 0...3)
  func theRebuildLosesWhatIsDiscarded(rank: Int) throws {
    let svd = try FullSVD(of: matrix)
    let rebuilt = svd.reconstructed(rank: rank)
    let lost = zip(matrix.elements, rebuilt.elements).reduce(0) {
      $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
    }
    #expect(abs(lost - svd.squaredError(rank: rank)) < 1e-11)
  }

  @Test func theFourthColumnCompletesAnOrthonormalBasis() throws {
    let svd = try FullSVD(of: matrix)
    let u = svd.completedU()
    let product = u.multiplied(by: u, transposingSelf: true)
    for row in 0..<4 {
      for column in 0..<4 {
        #expect(abs(product[row, column] - (row == column ? 1 : 0)) < 1e-12)
      }
    }
    // NumPy's last column, up to its sign.
    let expected = [-0.45821954, -0.25774849, 0.6873293, 0.50117762]
    let sign = u[0, 3] < 0 ? 1.0 : -1
    for row in 0..<4 { #expect(abs(sign * u[row, 3] - expected[row]) < 1e-7) }
    for column in 0..<3 {
      let values = (0..<4).map { u[$0, column] }
      #expect(values.max { abs($0) < abs($1) } ?? 0 > 0)
    }
  }

  @Test func aMatrixOfDependentRowsHasRankOne() throws {
    let svd = try FullSVD(of: DoubleMatrix(rows: 2, columns: 2, elements: [1, 2, 2, 4]))
    #expect(svd.numericalRank() == 1)
    #expect(abs(svd.singularValues[0] - 5) < 1e-12)
  }
}
