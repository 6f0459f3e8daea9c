/// A bounds-checked walk over the little-endian fields of one structure.
struct ByteCursor {
  /// What is being parsed, for error messages.
  let structure: String
  let bytes: [UInt8]
  private(set) var offsetSize: Int
  private(set) var lengthSize: Int
  private(set) var position: Int
  private let end: Int
  private let verifiesChecksums: Bool

  init(
    _ bytes: [UInt8], of structure: String, offsetSize: Int = 8, lengthSize: Int = 8,
    verifiesChecksums: Bool = true
  ) {
    self.verifiesChecksums = verifiesChecksums
    self.bytes = bytes
    self.structure = structure
    self.offsetSize = offsetSize
    self.lengthSize = lengthSize
    position = 0
    end = bytes.count
  }

  /// The same place, with other widths of addresses and lengths.
  func widened(offsetSize: Int, lengthSize: Int) -> ByteCursor {
    var copy = self
    copy.offsetSize = offsetSize
    copy.lengthSize = lengthSize
    return copy
  }

  /// The bytes that are left.
  var left: Int { end - position }

  mutating func skip(_ count: Int) throws(HDF5Error.Reason) {
    guard count >= 0, count <= left else {
      throw .tooShort(structure: structure, needed: count, left: left)
    }
    position += count
  }

  mutating func take(_ count: Int) throws(HDF5Error.Reason) -> [UInt8] {
    let start = position
    try skip(count)
    return Array(bytes[start..<position])
  }

  /// Moves past padding to the next multiple of 8 from `origin`, or to the end.
  mutating func align(from origin: Int) {
    position = min(end, origin + (position - origin + 7) & ~7)
  }

  /// An unsigned little-endian integer of 0 to 8 bytes.
  mutating func integer(_ size: Int) throws(HDF5Error.Reason) -> UInt64 {
    let start = position
    try skip(size)
    var value: UInt64 = 0
    for index in (start..<position).reversed() { value = value << 8 | UInt64(bytes[index]) }
    return value
  }

  mutating func byte() throws(HDF5Error.Reason) -> Int { Int(try integer(1)) }
  mutating func short() throws(HDF5Error.Reason) -> Int { Int(try integer(2)) }
  mutating func word() throws(HDF5Error.Reason) -> Int { Int(try integer(4)) }
  mutating func length() throws(HDF5Error.Reason) -> UInt64 { try integer(lengthSize) }

  /// A length that must be a number of bytes or elements that Int can hold.
  mutating func count(_ size: Int) throws(HDF5Error.Reason) -> Int {
    let value = try integer(size)
    guard let count = Int(exactly: value) else {
      throw .damaged(structure: structure, detail: "a size of \(value)")
    }
    return count
  }

  /// A file address; nil is the "undefined address", all bits set.
  mutating func address() throws(HDF5Error.Reason) -> UInt64? {
    let value = try integer(offsetSize)
    let undefined = offsetSize == 8 ? UInt64.max : (1 << UInt64(8 * offsetSize)) - 1
    return value == undefined ? nil : value
  }

  /// A file address that must be defined.
  mutating func definedAddress() throws(HDF5Error.Reason) -> UInt64 {
    guard let address = try address() else {
      throw .damaged(structure: structure, detail: "an address is undefined")
    }
    return address
  }

  /// A null-terminated string of at most the bytes left.
  mutating func terminatedString() throws(HDF5Error.Reason) -> [UInt8] {
    guard let zero = bytes[position..<end].firstIndex(of: 0) else {
      throw .damaged(structure: structure, detail: "a name has no end")
    }
    let result = Array(bytes[position..<zero])
    position = zero + 1
    return result
  }

  mutating func expect(_ signature: String) throws(HDF5Error.Reason) {
    let found = try take(signature.utf8.count)
    guard found.elementsEqual(signature.utf8) else {
      throw .damaged(structure: structure, detail: "signature '\(signature)' is missing")
    }
  }

  /// Reads a version byte that must be one of `known`.
  @discardableResult
  mutating func version(_ known: ClosedRange<Int>) throws(HDF5Error.Reason) -> Int {
    let found = try byte()
    guard known.contains(found) else { throw .version(structure: structure, found: found) }
    return found
  }

  /// Checks that the last four bytes are the checksum of all before them.
  func verifyChecksum() throws(HDF5Error.Reason) {
    try verifyChecksum(in: 0..<bytes.count)
  }

  /// Checks that the last four bytes of `range` are the checksum of the others in it.
  func verifyChecksum(in range: Range<Int>) throws(HDF5Error.Reason) {
    guard verifiesChecksums else { return }
    guard range.upperBound <= bytes.count, range.count >= 4 else {
      throw .tooShort(structure: structure, needed: range.upperBound, left: bytes.count)
    }
    let split = range.upperBound - 4
    var stored: UInt32 = 0
    for index in (split..<range.upperBound).reversed() {
      stored = stored << 8 | UInt32(bytes[index])
    }
    let computed = Checksum.lookup3(bytes[range.lowerBound..<split])
    guard stored == computed else {
      throw .checksum(structure: structure, stored: stored, computed: computed)
    }
  }
}
