import JSON
import Models
import Programs

extension LayerTranslator {
  /// The activation under `key`, absent meaning linear; nil for one that modelc does not know.
  func activation(_ key: String = "activation") -> ActivationFunction? {
    activation(settings[key] ?? .null)
  }

  /// An activation by name, as a serialised function, or as a serialised layer.
  private func activation(_ value: JSONValue) -> ActivationFunction? {
    if value == .null { return .linear }
    if let name = value.string { return activation(named: name) }
    guard let object = value.object, let className = object["class_name"]?.string else {
      return nil
    }
    if className == "function" {
      return (object["config"]?.string ?? object["registered_name"]?.string)
        .flatMap(activation(named:))
    }
    guard let config = object["config"]?.object else { return activation(named: className) }
    let entry = KerasEntry(
      name: "", path: "", className: className, module: object["module"]?.string,
      configuration: config, nested: nil)
    let inner = LayerTranslator(entry: entry, version: version)
    guard case .activation(let layer)? = try? inner.activationKind() else { return nil }
    return layer.function
  }

  /// The function behind Keras' name; `hard_sigmoid` means different functions in Keras 2 and 3.
  private func activation(named name: String) -> ActivationFunction? {
    switch name {
    case "linear": .linear
    case "relu": .relu()
    case "relu6": .relu(maximum: 6)
    case "leaky_relu": .relu(negativeSlope: 0.2)
    case "elu", "celu": .elu()
    case "selu": .selu
    case "gelu": .gelu(approximate: false)
    case "sigmoid": .sigmoid
    case "tanh": .tanh
    case "softmax": .softmax
    case "log_softmax": .logSoftmax
    case "swish", "silu": .swish
    case "hard_sigmoid": version.major >= 3 ? .hardSigmoid3 : .hardSigmoid2
    case "hard_swish", "hard_silu": .hardSwish
    case "softplus": .softplus
    case "softsign": .softsign
    case "exponential": .exponential
    case "mish": .mish
    default: nil
    }
  }

  /// Layers that are an activation, and PReLU.
  func activationKind() throws(AttributeError) -> LayerKind? {
    switch entry.className {
    case "Activation": return activation().map { .activation(ActivationLayer(function: $0)) }
    case "ReLU":
      let maximum = try reader.optionalNumber("max_value").map { Float($0) }
      let slope = Float(try reader.number("negative_slope", default: 0))
      let threshold = Float(try reader.number("threshold", default: 0))
      return function(.relu(maximum: maximum, negativeSlope: slope, threshold: threshold))
    case "LeakyReLU":
      let key = settings["negative_slope"] == nil ? "alpha" : "negative_slope"
      return function(.relu(negativeSlope: Float(try reader.number(key, default: 0.3))))
    case "ThresholdedReLU":
      return function(.relu(threshold: Float(try reader.number("theta", default: 1))))
    case "ELU": return function(.elu(alpha: Float(try reader.number("alpha", default: 1))))
    case "Softmax":
      let axis = settings["axis"] ?? -1
      return axis.int == -1 || axis.ints == [-1] ? function(.softmax) : nil
    case "PReLU":
      if let axis = settings["shared_axes"]?.int, (1...32).contains(axis) {
        return .parametricReLU(ParametricReLU(sharedAxes: [axis]))
      }
      return .parametricReLU(
        ParametricReLU(sharedAxes: try reader.integers("shared_axes", in: 1...32, default: [])))
    default: return nil
    }
  }

  private func function(_ function: ActivationFunction) -> LayerKind {
    .activation(ActivationLayer(function: function))
  }
}
