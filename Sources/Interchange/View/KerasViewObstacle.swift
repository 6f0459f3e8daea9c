import Messages

/// Why a model has no Keras view.
public struct KerasViewObstacle: Error, Sendable, Hashable, CustomStringConvertible {
  /// The path of the layer that prevents it.
  public let layer: String
  /// What of it the universal profile cannot say.
  public let reason: String

  /// States what prevents a view.
  public init(layer: String, reason: String) {
    self.layer = layer
    self.reason = reason
  }

  /// `layer: reason`, as it follows `Keras view: no`.
  public var description: String { "\(layer): \(reason)".oneLine() }
}
