import Messages

/// Why a file could not be read or written, and where.
public struct ArchiveError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong.
  public enum Problem: Sendable, Hashable {
    /// Fewer bytes are there than a header promises.
    case truncated(needed: Int, available: Int)
    /// The stored checksum does not fit the content.
    case checksum(stored: UInt32, computed: UInt32)
    /// The bytes contradict the format, or each other.
    case corrupt(String)
    /// More bytes than the caller allows.
    case tooLarge(Int, limit: Int)
    /// The file uses something that is refused on purpose.
    case refused(String)
    /// An entry that is not there.
    case missing(String)
    /// The operating system said no.
    case system(operation: String, reason: String)
  }

  /// The file, and the entry or byte offset in it: `model.keras: config.json`.
  public let place: String
  /// What went wrong there.
  public let problem: Problem

  /// Makes an error.
  public init(_ problem: Problem, at place: String) {
    self.problem = problem
    self.place = place
  }

  /// The message: `where: what, both sides`.
  public var description: String { "\(place): \(problem)".oneLine() }
}

extension ArchiveError.Problem: CustomStringConvertible {
  /// What went wrong, without the place.
  public var description: String {
    switch self {
    case .truncated(let needed, let available):
      "the file ends early: \(needed) bytes needed, \(available) there"
    case .checksum(let stored, let computed):
      "the content is damaged: checksum \(hexadecimal(stored)) stored, "
        + "\(hexadecimal(computed)) computed"
    case .corrupt(let what): what
    case .tooLarge(let count, let limit): "\(count) bytes, at most \(limit) are read"
    case .refused(let what): what
    case .missing(let name): "no entry '\(name)'"
    case .system(let operation, let reason): "cannot \(operation): \(reason)"
    }
  }

  private func hexadecimal(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }
}
