import Archives

/// A file read front to back, decompressed on the way if it is gzip.
final class ByteStream {
  /// The path, for messages.
  let path: String
  /// The bytes handed out so far.
  private(set) var position = 0
  /// The exact size, known unless the file is compressed.
  let exactCount: Int?
  /// The bytes of the file itself, compressed or not.
  let storedCount: Int
  /// A bound for the size: deflate cannot exceed 1032:1.
  let possibleCount: Int
  private let file: RandomAccessFile
  private let gzip: GzipReader?

  init(path: String, limit: Int) throws(DatasetError) {
    self.path = path
    let file = try reading { () throws(ArchiveError) in try RandomAccessFile(path: path) }
    self.file = file
    storedCount = file.count
    let prefix = try reading { () throws(ArchiveError) in
      try file.bytes(0..<min(file.count, 4))
    }
    if Gzip.recognizes(prefix) {
      let (believed, tooMany) = file.count.multipliedReportingOverflow(
        by: DatasetOptions.largestRatio)
      let most = tooMany ? Int.max : max(believed, DatasetOptions.freeByteCount)
      gzip = GzipReader(source: .file(file), limit: min(limit, most))
      exactCount = nil
      let (bound, overflow) = file.count.multipliedReportingOverflow(by: 1032)
      possibleCount = overflow ? .max : bound
    } else {
      gzip = nil
      exactCount = file.count
      possibleCount = file.count
    }
  }

  /// Reads up to `count` bytes; fewer only at the end.
  func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
    let bytes = try reading { () throws(ArchiveError) in
      if let gzip { return try gzip.read(upTo: count) }
      return try file.bytes(position..<min(position + count, file.count))
    }
    position += bytes.count
    return bytes
  }

  /// Reads exactly `count` bytes.
  func read(exactly count: Int) throws(DatasetError) -> [UInt8] {
    let bytes = try read(upTo: count)
    guard bytes.count == count else {
      throw DatasetError(
        .archive(
          ArchiveError(
            .truncated(needed: position - bytes.count + count, available: position), at: path)),
        at: path)
    }
    return bytes
  }
}
