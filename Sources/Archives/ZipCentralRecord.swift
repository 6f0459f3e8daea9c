/// One record of a zip's central directory.
struct ZipCentralRecord {
  var name: String
  var nameBytes: [UInt8]
  var flags: UInt64
  var method: ZipEntry.Method
  var checksum: UInt32
  var compressedCount: Int
  var count: Int
  var localOffset: Int

  private static let fixedByteCount = 46

  init(
    reading bytes: [UInt8], at position: inout Int, place: String
  ) throws(ArchiveError) {
    let start = position
    let available = bytes.count - start
    guard available >= Self.fixedByteCount else {
      throw ArchiveError(
        .truncated(needed: Self.fixedByteCount, available: available), at: place)
    }
    guard bytes.little(start, 4) == 0x0201_4B50 else {
      throw ArchiveError(.corrupt("no directory record where one should begin"), at: place)
    }
    let nameCount = Int(bytes.little(start + 28, 2))
    let extraCount = Int(bytes.little(start + 30, 2))
    let commentCount = Int(bytes.little(start + 32, 2))
    let recordCount = Self.fixedByteCount + nameCount + extraCount + commentCount
    guard available >= recordCount else {
      throw ArchiveError(.truncated(needed: recordCount, available: available), at: place)
    }
    position += recordCount
    let nameStart = start + Self.fixedByteCount
    nameBytes = Array(bytes[nameStart..<nameStart + nameCount])
    flags = bytes.little(start + 8, 2)
    name = try ZipName.checked(nameBytes, isUTF8: flags & 0x800 != 0, place: place)
    let named = "\(place) '\(name)'"
    guard flags & 0x2041 == 0 else { throw ArchiveError(.refused("encrypted"), at: named) }
    guard let method = ZipEntry.Method(rawValue: Int(bytes.little(start + 10, 2))) else {
      throw ArchiveError(
        .refused("compression method \(bytes.little(start + 10, 2)), only 0 and 8 are read"),
        at: named)
    }
    self.method = method
    let kind = bytes.little(start + 38, 4) >> 16 & 0o170000
    guard kind == 0 || kind == 0o100000 || kind == 0o040000 else {
      throw ArchiveError(
        .refused(kind == 0o120000 ? "a symbolic link" : "not a regular file"), at: named)
    }
    checksum = UInt32(bytes.little(start + 16, 4))
    let extra = Array(bytes[nameStart + nameCount..<nameStart + nameCount + extraCount])
    var sizes = ZipSizes(
      count: bytes.little(start + 24, 4), compressedCount: bytes.little(start + 20, 4),
      offset: bytes.little(start + 42, 4))
    let disk = bytes.little(start + 34, 2)
    guard disk == 0 || disk == 0xFFFF else {
      throw ArchiveError(.refused("on another disk"), at: named)
    }
    try sizes.resolve(extra: extra, name: nameBytes, place: named)
    count = try Self.int(sizes.count, place: named)
    compressedCount = try Self.int(sizes.compressedCount, place: named)
    localOffset = try Self.int(sizes.offset ?? 0, place: named)
    try checkSizes(place: named)
  }

  private func checkSizes(place: String) throws(ArchiveError) {
    if method == .stored {
      guard count == compressedCount else {
        throw ArchiveError(
          .corrupt("stored, but \(compressedCount) bytes hold \(count)"), at: place)
      }
    } else {
      // Deflate cannot do better than 1032:1, so more is a lie before a byte is read.
      let (bound, overflow) = compressedCount.multipliedReportingOverflow(by: 1032)
      guard overflow || count <= bound else {
        throw ArchiveError(
          .corrupt("\(compressedCount) bytes cannot hold the declared \(count)"), at: place)
      }
    }
    guard !name.hasSuffix("/") || count == 0 else {
      throw ArchiveError(.corrupt("a folder with \(count) bytes of content"), at: place)
    }
  }

  private static func int(_ value: UInt64, place: String) throws(ArchiveError) -> Int {
    guard value < 1 << 62 else {
      throw ArchiveError(.corrupt("declares \(value) bytes"), at: place)
    }
    return Int(value)
  }
}

/// The sizes of a header, with their 64-bit forms out of its extra field.
struct ZipSizes {
  var count: UInt64
  var compressedCount: UInt64
  /// Only the central record has an offset.
  var offset: UInt64?

  /// Walks the extra field; replaces escaped sizes by those of the zip64 record.
  mutating func resolve(
    extra: [UInt8], name: [UInt8], place: String
  ) throws(ArchiveError) {
    var position = 0
    var zip64: [UInt8]?
    while position < extra.count {
      guard extra.count - position >= 4 else {
        // Some writers pad with zeros for alignment.
        guard extra[position...].allSatisfy({ $0 == 0 }) else {
          throw ArchiveError(.corrupt("the extra field is cut off"), at: place)
        }
        break
      }
      let length = Int(extra.little(position + 2, 2))
      guard extra.count - position - 4 >= length else {
        throw ArchiveError(.corrupt("the extra field is cut off"), at: place)
      }
      let content = Array(extra[position + 4..<position + 4 + length])
      switch extra.little(position, 2) {
      case 1:
        guard zip64 == nil else {
          throw ArchiveError(.refused("two zip64 records"), at: place)
        }
        zip64 = content
      case 0x7075:
        guard content.dropFirst(5).elementsEqual(name) else {
          throw ArchiveError(.refused("an extra field gives another name"), at: place)
        }
      default: break
      }
      position += 4 + length
    }
    try resolve(zip64 ?? [], place: place)
  }

  private mutating func resolve(_ zip64: [UInt8], place: String) throws(ArchiveError) {
    var position = 0
    func next() throws(ArchiveError) -> UInt64 {
      guard position + 8 <= zip64.count else {
        throw ArchiveError(.corrupt("the zip64 sizes are missing"), at: place)
      }
      position += 8
      return zip64.little(position - 8, 8)
    }
    if count == 0xFFFF_FFFF { count = try next() }
    if compressedCount == 0xFFFF_FFFF { compressedCount = try next() }
    if offset == 0xFFFF_FFFF { offset = try next() }
  }
}

/// The names that an entry may have.
enum ZipName {
  static func checked(
    _ bytes: [UInt8], isUTF8: Bool, place: String
  ) throws(ArchiveError) -> String {
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw ArchiveError(.refused("the name is not UTF-8"), at: place)
    }
    let shown = "\(place) '\(String(name.prefix(80)))'"
    if bytes.isEmpty { throw ArchiveError(.refused("the name is empty"), at: place) }
    if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      throw ArchiveError(.refused("the name holds a control character"), at: place)
    }
    if bytes.contains(UInt8(ascii: "\\")) {
      throw ArchiveError(.refused("the name holds a backslash"), at: shown)
    }
    if bytes[0] == UInt8(ascii: "/") || bytes.count > 1 && bytes[1] == UInt8(ascii: ":") {
      throw ArchiveError(.refused("the name is absolute"), at: shown)
    }
    let components = name.split(separator: "/", omittingEmptySubsequences: false)
    for (index, component) in components.enumerated() {
      let isFolderEnd = component.isEmpty && index == components.count - 1
      if component == ".." || component == "." || component.isEmpty && !isFolderEnd {
        throw ArchiveError(.refused("the name has a component '\(component)'"), at: shown)
      }
    }
    return name
  }
}
