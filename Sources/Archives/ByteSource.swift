/// Bytes at random offsets: a file, or a buffer in memory.
package enum ByteSource: Sendable {
  case file(RandomAccessFile)
  case memory([UInt8], name: String)

  /// The number of bytes.
  package var count: Int {
    switch self {
    case .file(let file): file.count
    case .memory(let bytes, _): bytes.count
    }
  }

  /// The file's path, or the buffer's name, for messages.
  package var name: String {
    switch self {
    case .file(let file): file.path
    case .memory(_, let name): name
    }
  }

  /// The bytes of a range, which must lie inside.
  package func bytes(_ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
    switch self {
    case .file(let file): return try file.bytes(range)
    case .memory(let bytes, let name):
      guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
        throw ArchiveError(
          .truncated(needed: range.upperBound, available: bytes.count), at: name)
      }
      return Array(bytes[range])
    }
  }
}
