/// Reads and checks every header of a zip archive.
///
/// Source: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5.
struct ZipDirectory {
  private(set) var entries: [ZipEntry] = []
  private let source: ByteSource

  /// Where the central directory lies and how many entries it has.
  private struct Extent {
    var offset: Int
    var byteCount: Int
    var entryCount: Int
    /// Where the structure after the directory begins.
    var end: Int
  }

  private static let endSignature: UInt64 = 0x0605_4B50
  private static let endByteCount = 22
  private static let zip64EndByteCount = 56
  private static let locatorByteCount = 20

  init(source: ByteSource, limits: ZipLimits) throws(ArchiveError) {
    self.source = source
    let extent = try findDirectory()
    guard extent.entryCount <= limits.entryCount else {
      throw error(.refused("\(extent.entryCount) entries, at most \(limits.entryCount) are read"))
    }
    guard extent.byteCount <= 64 << 20 else {
      throw error(.tooLarge(extent.byteCount, limit: 64 << 20))
    }
    let bytes = try source.bytes(extent.offset..<extent.offset + extent.byteCount)
    let records = try centralRecords(in: bytes, count: extent.entryCount)
    var extents: [(range: Range<Int>, name: String)] = []
    for record in records {
      let (entry, range) = try ZipLocalHeader.check(
        record, in: source, before: extent.offset)
      entries.append(entry)
      extents.append((range, entry.name))
    }
    try refuseOverlaps(&extents)
  }

  private func findDirectory() throws(ArchiveError) -> Extent {
    let count = source.count
    guard count >= Self.endByteCount else {
      throw error(.truncated(needed: Self.endByteCount, available: count))
    }
    let tailStart = max(0, count - Self.endByteCount - 0xFFFF)
    let tail = try source.bytes(tailStart..<count)
    var found: Int?
    for position in stride(from: tail.count - Self.endByteCount, through: 0, by: -1)
    where tail[position] == 0x50 && tail.little(position, 4) == Self.endSignature {
      let end = position + Self.endByteCount + Int(tail.little(position + 20, 2))
      guard end == tail.count else { continue }
      guard found == nil else {
        throw error(.refused("two ends of a central directory fit the file's end"))
      }
      found = position
    }
    guard let position = found else {
      throw error(.corrupt("no end of a central directory: cut off, or not a zip file"))
    }
    let end = Array(tail[position...])
    guard end.little(4, 2) == 0 || end.little(4, 2) == 0xFFFF, end.little(6, 2) == end.little(4, 2)
    else { throw error(.refused("split over several disks")) }
    guard end.little(8, 2) == end.little(10, 2) else {
      throw error(
        .corrupt("\(end.little(8, 2)) entries on this disk, \(end.little(10, 2)) in all"))
    }
    var extent = Extent(
      offset: Int(end.little(16, 4)), byteCount: Int(end.little(12, 4)),
      entryCount: Int(end.little(10, 2)), end: tailStart + position)
    let isZip64 =
      extent.offset == 0xFFFF_FFFF || extent.byteCount == 0xFFFF_FFFF
      || extent.entryCount == 0xFFFF || end.little(4, 2) == 0xFFFF
    if isZip64 { extent = try zip64Extent(extent) }
    guard extent.offset + extent.byteCount == extent.end else {
      throw error(
        .corrupt(
          "the central directory should end at byte \(extent.offset + extent.byteCount), "
            + "what follows it begins at \(extent.end)"))
    }
    return extent
  }

  /// Reads the zip64 end record that the plain one `plain` points past.
  private func zip64Extent(_ plain: Extent) throws(ArchiveError) -> Extent {
    let locatorStart = plain.end - Self.locatorByteCount
    guard locatorStart >= Self.zip64EndByteCount else {
      throw error(.corrupt("no zip64 end record before the end record"))
    }
    let locator = try source.bytes(locatorStart..<plain.end)
    guard locator.little(0, 4) == 0x0706_4B50, locator.little(4, 4) == 0,
      locator.little(16, 4) <= 1
    else { throw error(.corrupt("no zip64 locator before the end record")) }
    let start = locatorStart - Self.zip64EndByteCount
    guard locator.little(8, 8) == UInt64(start) else {
      throw error(
        .corrupt("the zip64 end record should be at byte \(start), not \(locator.little(8, 8))"))
    }
    let end = try source.bytes(start..<locatorStart)
    guard end.little(0, 4) == 0x0606_4B50, end.little(4, 8) == UInt64(Self.zip64EndByteCount - 12),
      end.little(16, 4) == 0, end.little(20, 4) == 0, end.little(24, 8) == end.little(32, 8)
    else { throw error(.corrupt("the zip64 end record contradicts itself")) }
    let offset = end.little(48, 8)
    let byteCount = end.little(40, 8)
    let entryCount = end.little(32, 8)
    let limit = UInt64(start)
    guard offset <= limit, byteCount <= limit, entryCount <= limit else {
      throw error(.corrupt("the zip64 end record points outside of the file"))
    }
    for (plain, exact, escape) in [
      (UInt64(plain.offset), offset, 0xFFFF_FFFF),
      (UInt64(plain.byteCount), byteCount, 0xFFFF_FFFF),
      (UInt64(plain.entryCount), entryCount, 0xFFFF),
    ] where plain != escape && plain != exact {
      throw error(.corrupt("the two end records disagree: \(plain) and \(exact)"))
    }
    return Extent(
      offset: Int(offset), byteCount: Int(byteCount), entryCount: Int(entryCount), end: start)
  }

  private func centralRecords(
    in bytes: [UInt8], count: Int
  ) throws(ArchiveError) -> [ZipCentralRecord] {
    var records: [ZipCentralRecord] = []
    var position = 0
    while records.count < count {
      records.append(
        try ZipCentralRecord(
          reading: bytes, at: &position, place: "\(source.name): entry \(records.count)"))
    }
    guard position == bytes.count else {
      throw error(
        .corrupt("\(bytes.count - position) bytes follow the \(count) entries of the directory"))
    }
    return records
  }

  private func refuseOverlaps(
    _ extents: inout [(range: Range<Int>, name: String)]
  ) throws(ArchiveError) {
    extents.sort { $0.range.lowerBound < $1.range.lowerBound }
    var end = 0
    var previous = ""
    for (range, name) in extents {
      guard range.lowerBound >= end else {
        throw error(.refused("the entries '\(previous)' and '\(name)' overlap"))
      }
      end = range.upperBound
      previous = name
    }
  }

  private func error(_ problem: ArchiveError.Problem) -> ArchiveError {
    ArchiveError(problem, at: source.name)
  }
}
