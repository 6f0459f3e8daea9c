import CVector

/// Products with inputs that are mostly zeros, such as drawings on an empty ground.
extension VectorKernels {
  /// The share of zeros from which skipping them beats sgemm: four rows must have one in common.
  private static let sparseShare = 0.6

  /// The rows from which the share of zeros is told.
  private static let judgedRows = 8

  /// Whether x [rows × inputs] holds so many zeros that a product should skip them, judged by its
  /// first rows.
  static func isSparse(_ x: Span<Float>, rows: Int, inputs: Int, outputs: Int) -> Bool {
    let count = min(rows, judgedRows) * inputs
    guard hasWideRegisters, rows >= 4, inputs >= 64, outputs >= 16, x.count >= count else {
      return false
    }
    let zeros = unsafe x.withUnsafeBufferPointer { x in
      // The span holds at least `count` elements.
      unsafe modelc_count_zeros(count, x.baseAddress)
    }
    return Double(zeros) >= sparseShare * Double(count)
  }

  /// y ← x · w; zeros of x are skipped, whatever w holds there.
  static func sparseMultiply(
    _ x: Span<Float>, by w: Span<Float>, rows: Int, inputs: Int, outputs: Int,
    into y: inout MutableSpan<Float>
  ) {
    unsafe product(x, by: w, rows, inputs, outputs, into: &y, modelc_sparse_product)
  }

  /// g ← xᵀ · d, or g + xᵀ · d with `adds`; zeros of x are skipped.
  static func sparseGradient(
    _ x: Span<Float>, of d: Span<Float>, rows: Int, inputs: Int, outputs: Int, adds: Bool,
    into g: inout MutableSpan<Float>
  ) {
    unsafe gradient(x, of: d, rows, inputs, outputs, adds, into: &g, modelc_sparse_gradient)
  }
}
