import Crypto
import Foundation
import Synchronization

/// SHA-256 of a file's content.
enum SourceDigest {
  /// Reads the file in pieces of 4 MiB and returns the digest in lower-case hexadecimal.
  static func hexadecimal(of path: String) throws -> String {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    var hash = SHA256()
    while let piece = try handle.read(upToCount: 4 << 20), !piece.isEmpty {
      hash.update(data: piece)
    }
    return hash.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// Starts the same on another thread, so that it overlaps with other work.
  static func started(for path: String) -> Pending { Pending(path) }

  /// A digest under way, on a thread of its own.
  ///
  /// Not a task: whoever waits may hold one of the few threads that tasks run on.
  final class Pending: Sendable {
    private let result = Mutex<Result<String, any Error>?>(nil)
    private let isDone = DispatchGroup()

    init(_ path: String) {
      DispatchQueue.global(qos: .utility).async(group: isDone) { [self] in
        let digest = Result { try SourceDigest.hexadecimal(of: path) }
        result.withLock { $0 = digest }
      }
    }

    /// Waits for the digest.
    func value() throws -> String {
      isDone.wait()
      guard let digest = result.withLock({ $0 }) else { preconditionFailure("set before the end") }
      return try digest.get()
    }
  }
}
