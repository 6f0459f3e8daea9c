/// The first bytes of a regular file, to tell what it is.
public struct FilePrefix: Sendable {
  /// At most as many bytes as were asked for.
  public let bytes: [UInt8]
  /// The file's size.
  public let size: Int

  /// Reads them; a pipe, folder or device is refused.
  /// - Throws: `.refused` or `.system`.
  public init(path: String, count: Int) throws(ArchiveError) {
    let file = try RandomAccessFile(path: path)
    size = file.count
    bytes = try file.bytes(0..<min(count, file.count))
  }
}
