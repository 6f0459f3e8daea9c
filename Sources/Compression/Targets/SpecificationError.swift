import Messages

/// A request that makes no sense as written; the user has to spell it differently.
public struct SpecificationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was asked for, such as `--rank`.
  public let subject: String
  /// What is wrong with it, and what to write instead.
  public let problem: String

  /// States what is wrong.
  public init(_ subject: String, _ problem: String) {
    self.subject = subject
    self.problem = problem
  }

  /// `subject: problem`.
  public var description: String { "\(subject): \(problem)".oneLine() }
}
