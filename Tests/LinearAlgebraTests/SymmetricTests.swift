import LinearAlgebra
import Testing

@Suite struct SymmetricTests {
  static func gram(_ reference: Reference.SolveCase) -> DoubleMatrix {
    let n = reference.order
    return DoubleMatrix(drawnMatrix(2 * n, n, seed: reference.seed)).gram(.columns)
  }

  @Test(arguments: 0..<2)
  func eigenvaluesAndRootEqualThoseOfNumPy(index: Int) throws {
    let reference = Reference.shared.solve[index]
    let gram = Self.gram(reference)
    let scale = reference.eigenvalues[0]
    let values = try gram.symmetricEigenvalues()
    for (value, expected) in zip(values, reference.eigenvalues) {
      #expect(abs(value - expected) < 1e-11 * scale)
    }
    let root = try gram.symmetricFunction { max($0, 0).squareRoot() }
    for (value, expected) in zip(root.diagonal, reference.rootDiagonal) {
      #expect(abs(value - expected) < 1e-10 * scale)
    }
  }

  @Test(arguments: [1, 2, 5, 40, 130, 200], [1, 3, 1000])
  func leadingVectorsAreOrthonormalEigenvectors(order: Int, count: Int) throws {
    let gram = DoubleMatrix(drawnMatrix(order + 3, order, seed: 80)).gram(.columns)
    let eigen = try gram.symmetricEigen(leading: min(count, order))
    let image = gram.multiplied(by: eigen.vectors, transposingOther: true)
    var residual = 0.0
    for index in eigen.values.indices {
      for row in 0..<order {
        let difference = image[row, index] - eigen.values[index] * eigen.vectors[index, row]
        residual = max(residual, abs(difference))
      }
    }
    #expect(residual < 1e-11 * eigen.values[0])
    let overlap = eigen.vectors.gram(.rows)
    for row in 0..<overlap.rows {
      for column in 0..<overlap.columns {
        #expect(abs(overlap[row, column] - (row == column ? 1 : 0)) < 1e-11)
      }
    }
    #expect(zip(eigen.values, eigen.values.dropFirst()).allSatisfy { $0 >= $1 })
    let single = try Matrix(gram).symmetricEigen(leading: min(count, order))
    #expect(abs(single.values[0] - eigen.values[0]) < 1e-5 * eigen.values[0])
  }

  @Test(arguments: [3, 129])
  func repeatedEigenvaluesStillGiveAnOrthonormalBasis(order: Int) throws {
    var matrix = DoubleMatrix.identity(order)
    matrix[0, 0] = 2
    let eigen = try matrix.symmetricEigen()
    let overlap = eigen.vectors.gram(.rows)
    for row in 0..<order {
      for column in 0..<order {
        #expect(abs(overlap[row, column] - (row == column ? 1 : 0)) < 1e-12)
      }
    }
    #expect(eigen.values[0] == 2 && abs(eigen.vectors[0, 0] - 1) < 1e-14)
  }

  @Test(arguments: [1e-200, 1e200])
  func extremeScalesDoNotChangeTheVectors(scale: Double) throws {
    var matrix = DoubleMatrix(drawnMatrix(9, 6, seed: 81)).gram(.columns)
    let expected = try matrix.symmetricEigen()
    matrix.elements = matrix.elements.map { $0 * scale }
    let eigen = try matrix.symmetricEigen()
    for index in 0..<6 {
      #expect(abs(eigen.values[index] / scale / expected.values[index] - 1) < 1e-9)
    }
    for (a, b) in zip(eigen.vectors.elements, expected.vectors.elements) {
      #expect(abs(a - b) < 1e-9)
    }
  }

  @Test func eigenvaluesOfNaNAreRefused() {
    var matrix = DoubleMatrix.identity(4)
    matrix[1, 2] = .nan
    #expect(throws: LinearAlgebraError.self) { try matrix.symmetricEigen() }
    #expect(throws: LinearAlgebraError.self) { try Cholesky(matrix) }
  }

