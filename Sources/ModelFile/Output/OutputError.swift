import Glibc
import Messages

/// An output file could not be written; what stood at its path is untouched.
public struct OutputError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Why an output could not be written.
  public enum Reason: Sendable, Hashable {
    /// A file stands there and replacing it was not asked for.
    case exists
    /// The path names a folder.
    case isFolder
    /// The path names a device, pipe or socket, where a file with a structure cannot go.
    case isNoFile
    /// The path is a symbolic link to something that is not there.
    case danglingLink(target: String)
    /// The file's folder is not there.
    case noFolder(String)
    /// Another program made the file while it was being written here.
    case appeared
    /// The written file does not read back as it should.
    case unverified(String)
    /// The operating system refused; `number` is its errno.
    case system(operation: String, number: Int32)
  }

  /// The path as the caller gave it.
  public let path: String
  /// What stopped it.
  public let reason: Reason

  /// States what stopped an output.
  public init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// The error of the system call that has just failed.
  static func system(_ operation: String, _ path: String, number: Int32 = errno) -> OutputError {
    OutputError(path: path, reason: .system(operation: operation, number: number))
  }

  /// One line: `path: what; what to do`.
  public var description: String { "\(path): \(reason)".oneLine() }
}

extension OutputError.Reason: CustomStringConvertible {
  /// The reason in words, lower case, without the path.
  public var description: String {
    switch self {
    case .exists: "exists already; name another output, or replace it with --force"
    case .isFolder: "is a folder; name a file in it"
    case .isNoFile: "is a device or a pipe; name a regular file"
    case .danglingLink(let target):
      "is a symbolic link to '\(target)', which does not exist; name the target itself"
    case .noFolder(let folder): "there is no folder '\(folder)'; make it first"
    case .appeared: "was made by another program meanwhile and is left as it is; try again"
    case .unverified(let problem):
      "what was written does not read back, so nothing was replaced: \(problem)"
    case .system(let operation, let number):
      "cannot \(operation): \(Self.message(number))\(Self.advice(number))"
    }
  }

  /// The system's own words for an errno, with a lower-case start.
  private static func message(_ number: Int32) -> String {
    // strerror returns a valid string for every number; it is copied at once.
    let text = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  private static func advice(_ number: Int32) -> String {
    switch number {
    case ENOSPC, EDQUOT, EFBIG: "; free some space or name an output on another disk"
    case EROFS, EACCES, EPERM: "; name an output in a folder that you may write to"
    default: ""
    }
  }
}
