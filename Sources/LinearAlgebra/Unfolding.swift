public import Tensors

extension Tensor {
  /// The mode-`mode` unfolding [extent × rest]: the other axes keep their order in the columns.
  public func unfolded(mode: Int) -> Matrix {
    precondition(mode >= 0 && mode < shape.order, "mode \(mode) of \(shape)")
    let rest = shape.extents.enumerated().filter { $0.offset != mode }.map(\.offset)
    let turned = transposed([mode] + rest)
    return Matrix(
      rows: shape[mode], columns: rest.reduce(1) { $0 * shape[$1] }, elements: turned.elements)
  }

  /// The Gram matrix of the mode-`mode` unfolding, in Float, both triangles filled.
  ///
  /// Slices along the mode are matrices already, so that nothing is unfolded in memory.
  public func modeGram(_ mode: Int) -> Matrix {
    let (outer, extent, inner) = slices(along: mode)
    var gram = [Float](repeating: 0, count: extent * extent)
    if inner == 1 {
      accumulateGram(of: elements.span, rows: outer, columns: extent, .columns, to: &gram)
    } else {
      for index in 0..<outer {
        let slice = elements.span.extracting(index * extent * inner..<(index + 1) * extent * inner)
        accumulateGram(of: slice, rows: extent, columns: inner, .rows, to: &gram)
      }
    }
    mirrorUpper(&gram, order: extent)
    return Matrix(rows: extent, columns: extent, elements: gram)
  }

  /// The Gram matrix of the mode-`mode` unfolding, in Double, both triangles filled.
  public func doubleModeGram(_ mode: Int) -> DoubleMatrix {
    let (outer, extent, inner) = slices(along: mode)
    var gram = DoubleMatrix(rows: extent, columns: extent)
    if inner == 1 {
      accumulateDoubleGram(
        of: elements.span, rows: outer, columns: extent, .columns, to: &gram.elements)
    } else {
      for index in 0..<outer {
        let slice = elements.span.extracting(index * extent * inner..<(index + 1) * extent * inner)
        accumulateDoubleGram(of: slice, rows: extent, columns: inner, .rows, to: &gram.elements)
      }
    }
    mirrorUpper(&gram.elements, order: extent)
    return gram
  }

  /// The axes before the mode together, the mode, and the axes after it together.
  func slices(along mode: Int) -> (outer: Int, extent: Int, inner: Int) {
    precondition(mode >= 0 && mode < shape.order, "mode \(mode) of \(shape)")
    return (
      shape.extents[..<mode].reduce(1, *), shape[mode], shape.extents[(mode + 1)...].reduce(1, *)
    )
  }
}
