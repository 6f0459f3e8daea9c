import CVector

/// Products with few columns, such as those of factors, by sums that stay in registers.
extension VectorKernels {
  private static let hasRegisters = modelc_winograd_is_fast() != 0

  /// Whether a product of [rows × inputs] by [inputs × outputs] is faster here than by sgemm: its
  /// columns must nearly fill whole vectors, and its right side must stay in the cache.
  static func isThin(rows: Int, inputs: Int, outputs: Int) -> Bool {
    guard hasRegisters, rows >= 24, outputs >= 16, inputs > 0, inputs * outputs <= 2 << 20 else {
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
    precondition(
      rows > 0 && inputs > 0 && outputs >= 16 && x.count >= rows * inputs
        && w.count >= inputs * outputs && y.count >= rows * outputs, "thin product: extents")
    unsafe x.withUnsafeBufferPointer { x in
      unsafe w.withUnsafeBufferPointer { w in
        unsafe y.withUnsafeMutableBufferPointer { y in
          // The extents were checked against all three spans above.
          unsafe modelc_thin_product(
            rows, inputs, outputs, x.baseAddress, w.baseAddress, y.baseAddress)
        }
      }
    }
  }

  /// g ← xᵀ · d, or g + xᵀ · d with `adds`.
  static func thinGradient(
    _ x: Span<Float>, of d: Span<Float>, rows: Int, inputs: Int, outputs: Int, adds: Bool,
    into g: inout MutableSpan<Float>
  ) {
    precondition(
      rows > 0 && inputs > 0 && outputs >= 16 && x.count >= rows * inputs
        && d.count >= rows * outputs && g.count >= inputs * outputs, "thin gradient: extents")
    unsafe x.withUnsafeBufferPointer { x in
      unsafe d.withUnsafeBufferPointer { d in
        unsafe g.withUnsafeMutableBufferPointer { g in
          // The extents were checked against all three spans above.
          unsafe modelc_thin_gradient(
            rows, inputs, outputs, adds ? 1 : 0, x.baseAddress, d.baseAddress, g.baseAddress)
        }
      }
    }
  }
}
