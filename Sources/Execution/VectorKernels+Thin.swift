import CVector

/// Products with few columns, such as those of factors, by sums that stay in registers.
extension VectorKernels {
  /// Whether a product of [rows × inputs] by [inputs × outputs] is faster here than by sgemm: its
  /// columns must nearly fill whole vectors, and its right side must stay in the cache.
  static func isThin(rows: Int, inputs: Int, outputs: Int) -> Bool {
    guard hasWideRegisters, rows >= 24, outputs >= 16, inputs > 0, inputs * outputs <= 2 << 20
    else {
      return false
    }
    let tiles = (outputs + 63) / 64
    let vectors = (outputs + 16 * tiles - 1) / (16 * tiles)
    return Double(outputs) >= 0.85 * Double(16 * tiles * vectors)
  }

  /// y ← x · w.
  static func thinMultiply(
    _ x: Span<Float>, by w: Span<Float>, rows: Int, inputs: Int, outputs: Int,
    into y: inout MutableSpan<Float>
  ) {
    unsafe product(x, by: w, rows, inputs, outputs, into: &y, modelc_thin_product)
  }

  /// g ← xᵀ · d, or g + xᵀ · d with `adds`.
  static func thinGradient(
    _ x: Span<Float>, of d: Span<Float>, rows: Int, inputs: Int, outputs: Int, adds: Bool,
    into g: inout MutableSpan<Float>
  ) {
    unsafe gradient(x, of: d, rows, inputs, outputs, adds, into: &g, modelc_thin_gradient)
  }
}
