import Messages

/// Why a model cannot be expressed as a program.
public enum LoweringError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The shapes or settings of an operation do not fit together.
  case mismatch(origin: String, operation: String, expected: String, found: String)
  /// A size is beyond what can be counted.
  case tooLarge(origin: String, operation: String, size: String)
  /// The thing at `origin` cannot be run, and why.
  case unsupported(origin: String, reason: String)

  /// Where, and what, with both sides.
  public var description: String { message.oneLine() }

  private var message: String {
    switch self {
    case .mismatch(let origin, let operation, let expected, let found):
      "\(origin): \(operation): expected \(expected), found \(found)"
    case .tooLarge(let origin, let operation, let size):
      "\(origin): \(operation): \(size) is too large to count"
    case .unsupported(let origin, let reason):
      "\(origin): cannot be run: \(reason)"
    }
  }
}
