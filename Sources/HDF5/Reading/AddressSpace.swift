/// The addresses of one HDF5 file: its bytes, where address 0 lies, and how wide its fields are.
struct AddressSpace: Sendable {
  let source: ByteSource
  /// The offset of address 0, which is the size of the user block.
  let base: UInt64
  let offsetSize: Int
  let lengthSize: Int
  /// False only in tests, which must reach what lies behind the checksums.
  var verifiesChecksums = true

  /// Metadata structures larger than this are refused; libhdf5 writes none near it.
  static let structureLimit = 64 << 20

  /// The offset in the file of `count` bytes at `address`.
  func offset(
    of address: UInt64, _ count: UInt64, _ structure: String
  ) throws(HDF5Error.Reason) -> UInt64 {
    let (offset, overflow) = base.addingReportingOverflow(address)
    guard !overflow else {
      throw .outOfBounds(
        structure: structure, offset: address, length: count, fileSize: source.size)
    }
    try source.check(offset, count, structure)
    return offset
  }

  /// The bytes of a metadata structure.
  func read(
    _ address: UInt64, _ count: Int, of structure: String
  ) throws(HDF5Error.Reason) -> [UInt8] {
    guard count <= Self.structureLimit else {
      throw .damaged(structure: structure, detail: "\(count) bytes long")
    }
    let offset = try offset(of: address, UInt64(count), structure)
    return try source.read(at: offset, count: count, of: structure)
  }

  /// The bytes of values, past the page cache.
  func readData(_ address: UInt64, _ count: Int) throws(HDF5Error.Reason) -> [UInt8] {
    let offset = try offset(of: address, UInt64(count), "data")
    return try source.readDirectly(at: offset, count: count)
  }

  /// A cursor over the metadata structure of `count` bytes at `address`.
  func cursor(
    at address: UInt64, _ count: Int, of structure: String
  ) throws(HDF5Error.Reason) -> ByteCursor {
    cursor(over: try read(address, count, of: structure), of: structure)
  }

  /// A cursor over bytes that were already read.
  func cursor(over bytes: [UInt8], of structure: String) -> ByteCursor {
    ByteCursor(
      bytes, of: structure, offsetSize: offsetSize, lengthSize: lengthSize,
      verifiesChecksums: verifiesChecksums)
  }
}

/// A guard against cycles and overlaps while following addresses.
///
/// The parts of an honest structure lie apart, so together they are no larger than the file;
/// this bounds time and memory by the file's size whatever its addresses say.
struct Traversal {
  private var visited: Set<UInt64> = []
  private var remaining: UInt64
  private let structure: String

  init(_ structure: String, in space: AddressSpace) {
    self.structure = structure
    remaining = space.source.size
  }

  /// Notes a visit to `count` bytes at `address`.
  mutating func enter(_ address: UInt64, _ count: Int) throws(HDF5Error.Reason) {
    guard visited.insert(address).inserted else { throw .cycle(structure: structure) }
    try spend(UInt64(count))
  }

  /// Takes `count` bytes off what the file can still hold.
  mutating func spend(_ count: UInt64) throws(HDF5Error.Reason) {
    guard count <= remaining else { throw .cycle(structure: structure) }
    remaining -= count
  }
}
