/// The heap that holds the links of large groups and the attributes of objects with many.
///
/// Source: HDF5 File Format Specification 3.0, III.G.
struct FractalHeap {
  /// The bytes of a heap identifier.
  let identifierSize: Int
  private let space: AddressSpace
  private let offsetWidth: Int
  private let lengthWidth: Int
  private let hasBlockChecksums: Bool
  private let width: Int
  private let startingSize: UInt64
  private let maxDirectSize: UInt64
  private let rootAddress: UInt64?
  private let rootRows: Int
  private let hugeTree: UInt64?
  private var blocks: [UInt64: [UInt8]] = [:]
  /// The places of huge objects by their numbers, once they were asked for.
  private var hugeObjects: [UInt64: (address: UInt64, size: Int)]?
  private var traversal: Traversal
  private static let name = "fractal heap"

  init(at address: UInt64, in space: AddressSpace) throws(HDF5Error.Reason) {
    let size = 26 + 12 * space.lengthSize + 3 * space.offsetSize
    var cursor = try space.cursor(at: address, size, of: Self.name)
    try cursor.expect("FRHP")
    try cursor.version(0...0)
    identifierSize = try cursor.short()
    guard try cursor.short() == 0 else { throw .unsupported("a filtered fractal heap") }
    try cursor.verifyChecksum()
    hasBlockChecksums = try cursor.byte() & 2 != 0
    let maxManaged = try cursor.integer(4)
    _ = try cursor.length()
    hugeTree = try cursor.address()
    _ = try cursor.length()
    _ = try cursor.address()
    try cursor.skip(8 * space.lengthSize)
    width = try cursor.short()
    startingSize = try cursor.length()
    maxDirectSize = try cursor.length()
    let bits = try cursor.short()
    try cursor.skip(2)
    rootAddress = try cursor.address()
    rootRows = try cursor.short()
    func isPower(_ value: UInt64) -> Bool { value > 0 && value & (value - 1) == 0 }
    guard isPower(UInt64(width)), isPower(startingSize), isPower(maxDirectSize),
      startingSize <= maxDirectSize, maxDirectSize <= 1 << 31, bits <= 64, rootRows <= 64,
      identifierSize >= 1
    else { throw .damaged(structure: Self.name, detail: "block sizes") }
    self.space = space
    offsetWidth = (bits + 7) / 8
    lengthWidth = min(Self.byteWidth(maxDirectSize), Self.byteWidth(maxManaged))
    traversal = Traversal(Self.name, in: space)
  }

  /// The bytes that numbers up to `limit` take.
  static func byteWidth(_ limit: UInt64) -> Int {
    limit == 0 ? 1 : (63 - limit.leadingZeroBitCount) / 8 + 1
  }

  /// The bytes of the object with this identifier.
  mutating func object(_ identifier: [UInt8]) throws(HDF5Error.Reason) -> [UInt8] {
    var cursor = space.cursor(over: identifier, of: "heap identifier")
    let first = try cursor.byte()
    guard first >> 6 == 0 else { throw .version(structure: "heap identifier", found: first >> 6) }
    switch first >> 4 & 3 {
    case 0:
      let offset = try cursor.integer(offsetWidth)
      let length = try cursor.count(lengthWidth)
      return try managed(offset, length)
    case 1: return try huge(&cursor)
    case 2:
      var length = first & 0x0f
      if identifierSize - 1 > 16 { length = length << 8 | (try cursor.byte()) }
      return try cursor.take(length + 1)
    default: throw .damaged(structure: "heap identifier", detail: "type 3")
    }
  }

  // MARK: Huge objects

  private mutating func huge(_ cursor: inout ByteCursor) throws(HDF5Error.Reason) -> [UInt8] {
    if identifierSize - 1 >= space.offsetSize + space.lengthSize {
      let address = try cursor.definedAddress()
      return try hugeObject(address, try cursor.count(space.lengthSize))
    }
    let key = try cursor.integer(min(cursor.left, space.lengthSize))
    if hugeObjects == nil { hugeObjects = try hugePlaces() }
    guard let place = hugeObjects?[key] else {
      throw .damaged(structure: Self.name, detail: "huge object \(key) is missing")
    }
    return try hugeObject(place.address, place.size)
  }

  private func hugePlaces() throws(HDF5Error.Reason) -> [UInt64: (address: UInt64, size: Int)] {
    guard let hugeTree else {
      throw .damaged(structure: Self.name, detail: "no index of huge objects")
    }
    var places: [UInt64: (address: UInt64, size: Int)] = [:]
    let recordSize = space.offsetSize + 2 * space.lengthSize
    try TreeV2(at: hugeTree, type: 1, recordSize: recordSize, in: space).forEach {
      (record) throws(HDF5Error.Reason) in
      var cursor = space.cursor(over: record, of: "huge object record")
      let address = try cursor.definedAddress()
      let size = try cursor.count(space.lengthSize)
      places[try cursor.length()] = (address, size)
    }
    return places
  }

