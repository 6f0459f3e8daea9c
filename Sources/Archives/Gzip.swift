/// Gzip compression of whole buffers (RFC 1952).
public enum Gzip {
  /// Whether the bytes begin as a gzip file does.
  public static func recognizes(_ prefix: [UInt8]) -> Bool {
    prefix.count >= 3 && prefix[0] == 0x1F && prefix[1] == 0x8B && prefix[2] == 8
  }

  /// Compresses a buffer; no name and no time are stored.
  public static func compress(_ bytes: [UInt8], level: Int = 6) -> [UInt8] {
    Zlib.deflated(bytes, windowBits: 31, level: level)
  }

  /// Decompresses all members of a gzip file held in memory.
  ///
  /// - Throws: `.corrupt`, `.truncated`, or `.tooLarge` when more than `limit` bytes come out.
  public static func decompress(
    _ bytes: [UInt8], limit: Int, place: String = "gzip data"
  ) throws(ArchiveError) -> [UInt8] {
    try GzipReader(source: .memory(bytes, name: place), limit: limit).readAll()
  }
}
