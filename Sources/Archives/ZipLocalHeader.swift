/// The header before an entry's content, compared with the central record.
enum ZipLocalHeader {
  private static let fixedByteCount = 30

  /// Checks the local header (and the data descriptor) of a record against it.
  ///
  /// - Returns: the entry, and the whole range of bytes that it occupies.
  static func check(
    _ record: ZipCentralRecord, in source: ByteSource, before directory: Int
  ) throws(ArchiveError) -> (ZipEntry, Range<Int>) {
    let place = "\(source.name): \(record.name)"
    let start = record.localOffset
    guard start <= directory - fixedByteCount else {
      throw ArchiveError(
        .corrupt("its header should be at byte \(start), the directory begins at \(directory)"),
        at: place)
    }
    let fixed = try source.bytes(start..<start + fixedByteCount)
    guard fixed.little(0, 4) == 0x0403_4B50 else {
      throw ArchiveError(.corrupt("no header at byte \(start)"), at: place)
    }
    let nameCount = Int(fixed.little(26, 2))
    let extraCount = Int(fixed.little(28, 2))
    let nameStart = start + fixedByteCount
    let offset = nameStart + nameCount + extraCount
    guard offset <= directory, record.compressedCount <= directory - offset else {
      throw ArchiveError(
        .truncated(needed: record.compressedCount, available: max(directory - offset, 0)),
        at: place)
    }
    let variable = try source.bytes(nameStart..<offset)
    guard variable.prefix(nameCount).elementsEqual(record.nameBytes) else {
      throw ArchiveError(.corrupt("its local header has another name"), at: place)
    }
    guard fixed.little(6, 2) == record.flags else {
      throw ArchiveError(.corrupt("its two headers have different flags"), at: place)
    }
    guard Int(fixed.little(8, 2)) == record.method.rawValue else {
      throw ArchiveError(.corrupt("its two headers name different methods"), at: place)
    }
    var sizes = ZipSizes(count: fixed.little(22, 4), compressedCount: fixed.little(18, 4))
    try sizes.resolve(
      extra: Array(variable.dropFirst(nameCount)), name: record.nameBytes, place: place)
    var end = offset + record.compressedCount
    let hasDescriptor = record.flags & 8 != 0
    let checksum = fixed.little(14, 4)
    if hasDescriptor && checksum == 0 && sizes.count == 0 && sizes.compressedCount == 0 {
      end = try checkDescriptor(of: record, at: end, in: source, before: directory, place: place)
    } else {
      try compare(
        record, checksum: checksum, count: sizes.count, compressedCount: sizes.compressedCount,
        with: "local header", place: place)
      if hasDescriptor {
        end = try checkDescriptor(
          of: record, at: end, in: source, before: directory, place: place)
      }
    }
    let entry = ZipEntry(
      name: record.name, method: record.method, compressedCount: record.compressedCount,
      count: record.count, checksum: record.checksum, offset: offset)
    return (entry, start..<end)
  }

  /// Checks the data descriptor after the content, in any of its four layouts.
  private static func checkDescriptor(
    of record: ZipCentralRecord, at offset: Int, in source: ByteSource, before directory: Int,
    place: String
  ) throws(ArchiveError) -> Int {
    let bytes = try source.bytes(offset..<min(offset + 24, directory))
    for hasSignature in [true, false] {
      for width in [4, 8] {
        let start = hasSignature ? 4 : 0
        let byteCount = start + 4 + 2 * width
        guard bytes.count >= byteCount,
          !hasSignature || bytes.little(0, 4) == 0x0807_4B50,
          bytes.little(start, 4) == UInt64(record.checksum),
          bytes.little(start + 4, width) == UInt64(record.compressedCount),
          bytes.little(start + 4 + width, width) == UInt64(record.count)
        else { continue }
        return offset + byteCount
      }
    }
    throw ArchiveError(
      .corrupt("its data descriptor is missing or disagrees with the directory"), at: place)
  }

  private static func compare(
    _ record: ZipCentralRecord, checksum: UInt64, count: UInt64, compressedCount: UInt64,
    with other: String, place: String
  ) throws(ArchiveError) {
    for (what, here, there) in [
      ("checksum", UInt64(record.checksum), checksum),
      ("size", UInt64(record.count), count),
      ("compressed size", UInt64(record.compressedCount), compressedCount),
    ] where here != there {
      throw ArchiveError(
        .corrupt("\(what) \(here) in the directory, \(there) in the \(other)"), at: place)
    }
  }
}
