extension Tensor {
  /// Σ x², accumulated in Double.
  public var squaredNorm: Double {
    var lanes = SIMD8<Double>.zero
    let span = elements.span
    var index = 0
    while index + 8 <= span.count {
      var block = SIMD8<Double>.zero
      for lane in 0..<8 { block[lane] = Double(span[index + lane]) }
      lanes += block * block
      index += 8
    }
    var sum = lanes.sum()
    while index < span.count {
      let value = Double(span[index])
      sum += value * value
      index += 1
    }
    return sum
  }

  /// ‖x‖_F, accumulated in Double.
  public var norm: Double { squaredNorm.squareRoot() }

  /// Σ (x − y)², accumulated in Double; the shapes must have equal counts.
  public func squaredDistance(to other: Tensor) -> Double {
    precondition(count == other.count, "\(shape) against \(other.shape)")
    var sum = 0.0
    let left = elements.span
    let right = other.elements.span
    for index in left.indices {
      let difference = Double(left[index]) - Double(right[index])
      sum += difference * difference
    }
    return sum
  }

  /// ‖x − approximation‖_F ÷ ‖x‖_F; 0 when both are zero.
  public func relativeError(of approximation: Tensor) -> Double {
    let distance = squaredDistance(to: approximation).squareRoot()
    let reference = norm
    return reference > 0 ? distance / reference : (distance > 0 ? .infinity : 0)
  }

  /// Whether no value is NaN or infinite.
  public var isFinite: Bool {
    let span = elements.span
    for index in span.indices where !span[index].isFinite { return false }
    return true
  }
}
