import Programs

/// An activation function as a call in C, and what the call needs.
struct CActivation {
  /// The function's name.
  let name: String
  /// Arguments after `y, n`.
  var arguments = ""
  /// The declarations of those arguments.
  var parameters = ""
  /// The expression of `v`.
  let expression: String
  /// The functions that the expression calls.
  var needs: [CFunction] = []

  init(_ function: ActivationFunction) {
    switch function {
    case .relu(nil, 0, 0):
      name = "relu"
      expression = "v > 0.0f ? v : 0.0f"
    case .relu(let maximum, let slope, let threshold):
      name = "relu_general"
      parameters = ", float maximum, float slope, float threshold"
      arguments = [maximum ?? .greatestFiniteMagnitude, slope, threshold]
        .map { ", " + CName.float($0) }.joined()
      expression = "v >= maximum ? maximum : v >= threshold ? v : slope * (v - threshold)"
    case .elu(let alpha):
      name = "elu"
      parameters = ", float alpha"
      arguments = ", " + CName.float(alpha)
      expression = "v > 0.0f ? v : alpha * expm1f(v)"
      needs = [.math]
    case .selu:
      name = "selu"
      expression = "1.05070099f * (v > 0.0f ? v : 1.67326324f * expm1f(v))"
      needs = [.math]
    case .gelu(approximate: false):
      name = "gelu"
      expression = "0.5f * v * (1.0f + erff(v * 0.70710678f))"
      needs = [.math]
    case .gelu(approximate: true):
      name = "gelu_tanh"
      expression = "0.5f * v * (1.0f + tangent(0.79788456f * (v + 0.044715f * v * v * v)))"
      needs = [.tangent]
    case .sigmoid:
      name = "sigmoid"
      expression = "1.0f / (1.0f + exponential(-v))"
      needs = [.exponential]
    case .tanh:
      name = "tanh_all"
      expression = "tangent(v)"
      needs = [.tangent]
    case .swish:
      name = "swish"
      expression = "v / (1.0f + exponential(-v))"
      needs = [.exponential]
    case .hardSigmoid2:
      name = "hard_sigmoid_2"
      expression = "clip(0.2f * v + 0.5f, 1.0f)"
      needs = [.clip]
    case .hardSigmoid3:
      name = "hard_sigmoid_3"
      expression = "clip(v + 3.0f, 6.0f) / 6.0f"
      needs = [.clip]
    case .hardSwish:
      name = "hard_swish"
      expression = "v * clip(v + 3.0f, 6.0f) / 6.0f"
      needs = [.clip]
    case .softplus:
      name = "softplus"
      expression = "log_one_plus_exp(v)"
      needs = [.softplus]
    case .softsign:
      name = "softsign"
      expression = "v / (1.0f + (v < 0.0f ? -v : v))"
    case .exponential:
      name = "exponential_all"
      expression = "exponential(v)"
      needs = [.exponential]
    case .mish:
      name = "mish"
      expression = "v * tangent(log_one_plus_exp(v))"
      needs = [.tangent, .softplus]
    case .linear, .softmax, .logSoftmax:
      name = "identity"
      expression = "v"
    }
  }
}
