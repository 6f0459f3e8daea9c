import LinearAlgebra
import Models
import Tensors

/// ‖K − K̂‖_F ÷ ‖K‖_F of a weight against the kernel that it replaces, in Double.
enum ResidualError {
  /// Rebuilds K̂, a low-rank one in blocks of rows so that no second dense kernel is held.
  static func measure(_ weight: Weight, against kernel: Tensor) throws -> Double {
    guard case .lowRank(let form) = weight else {
      return kernel.relativeError(of: try weight.reconstructed())
    }
    let left = Matrix(try form.left.tensor())
    let right = Matrix(try form.right.tensor())
    let columns = right.columns
    let blockRows = max(1, (1 << 21) / max(columns, 1))
    var squaredError = 0.0
    var block = [Float](repeating: 0, count: min(blockRows, left.rows) * columns)
    var start = 0
    while start < left.rows {
      let count = min(blockRows, left.rows - start)
      var span = block.mutableSpan
      gemm(
        m: count, n: columns, k: left.columns,
        a: left.elements.span.extracting(start * left.columns..<(start + count) * left.columns),
        lda: left.columns, b: right.elements.span, ldb: columns, c: &span, ldc: columns)
      squaredError += squaredDistance(
        kernel.elements.span.extracting(start * columns..<(start + count) * columns),
        block.span.extracting(0..<count * columns))
      start += count
    }
    let norm = kernel.norm
    return norm > 0 ? squaredError.squareRoot() / norm : (squaredError > 0 ? .infinity : 0)
  }

  private static func squaredDistance(_ left: Span<Float>, _ right: Span<Float>) -> Double {
    var lanes = SIMD8<Double>.zero
    var index = 0
    while index + 8 <= left.count {
      var block = SIMD8<Double>.zero
      for lane in 0..<8 { block[lane] = Double(left[index + lane]) - Double(right[index + lane]) }
      lanes += block * block
      index += 8
    }
    var sum = lanes.sum()
    while index < left.count {
      let difference = Double(left[index]) - Double(right[index])
      sum += difference * difference
      index += 1
    }
    return sum
  }
}
