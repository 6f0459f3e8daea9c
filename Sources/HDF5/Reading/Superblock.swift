/// The head of an HDF5 file, versions 0 to 3: field widths, end of file and root group.
///
/// Source: HDF5 File Format Specification 3.0, II.A.
struct Superblock {
  let space: AddressSpace
  /// The address of the root group's object header.
  let rootAddress: UInt64

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
  private static let name = "superblock"

  /// Whether a file that starts with `prefix` may be HDF5: the signature at 0, 512, 1024, ….
  static func isRecognised(_ prefix: Span<UInt8>) -> Bool {
    var offset = 0
    while offset + 8 <= prefix.count {
      if signature.indices.allSatisfy({ prefix[offset + $0] == signature[$0] }) { return true }
      offset = offset == 0 ? 512 : 2 * offset
    }
    return false
  }

  init(in source: ByteSource) throws(HDF5Error.Reason) {
    let start = try Self.locate(in: source)
    let available = Int(min(source.size - start, 256))
    let bytes = try source.read(at: start, count: available, of: Self.name)
    var cursor = ByteCursor(bytes, of: Self.name)
    try cursor.skip(8)
    let version = try cursor.version(0...3)
    self =
      version < 2
      ? try Self(classic: &cursor, version: version, start: start, source: source)
      : try Self(modern: &cursor, start: start, source: source)
  }

  private static func locate(in source: ByteSource) throws(HDF5Error.Reason) -> UInt64 {
    var offset: UInt64 = 0
    while source.size >= 8, offset <= source.size - 8 {
      if try source.read(at: offset, count: 8, of: Self.name) == signature { return offset }
      offset = offset == 0 ? 512 : 2 * offset
    }
    throw .notHDF5
  }

  private init(
    classic cursor: inout ByteCursor, version: Int, start: UInt64, source: ByteSource
  ) throws(HDF5Error.Reason) {
    try cursor.skip(4)
    let (offsetSize, lengthSize) = try Self.widths(&cursor)
    try cursor.skip(1 + 2 + 2 + 4)
    if version == 1 { try cursor.skip(4) }
    cursor = cursor.widened(offsetSize: offsetSize, lengthSize: lengthSize)
    let base = try cursor.definedAddress()
    _ = try cursor.address()
    let end = try cursor.definedAddress()
    _ = try cursor.address()
    try Self.checkEnd(end, base: base, start: start, source: source)
    space = AddressSpace(
      source: source, base: start, offsetSize: offsetSize, lengthSize: lengthSize)
    _ = try cursor.integer(offsetSize)
    rootAddress = try cursor.definedAddress()
  }

  private init(
    modern cursor: inout ByteCursor, start: UInt64, source: ByteSource
  ) throws(HDF5Error.Reason) {
    let (offsetSize, lengthSize) = try Self.widths(&cursor)
    try cursor.skip(1)
    cursor = cursor.widened(offsetSize: offsetSize, lengthSize: lengthSize)
    let base = try cursor.definedAddress()
    _ = try cursor.address()
    let end = try cursor.definedAddress()
    rootAddress = try cursor.definedAddress()
    try cursor.skip(4)
    try cursor.verifyChecksum(in: 0..<cursor.position)
    try Self.checkEnd(end, base: base, start: start, source: source)
    space = AddressSpace(
      source: source, base: start, offsetSize: offsetSize, lengthSize: lengthSize)
  }

  private static func widths(_ cursor: inout ByteCursor) throws(HDF5Error.Reason) -> (Int, Int) {
    let offsetSize = try cursor.byte()
    let lengthSize = try cursor.byte()
    for size in [offsetSize, lengthSize] where ![2, 4, 8].contains(size) {
      throw .damaged(structure: name, detail: "addresses of \(size) bytes")
    }
    return (offsetSize, lengthSize)
  }

  /// Compares the stored end of file with the file; the stored one counts from the file's start.
  ///
  /// Where a user block was added or taken off later, the stored base differs from the place of
  /// the signature, and the end moved with it.
  private static func checkEnd(
    _ end: UInt64, base: UInt64, start: UInt64, source: ByteSource
  ) throws(HDF5Error.Reason) {
    guard end >= base else {
      throw .damaged(structure: name, detail: "end of file \(end) before base address \(base)")
    }
    let (expected, overflow) = (end - base).addingReportingOverflow(start)
    guard !overflow, expected <= source.size else {
      throw .truncated(expected: overflow ? end : expected, found: source.size)
    }
  }
}
