/// A zip archive opened for reading, all of its headers checked.
///
/// Accepts stored and deflated entries, comments, zip64 and data descriptors. Refuses duplicate
/// names, encryption, symbolic links, names that lead out of a folder, overlapping entries,
/// headers that disagree, bytes before the first or after the last structure, several disks.
/// Nothing is ever extracted to disk.
public struct ZipArchive: Sendable {
  /// The entries, in the order of the central directory.
  public let entries: [ZipEntry]
  /// The file's path, or the buffer's name.
  public let name: String
  private let source: ByteSource
  private let limits: ZipLimits
  private let positions: [String: Int]

  /// Whether the bytes begin as a zip archive does.
  public static func recognizes(_ prefix: [UInt8]) -> Bool {
    prefix.starts(with: [0x50, 0x4B, 3, 4]) || prefix.starts(with: [0x50, 0x4B, 5, 6])
  }

  /// Opens a file and checks its structure.
  ///
  /// - Throws: ``ArchiveError``.
  public init(path: String, limits: ZipLimits = ZipLimits()) throws(ArchiveError) {
    try self.init(source: .file(try RandomAccessFile(path: path)), limits: limits)
  }

  /// Checks the structure of an archive in memory; `name` stands for it in messages.
  ///
  /// - Throws: ``ArchiveError``.
  public init(
    bytes: [UInt8], name: String, limits: ZipLimits = ZipLimits()
  ) throws(ArchiveError) {
    try self.init(source: .memory(bytes, name: name), limits: limits)
  }

  private init(source: ByteSource, limits: ZipLimits) throws(ArchiveError) {
    let directory = try ZipDirectory(source: source, limits: limits)
    var positions: [String: Int] = [:]
    for (position, entry) in directory.entries.enumerated() {
      // `a` and `a/` would be one name to whoever extracts them.
      let key = entry.isFolder ? String(entry.name.dropLast()) : entry.name
      guard positions.updateValue(position, forKey: key) == nil else {
        throw ArchiveError(.refused("the name occurs twice"), at: "\(source.name): \(entry.name)")
      }
    }
    self.entries = directory.entries
    self.name = source.name
    self.source = source
    self.limits = limits
    self.positions = positions
  }

  /// The entry of a name, if there is one.
  public subscript(name: String) -> ZipEntry? {
    let key = name.hasSuffix("/") ? String(name.dropLast()) : name
    guard let position = positions[key], entries[position].name == name else { return nil }
    return entries[position]
  }

  /// Reads the content of a named entry.
  ///
  /// - Throws: `.missing` if there is no such entry, else as ``read(_:limit:)``.
  public func read(_ name: String, limit: Int? = nil) throws(ArchiveError) -> [UInt8] {
    guard let entry = self[name] else { throw ArchiveError(.missing(name), at: self.name) }
    return try read(entry, limit: limit)
  }

  /// Reads the content of an entry and checks its size and CRC.
  ///
  /// - Throws: ``ArchiveError``, `.tooLarge` above `limit` or the archive's own limit.
  public func read(_ entry: ZipEntry, limit: Int? = nil) throws(ArchiveError) -> [UInt8] {
    let place = "\(name): \(entry.name)"
    let limit = min(limit ?? limits.byteCount, limits.byteCount)
    guard entry.count <= limit else {
      throw ArchiveError(.tooLarge(entry.count, limit: limit), at: place)
    }
    let stored = try source.bytes(entry.offset..<entry.offset + entry.compressedCount)
    let content =
      entry.method == .stored ? stored : try inflated(stored, count: entry.count, place: place)
    let checksum = Zlib.crc32(content)
    guard checksum == entry.checksum else {
      throw ArchiveError(.checksum(stored: entry.checksum, computed: checksum), at: place)
    }
    return content
  }

  /// Compares the content of a stored entry, which was read in place, with its CRC.
  ///
  /// - Throws: `.checksum` if they differ; `.refused` if the entry is deflated.
  public func verifyChecksum(of entry: ZipEntry) throws(ArchiveError) {
    var checksum: UInt32 = 0
    for start in stride(from: 0, to: entry.count, by: 1 << 20) {
      let block = try read(start..<min(start + (1 << 20), entry.count), ofStored: entry)
      checksum = Zlib.crc32(block, after: checksum)
    }
    guard checksum == entry.checksum else {
      throw ArchiveError(
        .checksum(stored: entry.checksum, computed: checksum), at: "\(name): \(entry.name)")
    }
  }

  /// Reads part of a stored entry in place; its CRC is not checked.
  ///
  /// - Throws: `.refused` if the entry is deflated, `.truncated` outside of its content.
  public func read(
    _ range: Range<Int>, ofStored entry: ZipEntry
  ) throws(ArchiveError) -> [UInt8] {
    let place = "\(name): \(entry.name)"
    guard entry.method == .stored else {
      throw ArchiveError(.refused("deflated, so no part can be read alone"), at: place)
    }
    guard range.lowerBound >= 0, range.upperBound <= entry.count else {
      throw ArchiveError(
        .truncated(needed: range.upperBound, available: entry.count), at: place)
    }
    return try source.bytes(entry.offset + range.lowerBound..<entry.offset + range.upperBound)
  }

  private func inflated(
    _ bytes: [UInt8], count: Int, place: String
  ) throws(ArchiveError) -> [UInt8] {
    let content: [UInt8]
    do throws(ArchiveError) {
      content = try Zlib.decompress(bytes, format: .raw, limit: count, place: place)
    } catch {
      guard case .tooLarge = error.problem else { throw error }
      throw ArchiveError(.corrupt("inflates to more than the declared \(count) bytes"), at: place)
    }
    guard content.count == count else {
      throw ArchiveError(
        .corrupt("inflates to \(content.count) bytes, \(count) declared"), at: place)
    }
    return content
  }
}
