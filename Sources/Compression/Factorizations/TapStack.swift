import LinearAlgebra

/// A convolution kernel as a stack of matrices, one [c × f] for each tap of the window.
///
/// The storage of K [taps × c × f] is also the output unfolding [taps·c × f]; the input unfolding
/// is never formed: its products are sums over the taps.
struct TapStack {
  let taps: Int
  let rows: Int
  let columns: Int
  let elements: [Float]

  /// Σ_t M_t M_tᵀ [rows × rows], the Gram matrix of the input unfolding.
  func inputGram() -> Matrix {
    // Rows side by side, so that one symmetric product does it.
    var wide: [Float] = []
    wide.reserveCapacity(elements.count)
    for row in 0..<rows {
      for tap in 0..<taps {
        let start = (tap * rows + row) * columns
        wide.append(contentsOf: elements[start..<start + columns])
      }
    }
    return Matrix(rows: rows, columns: taps * columns, elements: wide).gram(.rows)
  }

  /// Σ_t M_tᵀ M_t [columns × columns], the Gram matrix of the output unfolding.
  func outputGram() -> Matrix {
    Matrix(rows: taps * rows, columns: columns, elements: elements).gram(.columns)
  }

  /// F · M_t for every tap, F [r × rows] given by its rows.
  func projectingRows(_ factor: Matrix) -> TapStack {
    let count = factor.rows
    var result = [Float](repeating: 0, count: taps * count * columns)
    var span = result.mutableSpan
    for tap in 0..<taps {
      let block = elements.span.extracting(tap * rows * columns..<(tap + 1) * rows * columns)
      gemm(
        m: count, n: columns, k: rows, a: factor.elements.span, lda: rows, b: block,
        ldb: columns, c: &span, at: tap * count * columns, ldc: columns)
    }
    return TapStack(taps: taps, rows: count, columns: columns, elements: result)
  }

  /// M_t · Fᵀ for every tap, F [r × columns] given by its rows.
  func projectingColumns(_ factor: Matrix) -> TapStack {
    let product = Matrix(rows: taps * rows, columns: columns, elements: elements)
      .multiplied(by: factor, transposingOther: true)
    return TapStack(taps: taps, rows: rows, columns: factor.rows, elements: product.elements)
  }
}
