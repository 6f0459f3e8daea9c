import CVector

/// Products with inputs that are mostly zeros, such as drawings on an empty ground.
extension VectorKernels {
  private static let isSparseFast = modelc_sparse_is_fast() != 0
  /// The share of zeros from which skipping them beats sgemm: four rows must have one in common.
  private static let sparseShare = 0.6

  /// The rows from which the share of zeros is told.
  private static let judgedRows = 8

  /// Whether x [rows × inputs] holds so many zeros that a product should skip them, judged by its
  /// first rows.
  static func isSparse(_ x: Span<Float>, rows: Int, inputs: Int, outputs: Int) -> Bool {
    let count = min(rows, judgedRows) * inputs
    guard isSparseFast, rows >= 4, inputs >= 64, outputs >= 16, x.count >= count else {
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
    precondition(
      rows > 0 && inputs > 0 && outputs >= 16 && x.count >= rows * inputs
        && w.count >= inputs * outputs && y.count >= rows * outputs, "sparse product: extents")
    unsafe x.withUnsafeBufferPointer { x in
      unsafe w.withUnsafeBufferPointer { w in
        unsafe y.withUnsafeMutableBufferPointer { y in
          // The extents were checked against all three spans above.
          unsafe modelc_sparse_product(
            rows, inputs, outputs, x.baseAddress, w.baseAddress, y.baseAddress)
        }
      }
    }
  }

  /// g ← xᵀ · d, or g + xᵀ · d with `adds`; zeros of x are skipped.
  static func sparseGradient(
    _ x: Span<Float>, of d: Span<Float>, rows: Int, inputs: Int, outputs: Int, adds: Bool,
    into g: inout MutableSpan<Float>
  ) {
    precondition(
      rows > 0 && inputs > 0 && outputs >= 16 && x.count >= rows * inputs
        && d.count >= rows * outputs && g.count >= inputs * outputs, "sparse gradient: extents")
    unsafe x.withUnsafeBufferPointer { x in
      unsafe d.withUnsafeBufferPointer { d in
        unsafe g.withUnsafeMutableBufferPointer { g in
          // The extents were checked against all three spans above.
          unsafe modelc_sparse_gradient(
            rows, inputs, outputs, adds ? 1 : 0, x.baseAddress, d.baseAddress, g.baseAddress)
        }
      }
    }
  }
}