  private mutating func hugeObject(
    _ address: UInt64, _ size: Int
  ) throws(HDF5Error.Reason) -> [UInt8] {
    try traversal.spend(UInt64(size))
    return try space.read(address, size, of: "huge object")
  }

  // MARK: Managed objects

  private mutating func managed(
    _ offset: UInt64, _ length: Int
  ) throws(HDF5Error.Reason) -> [UInt8] {
    guard let rootAddress else {
      throw .damaged(structure: Self.name, detail: "an object in an empty heap")
    }
    try traversal.spend(UInt64(length))
    var (address, rows, offset) = (rootAddress, rootRows, offset)
    var blockSize = startingSize
    while rows > 0 {
      let (row, column, start, size) = try position(of: offset)
      guard row < rows else {
        throw .damaged(structure: Self.name, detail: "offset \(offset) behind its last row")
      }
      address = try child(row * width + column, of: address, rows: rows)
      offset -= start
      blockSize = size
      rows = size <= maxDirectSize ? 0 : log2(size) - log2(startingSize) - log2(UInt64(width)) + 1
      guard size <= maxDirectSize || rows > 0 else {
        throw .damaged(structure: Self.name, detail: "block sizes")
      }
    }
    let block = try directBlock(at: address, size: Int(blockSize))
    guard offset <= UInt64(block.count), length <= block.count - Int(offset) else {
      throw .damaged(structure: Self.name, detail: "an object behind its block")
    }
    return Array(block[Int(offset)..<Int(offset) + length])
  }

  private func log2(_ value: UInt64) -> Int { 63 - value.leadingZeroBitCount }

  /// The row, column, start and size of the block of the doubling table that holds `offset`.
  ///
  /// Rows 0 and 1 have blocks of the starting size; each later row doubles it.
  private func position(
    of offset: UInt64
  ) throws(HDF5Error.Reason) -> (row: Int, column: Int, start: UInt64, size: UInt64) {
    var (rowStart, size, row) = (UInt64(0), startingSize, 0)
    while true {
      let (span, overflow) = size.multipliedReportingOverflow(by: UInt64(width))
      guard !overflow, rowStart <= offset else { break }
      if offset - rowStart < span {
        let column = (offset - rowStart) / size
        return (row, Int(column), rowStart + column * size, size)
      }
      guard !rowStart.addingReportingOverflow(span).overflow else { break }
      rowStart += span
      if row > 0 {
        guard size < 1 << 62 else { break }
        size *= 2
      }
      row += 1
    }
    throw .damaged(structure: Self.name, detail: "an object at \(offset)")
  }

  private mutating func child(
    _ index: Int, of address: UInt64, rows: Int
  ) throws(HDF5Error.Reason) -> UInt64 {
    let prefix = 5 + space.offsetSize + offsetWidth
    let size = prefix + rows * width * space.offsetSize + 4
    let bytes = try block(at: address, size: size)
    var cursor = space.cursor(over: bytes, of: "fractal heap indirect block")
    try cursor.expect("FHIB")
    try cursor.skip(prefix - 4 + index * space.offsetSize)
    return try cursor.definedAddress()
  }

  private mutating func directBlock(
    at address: UInt64, size: Int
  ) throws(HDF5Error.Reason) -> [UInt8] {
    let isNew = blocks[address] == nil
    let bytes = try block(at: address, size: size, isDirect: true)
    if isNew {
      var cursor = space.cursor(over: bytes, of: "fractal heap direct block")
      try cursor.expect("FHDB")
    }
    return bytes
  }

  /// Reads a block once, with its checksum verified.
  private mutating func block(
    at address: UInt64, size: Int, isDirect: Bool = false
  ) throws(HDF5Error.Reason) -> [UInt8] {
    if let known = blocks[address] {
      guard known.count == size else { throw .cycle(structure: Self.name) }
      return known
    }
    try traversal.enter(address, size)
    let bytes = try space.read(address, size, of: "fractal heap block")
    if !isDirect {
      try space.cursor(over: bytes, of: "fractal heap indirect block").verifyChecksum()
    } else if hasBlockChecksums && space.verifiesChecksums {
      try Self.verifyDirectBlock(bytes, at: 5 + space.offsetSize + offsetWidth)
    }
    blocks[address] = bytes
    return bytes
  }

  /// A direct block's checksum covers the whole block with the checksum's own bytes as zero.
  private static func verifyDirectBlock(
    _ bytes: [UInt8], at place: Int
  ) throws(HDF5Error.Reason) {
    var cursor = ByteCursor(bytes, of: "fractal heap direct block")
    try cursor.skip(place)
    let stored = UInt32(try cursor.integer(4))
    var cleared = bytes
    cleared.replaceSubrange(place..<place + 4, with: repeatElement(0, count: 4))
    let computed = Checksum.lookup3(cleared[...])
    guard stored == computed else {
      throw .checksum(
        structure: "fractal heap direct block", stored: stored, computed: computed)
    }
  }
}
