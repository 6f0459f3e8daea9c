/// A failure whose whole message is its description.
struct CommandFailure: Error, CustomStringConvertible {
  /// The line that is printed.
  let description: String
  /// The exit code.
  let exitCode: Int32

  /// A failure of the work (1), or of how it was asked for (64).
  init(_ description: String, exitCode: Int32 = 1) {
    self.description = description
    self.exitCode = exitCode
  }

  /// A usage error.
  static func usage(_ description: String) -> CommandFailure {
    CommandFailure(description, exitCode: 64)
  }
}
