/// One member of a zip archive, as the central directory and its local header agree on it.
public struct ZipEntry: Sendable, Hashable {
  /// How the content is stored.
  public enum Method: Int, Sendable, Hashable {
    /// As it is.
    case stored = 0
    /// Deflated.
    case deflated = 8
  }

  /// The name, relative, with `/` between components; a folder's ends in `/`.
  public let name: String
  /// How the content is stored.
  public let method: Method
  /// The bytes that the content takes in the archive.
  public let compressedCount: Int
  /// The bytes of the content.
  public let count: Int
  /// The CRC-32 of the content.
  public let checksum: UInt32
  /// Where the stored bytes begin in the archive.
  ///
  /// For `.stored` the content itself stands there and can be read in place; its checksum is then
  /// the reader's to verify.
  public let offset: Int

  /// Whether this is a folder, without content.
  public var isFolder: Bool { name.hasSuffix("/") }
}

/// What a zip archive may ask of the reader.
public struct ZipLimits: Sendable, Hashable {
  /// The largest number of entries.
  public var entryCount = 65_536
  /// The largest content of one entry, in bytes.
  public var byteCount = 8 << 30

  /// The limits for files from strangers: 65,536 entries, 8 GiB each.
  public init() {}
}
