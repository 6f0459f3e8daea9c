import JSON
import Models
import Programs

extension LayerRewriter {
  /// The name under which Keras 2.15 and every Keras 3 mean the same function; nil if there is none.
  static func universalName(_ function: ActivationFunction) -> String? {
    switch function {
    case .linear: "linear"
    case .relu(maximum: nil, negativeSlope: 0, threshold: 0): "relu"
    case .elu(alpha: 1): "elu"
    case .selu: "selu"
    case .gelu(approximate: false): "gelu"
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .softmax: "softmax"
    case .swish: "swish"
    case .softplus: "softplus"
    case .softsign: "softsign"
    case .exponential: "exponential"
    case .mish: "mish"
    default: nil
    }
  }

  /// What goes into the `activation` of the piece with the weights; the rest follows as layers.
  func ownActivation(_ function: ActivationFunction) -> JSONValue {
    .string(Self.universalName(function) ?? "linear")
  }

  /// Appends layers for an activation that has no name common to Keras 2 and 3.
  ///
  /// Behind a layer with weights, which keeps the layer's name, they are called after it.
  mutating func appendActivation(_ function: ActivationFunction, isWholeLayer: Bool = false)
    throws(KerasViewObstacle)
  {
    let last: String? = isWholeLayer ? nil : "activation"
    func inner(_ word: String) -> String { isWholeLayer ? word : "activation_\(word)" }
    if let name = Self.universalName(function) {
      if isWholeLayer { append("Activation", ["activation": .string(name)]) }
      return
    }
    switch function {
    case .relu(let maximum, let slope, let threshold):
      append(
        "ReLU", suffix: last,
        [
          "max_value": maximum.map { .number(Double($0)) } ?? .null,
          "negative_slope": .number(Double(slope)), "threshold": .number(Double(threshold)),
        ])
    case .elu(let alpha): append("ELU", suffix: last, ["alpha": .number(Double(alpha))])
    case .hardSigmoid2:
      append("Rescaling", suffix: inner("scale"), ["scale": 0.2, "offset": 0.5])
      append("ReLU", suffix: last, ["max_value": 1.0, "negative_slope": 0.0, "threshold": 0.0])
    case .hardSigmoid3: appendHardSigmoid3(inner, last: last)
    case .hardSwish:
      let x: ViewPiece.Operand = pieces.isEmpty ? .input : .piece(pieces.count - 1)
      appendHardSigmoid3(inner, last: inner("gate"))
      append("Multiply", suffix: last, [:], operands: [x, .piece(pieces.count - 1)])
    default:
      throw obstacle("Keras 2 and 3 have no common name for its activation")
    }
  }

  private mutating func appendHardSigmoid3(_ inner: (String) -> String, last: String?) {
    append("Rescaling", suffix: inner("shift"), ["scale": 1.0, "offset": 3.0])
    append(
      "ReLU", suffix: inner("clip"),
      ["max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0])
    append("Rescaling", suffix: last, ["scale": .number(1.0 / 6), "offset": 0.0])
  }
}
