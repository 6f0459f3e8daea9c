import CVector
import Tensors

/// Loops that are compiled for the processor at hand, with their extents checked.
package enum VectorKernels {
  /// One fused pass of Adam over a parameter, with decoupled decay.
  ///
  /// m ← m + (g − m)(1 − β₁), v ← v + (g² − v)(1 − β₂), w ← decay·w − rate·m ÷ (√v + ε); the bias
  /// corrections belong into `rate`. Traps unless all four have one count.
  /// Source: Kingma and Ba 2015; Loshchilov and Hutter 2019.
  package static func adam(
    _ weights: inout MutableSpan<Float>, gradient: Span<Float>,
    first: inout MutableSpan<Float>, second: inout MutableSpan<Float>, rate: Float,
    beta1: Float, beta2: Float, epsilon: Float, decay: Float
  ) {
    let count = weights.count
    precondition(
      gradient.count == count && first.count == count && second.count == count,
      "adam: one gradient and two moments a weight")
    guard count > 0 else { return }
    unsafe weights.withUnsafeMutableBufferPointer { w in
      unsafe gradient.withUnsafeBufferPointer { g in
        unsafe first.withUnsafeMutableBufferPointer { m in
          unsafe second.withUnsafeMutableBufferPointer { v in
            // All four hold `count` elements; exclusivity keeps the three written ones apart.
            unsafe modelc_adam(
              count, w.baseAddress, g.baseAddress, m.baseAddress, v.baseAddress, rate, beta1,
              beta2, epsilon, decay)
          }
        }
      }
    }
  }

  /// y ← x · w for one row x and w [rows × columns]; rows of w whose x is 0 are not read.
  static func multiply(
    row x: Span<Float>, by w: Span<Float>, rows: Int, columns: Int,
    into y: inout MutableSpan<Float>
  ) {
    precondition(
      x.count >= rows && w.count >= rows * columns && y.count >= columns, "row: extents")
    guard rows > 0, columns > 0 else { return }
    unsafe x.withUnsafeBufferPointer { x in
      unsafe w.withUnsafeBufferPointer { w in
        unsafe y.withUnsafeMutableBufferPointer { y in
          // The extents were checked against all three spans above.
          unsafe modelc_row_times_matrix(
            rows, columns, x.baseAddress, w.baseAddress, y.baseAddress)
        }
      }
    }
  }

  /// y[r, i] ← Σₑ w[e, r] · x[e, i] for x [extent × inner] and w [extent × rank].
  static func modeProduct(
    _ x: Span<Float>, by w: Span<Float>, extent: Int, rank: Int, inner: Int,
    into y: inout MutableSpan<Float>
  ) {
    precondition(
      x.count >= extent * inner && w.count >= extent * rank && y.count >= rank * inner,
      "mode product: extents")
    guard extent > 0, rank > 0, inner > 0 else { return }
    unsafe x.withUnsafeBufferPointer { x in
      unsafe w.withUnsafeBufferPointer { w in
        unsafe y.withUnsafeMutableBufferPointer { y in
          // The extents were checked against all three spans above.
          unsafe modelc_mode_product(
            extent, rank, inner, w.baseAddress, x.baseAddress, y.baseAddress)
        }
      }
    }
  }

  /// Scales elements whose 32 bits from the generator reach the threshold, and zeroes the others.
  static func drop(
    _ x: inout MutableSpan<Float>, scale: Float, threshold: UInt32, generator: SeededGenerator
  ) {
    let count = x.count
    unsafe x.withUnsafeMutableBufferPointer { x in
      // The span holds `count` elements.
      unsafe modelc_drop(count, x.baseAddress, scale, threshold, generator.state)
    }
  }

  /// Copies `count` runs of `length` elements between two regular spacings.
  @inline(__always)
  static func gather(
    count: Int, length: Int, from source: Span<Float>, step sourceStep: Int,
    to target: inout MutableSpan<Float>, step targetStep: Int
  ) {
    guard count > 0, length > 0 else { return }
    precondition(
      sourceStep >= 0 && targetStep >= length
        && (count - 1) * sourceStep + length <= source.count
        && (count - 1) * targetStep + length <= target.count, "gather: extents")
    unsafe source.withUnsafeBufferPointer { source in
      unsafe target.withUnsafeMutableBufferPointer { target in
        // The last run of both was checked above.
        unsafe modelc_gather_runs(
          count, length, source.baseAddress, sourceStep, target.baseAddress, targetStep)
      }
    }
  }

  /// The largest of two by two pixels, for a row of results; `rows` holds the two image rows.
  static func maxPool(
    _ rows: Span<Float>, line: Int, columns: Int, channels: Int,
    into y: inout MutableSpan<Float>
  ) {
    precondition(
      line >= 2 * columns * channels && rows.count >= 2 * line && y.count >= columns * channels,
      "max pool: extents")
    unsafe rows.withUnsafeBufferPointer { rows in
      unsafe y.withUnsafeMutableBufferPointer { y in
        guard let top = rows.baseAddress else { return }
        // Both rows of `line` elements lie inside, as checked above.
        unsafe modelc_max_pool_row(columns, channels, top, top + line, y.baseAddress)
      }
    }
  }

  /// The gradient of ``maxPool(_:line:columns:channels:into:)``, over both image rows.
  static func maxPoolGradient(
    _ rows: Span<Float>, line: Int, columns: Int, channels: Int, of d: Span<Float>,
    into gradient: inout MutableSpan<Float>
  ) {
    precondition(
      line >= 2 * columns * channels && rows.count >= 2 * line && gradient.count >= 2 * line
        && d.count >= columns * channels, "max pool gradient: extents")
    unsafe rows.withUnsafeBufferPointer { rows in
      unsafe d.withUnsafeBufferPointer { d in
        unsafe gradient.withUnsafeMutableBufferPointer { gradient in
          guard let top = rows.baseAddress, let topGradient = gradient.baseAddress else { return }
          // Both pairs of rows of `line` elements lie inside, as checked above.
          unsafe modelc_max_pool_row_gradient(
            columns, channels, top, top + line, d.baseAddress, topGradient, topGradient + line)
        }
      }
    }
  }
}
