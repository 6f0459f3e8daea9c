import Crypto
import Foundation

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

  /// A digest under way.
  final class Pending: Sendable {
    private let task: Task<String, any Error>

    init(_ path: String) {
      task = Task.detached(priority: .utility) { try SourceDigest.hexadecimal(of: path) }
    }

    /// Waits for the digest.
    func value() throws -> String {
      let gate = DispatchSemaphore(value: 0)
      let box = Box()
      Task.detached { [task] in
        box.result = await task.result
        gate.signal()
      }
      gate.wait()
      // Set before the signal that let us through.
      return try box.result?.get() ?? ""
    }

    /// Written once before a signal and read once after it.
    private final class Box: @unchecked Sendable {
      var result: Result<String, any Error>?
    }
  }
}
