import Messages

/// An architecture cannot be made as it is written.
public struct ArchitectureError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The text or the place in it.
  public let place: String
  /// What is wrong, both sides stated, and what to do.
  public let reason: String

  /// States what is wrong.
  public init(_ place: String, _ reason: String) {
    self.place = place
    self.reason = reason
  }

  /// `place: reason`.
  public var description: String { "\(place): \(reason)".oneLine() }
}
