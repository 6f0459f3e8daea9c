import Programs

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

extension ActivationFunction {
  /// The function of one number, for tables of int8 codes.
  func value(_ x: Float) -> Float {
    let wide = Double(x)
    switch self {
    case .linear, .softmax, .logSoftmax: return x
    case .relu(let maximum, let slope, let threshold):
      if let maximum, x >= maximum { return maximum }
      return x >= threshold ? x : slope * (x - threshold)
    case .elu(let alpha): return x > 0 ? x : alpha * Float(expm1(wide))
    case .selu:
      return Float(
        1.050_700_987_355_480_5 * (wide > 0 ? wide : 1.673_263_242_354_377_2 * expm1(wide)))
    case .gelu(approximate: false): return Float(0.5 * wide * (1 + erf(wide / 2.0.squareRoot())))
    case .gelu(approximate: true):
      return Float(
        0.5 * wide
          * (1
            + hyperbolicTangent(0.797_884_560_802_865_4 * (wide + 0.044_715 * wide * wide * wide))))
    case .sigmoid: return Float(1 / (1 + exp(-wide)))
    case .tanh: return Float(hyperbolicTangent(wide))
    case .swish: return Float(wide / (1 + exp(-wide)))
    case .hardSigmoid2: return min(max(0.2 * x + 0.5, 0), 1)
    case .hardSigmoid3: return min(max(x + 3, 0), 6) / 6
    case .hardSwish: return x * min(max(x + 3, 0), 6) / 6
    case .softplus: return Float(max(wide, 0) + log1p(exp(-abs(wide))))
    case .softsign: return x / (1 + abs(x))
    case .exponential: return Float(exp(wide))
    case .mish: return Float(wide * hyperbolicTangent(max(wide, 0) + log1p(exp(-abs(wide)))))
    }
  }
}

/// tanh x; inside the enumeration the case of that name hides the library's function.
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
