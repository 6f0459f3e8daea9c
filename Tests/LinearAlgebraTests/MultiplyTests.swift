import LinearAlgebra
import Tensors
import Testing

@Suite struct MultiplyTests {
  @Test(arguments: [(1, 1, 1), (3, 5, 7), (1, 9, 4), (8, 1, 5), (33, 17, 40)], [false, true])
  func productsEqualTheTripleLoop(size: (m: Int, n: Int, k: Int), transposing: Bool) {
    for transposingOther in [false, true] {
      let (m, n, k) = size
      let a = transposing ? drawnMatrix(k, m, seed: 1) : drawnMatrix(m, k, seed: 1)
      let b = transposingOther ? drawnMatrix(n, k, seed: 2) : drawnMatrix(k, n, seed: 2)
      let product = a.multiplied(
        by: b, transposingSelf: transposing, transposingOther: transposingOther)
      let wide = DoubleMatrix(a).multiplied(
        by: DoubleMatrix(b), transposingSelf: transposing, transposingOther: transposingOther)
      for row in 0..<m {
        for column in 0..<n {
          var sum = 0.0
          for index in 0..<k {
            let left = transposing ? a[index, row] : a[row, index]
            let right = transposingOther ? b[column, index] : b[index, column]
            sum += Double(left) * Double(right)
          }
          #expect(abs(Double(product[row, column]) - sum) < 1e-5)
          #expect(abs(wide[row, column] - sum) < 1e-13)
        }
      }
    }
  }

  @Test func accumulationTouchesOnlyItsSlice() {
    let a = drawnMatrix(2, 3, seed: 3)
    let b = drawnMatrix(3, 2, seed: 4)
    var c = [Float](repeating: 7, count: 4 * 5)
    var span = c.mutableSpan
    // Rows 1...2 and columns 2...3 of a [4 × 5].
    gemm(
      m: 2, n: 2, k: 3, alpha: 2, a: a.elements.span, lda: 3, b: b.elements.span, ldb: 2, beta: 1,
      c: &span, at: 7, ldc: 5)
    let product = a.multiplied(by: b)
    for row in 0..<4 {
      for column in 0..<5 {
        let inside = (1...2).contains(row) && (2...3).contains(column)
        let expected = inside ? 7 + 2 * product[row - 1, column - 2] : 7
        #expect(abs(c[row * 5 + column] - expected) < 1e-5)
      }
    }
  }

  @Test func aSpanThatIsTooShortTraps() async {
    await #expect(processExitsWith: .failure) {
      var c = [Float](repeating: 0, count: 3)
      var span = c.mutableSpan
      let a: [Float] = [1, 2, 3, 4]
      gemm(m: 2, n: 2, k: 2, a: a.span, lda: 2, b: a.span, ldb: 2, c: &span, ldc: 2)
    }
  }

  @Test(arguments: [(1, 1), (5, 9), (9, 5), (70, 33), (33, 70)], [GramSide.rows, .columns])
  func gramMatricesEqualTheProduct(size: (rows: Int, columns: Int), side: GramSide) {
    let a = drawnMatrix(size.rows, size.columns, seed: 5)
    let wide = DoubleMatrix(a)
    let expected = wide.multiplied(
      by: wide, transposingSelf: side == .columns, transposingOther: side == .rows)
    let (single, double, own) = (a.gram(side), a.doubleGram(side), wide.gram(side))
    for index in expected.elements.indices {
      #expect(abs(Double(single.elements[index]) - expected.elements[index]) < 1e-4)
      #expect(abs(double.elements[index] - expected.elements[index]) < 1e-12)
      #expect(abs(own.elements[index] - expected.elements[index]) < 1e-12)
    }
  }

  @Test func aDoubleGramOfManyBlocksEqualsThatOfOneProduct() {
    // Deeper than one block of widened values (256 rows for an order of 8192 and more).
    let a = drawnMatrix(3, 1_500_000, seed: 6)
    let gram = a.doubleGram(.rows)
    var expected = 0.0
    for index in 0..<a.columns { expected += Double(a[0, index]) * Double(a[2, index]) }
    #expect(abs(gram[0, 2] - expected) < 1e-9)
    #expect(gram[0, 2] == gram[2, 0])
  }

  @Test func batchesAddUpToTheGramOfAllRows() {
    let all = drawnMatrix(30, 6, seed: 7)
    var sum = DoubleMatrix(rows: 6, columns: 6)
    for start in stride(from: 0, to: 30, by: 7) {
      let count = min(7, 30 - start)
      sum.addGram(
        ofRows: all.elements.span.extracting(start * 6..<(start + count) * 6), count: count)
    }
    sum.symmetrize()
    let whole = all.doubleGram(.columns)
    for index in whole.elements.indices {
      #expect(abs(sum.elements[index] - whole.elements[index]) < 1e-13)
    }
  }

  @Test func transposingTwiceIsTheIdentity() {
    let a = drawnMatrix(45, 67, seed: 8)
    #expect(a.transposed()[66, 44] == a[44, 66])
    #expect(a.transposed().transposed() == a)
  }
}
