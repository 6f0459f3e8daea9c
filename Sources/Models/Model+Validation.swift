import Messages

/// The graph of a model does not hold together.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The layer's path, or `graph`.
  public let place: String
  /// What is wrong, both sides stated.
  public let reason: String

  /// States what is wrong.
  public init(place: String, reason: String) {
    self.place = place
    self.reason = reason
  }

  /// `place: reason`.
  public var description: String { "\(place): \(reason)".oneLine() }
}

extension Model {
  /// Checks names, that paths are unique, indices in range, and calls come after what they read.
  public func validate() throws(ModelError) {
    for path in layers.lazy.map(\.path) + [name]
    where path.unicodeScalars.contains(where: \.isSteering) {
      throw ModelError(
        place: path.shortened(), reason: "expected a name of printable characters, found others")
    }
    var paths = Set<String>()
    for layer in layers where !paths.insert(layer.path).inserted {
      throw ModelError(place: layer.path, reason: "two layers have this path")
    }
    for (index, call) in calls.enumerated() {
      guard layers.indices.contains(call.layer) else {
        throw ModelError(
          place: "graph",
          reason: "call \(index) names layer \(call.layer) of \(layers.count)")
      }
      for input in call.inputs where input.call < 0 || input.call >= index || input.output < 0 {
        throw ModelError(
          place: layers[call.layer].path,
          reason: "call \(index) reads call \(input.call), which does not come before it")
      }
    }
    guard !outputs.isEmpty else { throw ModelError(place: "graph", reason: "no outputs") }
    for output in outputs where !calls.indices.contains(output.call) || output.output < 0 {
      throw ModelError(
        place: "graph", reason: "output names call \(output.call) of \(calls.count)")
    }
    for input in inputs {
      guard calls.indices.contains(input), case .input = layers[calls[input].layer].kind else {
        throw ModelError(place: "graph", reason: "input \(input) is not the call of an input")
      }
    }
  }
}
