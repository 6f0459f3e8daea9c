/// A function applied to every element, or for the softmax family to every last-axis row.
public enum ActivationFunction: Sendable, Hashable {
  /// x.
  case linear
  /// Keras' general ReLU: `maximum` where x ≥ maximum, x where x ≥ threshold, else
  /// negativeSlope · (x − threshold).
  case relu(maximum: Float? = nil, negativeSlope: Float = 0, threshold: Float = 0)
  /// x where x > 0, else alpha · (eˣ − 1).
  case elu(alpha: Float = 1)
  /// 1.0507009873554805 · elu(x, 1.6732632423543772).
  case selu
  /// x · Φ(x), with Φ by erf, or by tanh when `approximate`.
  case gelu(approximate: Bool)
  /// 1 ÷ (1 + e⁻ˣ).
  case sigmoid
  /// tanh x.
  case tanh
  /// eˣⁱ ÷ Σ eˣʲ over the last axis.
  case softmax
  /// xᵢ − log Σ eˣʲ over the last axis.
  case logSoftmax
  /// x · sigmoid(x), also called SiLU.
  case swish
  /// Keras 2: clip(0.2·x + 0.5, 0, 1).
  case hardSigmoid2
  /// Keras 3: clip(x + 3, 0, 6) ÷ 6.
  case hardSigmoid3
  /// x · clip(x + 3, 0, 6) ÷ 6.
  case hardSwish
  /// log(1 + eˣ).
  case softplus
  /// x ÷ (1 + |x|).
  case softsign
  /// eˣ.
  case exponential
  /// x · tanh(softplus(x)).
  case mish

  /// Whether a result depends on its whole last-axis row.
  public var isRowwise: Bool { self == .softmax || self == .logSoftmax }
}
