import Programs

/// 0.7978845608 = √(2 ÷ π), in the tanh form of GELU.
private let geluScale: Float = 0.797_884_56
private let seluScale: Float = 1.050_701
private let seluAlpha: Float = 1.673_263_2

extension ActivationFunction {
  /// Whether the derivative can be told from the result alone, so that x need not be kept.
  var derivativeNeedsOnlyResult: Bool {
    switch self {
    case .linear, .elu, .selu, .sigmoid, .tanh, .hardSigmoid2, .hardSigmoid3, .softsign,
      .exponential, .softmax, .logSoftmax:
      if case .elu(let alpha) = self { return alpha >= 0 }
      return true
    case .relu(_, let slope, let threshold): return slope >= 0 && threshold == 0
    case .gelu, .swish, .hardSwish, .softplus, .mish: return false
    }
  }

  /// Replaces x by the function of x, elementwise.
  func apply(_ x: inout MutableSpan<Float>) {
    switch self {
    case .linear, .softmax, .logSoftmax: break
    case .relu(let maximum, let slope, let threshold):
      applyReLU(&x, maximum, slope, threshold)
    case .elu(let alpha):
      x.map { $0 > 0 ? $0 : alpha * exponentialMinusOne($0) }
    case .selu:
      x.map { seluScale * ($0 > 0 ? $0 : seluAlpha * exponentialMinusOne($0)) }
    case .gelu(approximate: false):
      x.map { 0.5 * $0 * (1 + errorFunction($0 * 0.707_106_78)) }
    case .gelu(approximate: true):
      x.map { v in
        0.5 * v * (1 + hyperbolicTangent(geluScale * (v + 0.044_715 * v * v * v)))
      }
    case .sigmoid: x.map { logistic($0) }
    case .tanh: x.map { hyperbolicTangent($0) }
    case .swish: x.map { $0 * logistic($0) }
    case .hardSigmoid2: x.map { clip(0.2 * $0 + 0.5, 1) }
    case .hardSigmoid3: x.map { clip($0 + 3, 6) / 6 }
    case .hardSwish: x.map { $0 * clip($0 + 3, 6) / 6 }
    case .softplus: x.map { logOnePlusExp($0) }
    case .softsign: x.map { $0 / (1 + abs($0)) }
    case .exponential: x.map { eToThe($0) }
    case .mish: x.map { $0 * hyperbolicTangent(logOnePlusExp($0)) }
    }
  }

  /// Multiplies d by the derivative; `values` is the result where that suffices, else x.
  func applyDerivative(_ values: Span<Float>, to d: inout MutableSpan<Float>) {
    switch self {
    case .linear, .softmax, .logSoftmax: break
    case .relu(let maximum, let slope, let threshold):
      applyReLUDerivative(values, to: &d, maximum, slope, threshold)
    case .elu(let alpha):
      d.map(values) { d, y in y > 0 ? d : d * (y + alpha) }
    case .selu:
      d.map(values) { d, y in y > 0 ? d * seluScale : d * (y + seluScale * seluAlpha) }
    case .gelu(approximate: false):
      d.map(values) { d, x in
        let density = 0.398_942_28 * eToThe(-0.5 * x * x)
        return d * (0.5 * (1 + errorFunction(x * 0.707_106_78)) + x * density)
      }
    case .gelu(approximate: true):
      d.map(values) { d, x in
        let t = hyperbolicTangent(geluScale * (x + 0.044_715 * x * x * x))
        let slope = geluScale * (1 + 0.134_145 * x * x)
        return d * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)
      }
    case .sigmoid: d.map(values) { d, y in d * y * (1 - y) }
    case .tanh: d.map(values) { d, y in d * (1 - y * y) }
    case .swish:
      d.map(values) { d, x in
        let s = logistic(x)
        return d * (s + x * s * (1 - s))
      }
    case .hardSigmoid2: d.map(values) { d, y in y > 0 && y < 1 ? 0.2 * d : 0 }
    case .hardSigmoid3: d.map(values) { d, y in y > 0 && y < 1 ? d / 6 : 0 }
    case .hardSwish:
      d.map(values) { d, x in
        let inside = d * (2 * x + 3) / 6
        return x <= -3 ? 0 : (x >= 3 ? d : inside)
      }
    case .softplus: d.map(values) { d, x in d * logistic(x) }
    case .softsign:
      d.map(values) { d, y in
        let rest = 1 - abs(y)
        return d * rest * rest
      }
    case .exponential: d.map(values) { d, y in d * y }
    case .mish:
      d.map(values) { d, x in
        let t = hyperbolicTangent(logOnePlusExp(x))
        return d * (t + x * (1 - t * t) * logistic(x))
      }
    }
  }

  private func applyReLU(
    _ x: inout MutableSpan<Float>, _ maximum: Float?, _ slope: Float, _ threshold: Float
  ) {
    if slope == 0, threshold == 0 {
      if let maximum {
        x.map { $0 > 0 ? ($0 < maximum ? $0 : maximum) : 0 }
      } else {
        x.map { $0 > 0 ? $0 : 0 }
      }
      return
    }
    let ceiling = maximum ?? .infinity
    x.map { v in
      let below = slope * (v - threshold)
      return v >= ceiling ? ceiling : (v >= threshold ? v : below)
    }
  }

  private func applyReLUDerivative(
    _ values: Span<Float>, to d: inout MutableSpan<Float>, _ maximum: Float?, _ slope: Float,
    _ threshold: Float
  ) {
    let ceiling = maximum ?? .infinity
    if derivativeNeedsOnlyResult {
      if slope == 0, maximum == nil {
        d.map(values) { d, y in y > 0 ? d : 0 }
      } else {
        d.map(values) { d, y in
          let below = slope * d
          return y >= ceiling ? 0 : (y > 0 ? d : below)
        }
      }
      return
    }
    d.map(values) { d, x in
      let below = slope * d
      return x >= ceiling ? 0 : (x >= threshold ? d : below)
    }
  }
}

/// x limited to [0, maximum].
@inline(__always)
private func clip(_ x: Float, _ maximum: Float) -> Float {
  x > 0 ? (x < maximum ? x : maximum) : 0
}

extension MutableSpan<Float> {
  @inline(__always)
  mutating func map(_ transform: (Float) -> Float) {
    for index in indices { self[index] = transform(self[index]) }
  }

  @inline(__always)
  mutating func map(_ other: Span<Float>, _ transform: (Float, Float) -> Float) {
    let other = other.extracting(0..<count)
    for index in indices {
      let own = self[index]
      self[index] = transform(own, other[index])
    }
  }
}
