public import JSON
public import Programs

extension AttributeReader {
  /// An activation: its name, or an object of name and settings; absent means linear.
  public func activation(_ key: String) throws(AttributeError) -> ActivationFunction {
    let value = object[key] ?? .null
    if value == .null { return .linear }
    if let name = value.string, let function = ActivationFunction(plainName: name) {
      return function
    }
    if let settings = value.object {
      let reader = AttributeReader(settings)
      switch try reader.string("name") {
      case "relu":
        return .relu(
          maximum: try reader.optionalNumber("maximum").map { Float($0) },
          negativeSlope: Float(try reader.number("negative_slope", default: 0)),
          threshold: Float(try reader.number("threshold", default: 0)))
      case "elu": return .elu(alpha: Float(try reader.number("alpha", default: 1)))
      default: break
      }
    }
    throw AttributeError(
      key: key, expected: "a known activation", found: String(value.serialized().prefix(60)))
  }
}

extension ActivationFunction {
  /// The container's name for each activation that has no settings.
  private static let plain: [(String, ActivationFunction)] = [
    ("linear", .linear), ("relu", .relu(maximum: nil, negativeSlope: 0, threshold: 0)),
    ("relu6", .relu(maximum: 6, negativeSlope: 0, threshold: 0)), ("elu", .elu(alpha: 1)),
    ("selu", .selu), ("gelu", .gelu(approximate: false)),
    ("gelu-tanh", .gelu(approximate: true)), ("sigmoid", .sigmoid), ("tanh", .tanh),
    ("softmax", .softmax), ("log-softmax", .logSoftmax), ("swish", .swish),
    ("hard-sigmoid-2", .hardSigmoid2), ("hard-sigmoid-3", .hardSigmoid3),
    ("hard-swish", .hardSwish), ("softplus", .softplus), ("softsign", .softsign),
    ("exponential", .exponential), ("mish", .mish),
  ]

  /// The activation that the container calls `plainName`; nil for another name.
  public init?(plainName: String) {
    guard let entry = ActivationFunction.plain.first(where: { $0.0 == plainName }) else {
      return nil
    }
    self = entry.1
  }

  /// The names of every activation without settings.
  public static var plainNames: [String] { plain.map(\.0) }

  /// The container's name, or an object of name and settings.
  public var json: JSONValue {
    if let entry = ActivationFunction.plain.first(where: { $0.1 == self }) {
      return .string(entry.0)
    }
    switch self {
    case .relu(let maximum, let negativeSlope, let threshold):
      return .object([
        "name": "relu", "maximum": maximum.map { .number(Double($0)) } ?? .null,
        "negative_slope": .number(Double(negativeSlope)), "threshold": .number(Double(threshold)),
      ])
    case .elu(let alpha): return .object(["name": "elu", "alpha": .number(Double(alpha))])
    default: preconditionFailure("an activation without a name: \(self)")
    }
  }
}
