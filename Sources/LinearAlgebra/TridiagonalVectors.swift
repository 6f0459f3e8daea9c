/// Eigenvectors of a symmetric tridiagonal matrix whose eigenvalues are known.
///
/// For each eigenvalue λ, T − λI is factorised from the top (D⁺) and from the bottom (D⁻); where
/// |γ_k| = |D⁺_k + D⁻_k − (d_k − λ)| is least the two are joined, and the vector follows by
/// multiplications. Eight eigenvalues run side by side. That is far cheaper than LAPACK's `stemr`
/// for a part of the spectrum, but two vectors are only orthogonal to about ε·‖T‖ ÷ (distance of
/// their eigenvalues): the result is checked, and nil where it does not suffice.
/// Source: Parlett and Dhillon 1997, "Fernando's solution to Wilkinson's problem".
struct TridiagonalVectors {
  private typealias Lanes = SIMD8<Double>

  private let diagonal: [Double]
  private let offDiagonal: [Double]
  private let order: Int
  /// max |λ|.
  private let norm: Double
  // Multipliers e_k ÷ D⁺_k and e_k ÷ D⁻_{k+1}, for eight eigenvalues at a time.
  private var down: [Lanes]
  private var up: [Lanes]

  init(diagonal: [Double], offDiagonal: [Double], norm: Double) {
    self.diagonal = diagonal
    self.offDiagonal = offDiagonal
    self.norm = norm
    order = diagonal.count
    down = [Lanes](repeating: .zero, count: order)
    up = [Lanes](repeating: .zero, count: order)
  }

  /// Unit vectors of the given eigenvalues as rows [count × order], or nil if some vector's
  /// residual or the overlap of two neighbours exceeds `tolerance`.
  mutating func rows(of values: [Double], tolerance: Double) -> [Double]? {
    guard norm > 0, order > 1 else { return nil }
    for index in 0..<order - 1 where abs(offDiagonal[index]) < 1e-15 * norm { return nil }
    for index in 1..<max(values.count, 1)
    where abs(values[index - 1] - values[index]) < 1e-12 * norm { return nil }
    var result = [Double](repeating: 0, count: values.count * order)
    for start in stride(from: 0, to: values.count, by: 8) {
      let count = min(8, values.count - start)
      var shifts = Lanes(repeating: values[start])
      for lane in 0..<count { shifts[lane] = values[start + lane] }
      let (twists, gammas) = factorize(shifts)
      for lane in 0..<count {
        let length = fill(&result, row: start + lane, lane: lane, twist: Int(twists[lane]))
        guard length.isFinite, abs(gammas[lane]) <= tolerance * 1e-2 * norm * length else {
          return nil
        }
        let row = start + lane
        if row > 0, abs(overlap(result, row - 1, row)) > tolerance { return nil }
      }
    }
    return result
  }

  /// Both factorisations; where to join them, and γ there.
  private mutating func factorize(_ shifts: Lanes) -> (twists: SIMD8<Int64>, gammas: Lanes) {
    let smallest = Lanes(repeating: 1e-30 * norm)
    // γ_k needs D⁻_k when D⁺_k is known: the bottom runs first, and keeps D⁻_k − (d_k − λ).
    var pivot = Lanes(repeating: diagonal[order - 1]) - shifts
    var k = order - 2
    while k >= 0 {
      pivot.replace(with: smallest, where: magnitude(pivot) .< smallest)
      let off = Lanes(repeating: offDiagonal[k])
      let multiplier = off / pivot
      up[k] = multiplier
      pivot = Lanes(repeating: diagonal[k]) - shifts - off * multiplier
      k -= 1
    }
    // At k, D⁻_k − (d_k − λ) = −e_k · up_k, so γ_k = D⁺_k − e_k · up_k.
    pivot = Lanes(repeating: diagonal[0]) - shifts
    var best = pivot - Lanes(repeating: offDiagonal[0]) * up[0]
    var twists = SIMD8<Int64>.zero
    for k in 0..<order - 1 {
      pivot.replace(with: smallest, where: magnitude(pivot) .< smallest)
      let off = Lanes(repeating: offDiagonal[k])
      let multiplier = off / pivot
      down[k] = multiplier
      pivot = Lanes(repeating: diagonal[k + 1]) - shifts - off * multiplier
      let gamma =
        k + 2 < order ? pivot - Lanes(repeating: offDiagonal[k + 1]) * up[k + 1] : pivot
      let better = magnitude(gamma) .< magnitude(best)
      best.replace(with: gamma, where: better)
      twists.replace(with: SIMD8(repeating: Int64(k + 1)), where: better)
    }
    return (twists, best)
  }

  private func magnitude(_ value: Lanes) -> Lanes {
    value.replacing(with: -value, where: value .< 0)
  }

  /// Writes a unit vector into a row and returns its length before scaling.
  private func fill(_ result: inout [Double], row: Int, lane: Int, twist: Int) -> Double {
    // Entries below this are as good as zero, and slow as subnormal numbers.
    let floor = 1e-140
    var span = result.mutableSpan
    let base = row * order
    span[base + twist] = 1
    var sum = 1.0
    var value = 1.0
    var k = twist - 1
    while k >= 0 {
      value *= -down[k][lane]
      if abs(value) < floor { break }
      span[base + k] = value
      sum += value * value
      k -= 1
    }
    value = 1
    k = twist
    while k < order - 1 {
      value *= -up[k][lane]
      if abs(value) < floor { break }
      k += 1
      span[base + k] = value
      sum += value * value
    }
    let length = sum.squareRoot()
    let scale = 1 / length
    for index in base..<base + order { span[index] *= scale }
    return length
  }

  private func overlap(_ result: [Double], _ first: Int, _ second: Int) -> Double {
    let span = result.span
    var lanes = Lanes.zero
    var index = 0
    while index + 8 <= order {
      var a = Lanes.zero
      var b = Lanes.zero
      for lane in 0..<8 {
        a[lane] = span[first * order + index + lane]
        b[lane] = span[second * order + index + lane]
      }
      lanes += a * b
      index += 8
    }
    var sum = lanes.sum()
    while index < order {
      sum += span[first * order + index] * span[second * order + index]
      index += 1
    }
    return sum
  }
}
