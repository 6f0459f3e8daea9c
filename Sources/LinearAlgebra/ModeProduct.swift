public import Tensors

extension Tensor {
  /// The mode product self ×_mode U, U [J × extent]: the mode's extent becomes J.
  ///
  /// With `transposing`, U is given as [extent × J], as the factors of a Tucker decomposition
  /// are: that projects onto its columns.
  public func multiplied(by matrix: Matrix, mode: Int, transposing: Bool = false) -> Tensor {
    let (outer, extent, inner) = slices(along: mode)
    let (inputs, outputs) =
      transposing ? (matrix.rows, matrix.columns) : (matrix.columns, matrix.rows)
    precondition(
      inputs == extent, "mode \(mode) of \(shape) by [\(matrix.rows)×\(matrix.columns)]")
    var extents = shape.extents
    extents[mode] = outputs
    var result = [Float](repeating: 0, count: outer * outputs * inner)
    var span = result.mutableSpan
    let lda = max(matrix.columns, 1)
    if inner == 1 {
      gemm(
        transB: !transposing, m: outer, n: outputs, k: extent, a: elements.span,
        lda: max(extent, 1), b: matrix.elements.span, ldb: lda, c: &span, ldc: max(outputs, 1))
    } else {
      for index in 0..<outer {
        gemm(
          transA: transposing, m: outputs, n: inner, k: extent, a: matrix.elements.span, lda: lda,
          b: elements.span.extracting(index * extent * inner..<(index + 1) * extent * inner),
          ldb: max(inner, 1), c: &span, at: index * outputs * inner, ldc: max(inner, 1))
      }
    }
    return Tensor(shape: Shape(extents), elements: result)
  }
}
