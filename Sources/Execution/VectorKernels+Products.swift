import CVector

/// What the products of this project's own C code share: their question of the processor, their
/// checks and the way in.
extension VectorKernels {
  /// Whether the processor has the registers that these products are written for.
  static let hasWideRegisters = modelc_has_wide_registers() != 0

  /// rows, inputs, outputs, x, w and y of a product.
  typealias Product = (
    Int, Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
  ) -> Void

  /// rows, inputs, outputs, whether it adds, x, d and g of a product's gradient.
  typealias ProductGradient = (
    Int, Int, Int, Int32, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
  ) -> Void

  /// y [rows × outputs] ← x [rows × inputs] · w [inputs × outputs], by one of the C products.
  static func product(
    _ x: Span<Float>, by w: Span<Float>, _ rows: Int, _ inputs: Int, _ outputs: Int,
    into y: inout MutableSpan<Float>, _ call: Product
  ) {
    precondition(
      rows > 0 && inputs > 0 && outputs >= 16 && x.count >= rows * inputs
        && w.count >= inputs * outputs && y.count >= rows * outputs, "product: extents")
    unsafe x.withUnsafeBufferPointer { x in
      unsafe w.withUnsafeBufferPointer { w in
        unsafe y.withUnsafeMutableBufferPointer { y in
          // The extents were checked against all three spans above.
          unsafe call(rows, inputs, outputs, x.baseAddress, w.baseAddress, y.baseAddress)
        }
      }
    }
  }

  /// g [inputs × outputs] ← xᵀ · d, or g + xᵀ · d with `adds`, by one of the C products.
  static func gradient(
    _ x: Span<Float>, of d: Span<Float>, _ rows: Int, _ inputs: Int, _ outputs: Int, _ adds: Bool,
    into g: inout MutableSpan<Float>, _ call: ProductGradient
  ) {
    precondition(
      rows > 0 && inputs > 0 && outputs >= 16 && x.count >= rows * inputs
        && d.count >= rows * outputs && g.count >= inputs * outputs, "product's gradient: extents")
    unsafe x.withUnsafeBufferPointer { x in
      unsafe d.withUnsafeBufferPointer { d in
        unsafe g.withUnsafeMutableBufferPointer { g in
          // The extents were checked against all three spans above.
          unsafe call(
            rows, inputs, outputs, adds ? 1 : 0, x.baseAddress, d.baseAddress, g.baseAddress)
        }
      }
    }
  }
}