  @Test(arguments: 0..<2)
  func choleskySolvesAsSciPyDoes(index: Int) throws {
    let reference = Reference.shared.solve[index]
    let right = DoubleMatrix(
      drawnMatrix(reference.order, reference.rightHandSides, seed: reference.seed + 1))
    let cholesky = try Cholesky(Self.gram(reference))
    #expect(cholesky.jitter == 0)
    for (value, expected) in zip(cholesky.solve(right).elements, reference.solution) {
      #expect(abs(value - expected) < 1e-9 * max(1, abs(expected)))
    }
  }

  @Test(arguments: [(5, 12), (12, 5), (6, 6), (1, 4)])
  func whiteningGivesTheGramMatrixOfTheSolution(rows: Int, columns: Int) throws {
    let cholesky = try Cholesky(DoubleMatrix(drawnMatrix(20, rows, seed: 84)).gram(.columns))
    let right = DoubleMatrix(drawnMatrix(rows, columns, seed: 85))
    let explained = right.multiplied(by: cholesky.solve(right), transposingSelf: true)
    let gram = cholesky.whitened(right).gram(.columns)
    for (a, b) in zip(gram.elements, explained.elements) { #expect(abs(a - b) < 1e-10) }
  }

  /// Either Gram matrix has the same eigenpairs, whichever is smaller.
  @Test(arguments: [(5, 12), (12, 5), (6, 6)])
  func theSmallerGramMatrixGivesTheEigenpairs(rows: Int, columns: Int) throws {
    var matrix = DoubleMatrix(drawnMatrix(rows, columns, seed: 86))
    // One row twice: a value that is rounding.
    for column in 0..<columns { matrix[1, column] = matrix[0, column] }
    let eigen = try matrix.gramEigen()
    let values = try matrix.gram(.columns).symmetricEigenvalues().prefix(min(rows, columns))
    #expect(eigen.values.count == values.count)
    for (a, b) in zip(eigen.values, values) { #expect(abs(a - b) < 1e-12 * values[0]) }
    #expect(try matrix.gramEigenvalues() == eigen.values)
    var scaled = eigen.vectors
    for row in 0..<scaled.rows {
      for column in 0..<columns { scaled[row, column] *= eigen.values[row] }
    }
    let rebuilt = eigen.vectors.multiplied(by: scaled, transposingSelf: true)
    for (a, b) in zip(rebuilt.elements, matrix.gram(.columns).elements) {
      #expect(abs(a - b) < 1e-10 * values[0])
    }
  }

  @Test func aRankDeficientGramIsSolvedWithALittleJitter() throws {
    // Fewer samples than features, and one feature that never changes.
    var samples = DoubleMatrix(drawnMatrix(5, 12, seed: 82))
    for row in 0..<5 { samples[row, 3] = 0 }
    let gram = samples.gram(.columns)
    let truth = DoubleMatrix(drawnMatrix(5, 2, seed: 83))
    let right = samples.multiplied(by: truth, transposingSelf: true)
    let cholesky = try Cholesky(gram)
    #expect(cholesky.jitter > 0 && cholesky.jitter < 1e-6)
    let residual = gram.multiplied(by: cholesky.solve(right))
    for (a, b) in zip(residual.elements, right.elements) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func anIndefiniteMatrixIsRefused() {
    var matrix = DoubleMatrix.identity(3)
    matrix[1, 1] = -1
    #expect(throws: LinearAlgebraError.self) { try Cholesky(matrix) }
  }

  @Test(arguments: [(1, 1), (7, 3), (3, 7), (5, 5), (90, 40)])
  func qrReproducesTheMatrix(size: (rows: Int, columns: Int)) throws {
    for rank in [nil, 2] {
      let matrix = drawnMatrix(size.rows, size.columns, seed: 84, rank: rank)
      let (q, r) = try matrix.qr()
      #expect(relativeError(matrix, q.multiplied(by: r)) < floatTolerance)
      #expect(orthogonalityDefect(q, .columns) < floatTolerance)
      for row in 0..<r.rows { for column in 0..<row { #expect(r[row, column] == 0) } }
    }
  }
}
