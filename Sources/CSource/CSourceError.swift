import Messages

/// Why a model cannot be written as C.
public struct CSourceError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The layer's path, or the option.
  public let place: String
  /// What is wrong, and what to do.
  public let reason: String

  /// States what is wrong.
  public init(_ place: String, _ reason: String) {
    self.place = place
    self.reason = reason
  }

  /// `place: reason`.
  public var description: String { "\(place): \(reason)".oneLine() }
}
