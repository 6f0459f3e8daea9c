/// The order of things in the byte data set of a packed file.
///
/// Five directory entries (the graph, then the values of 1, 2, 4 and 8 bytes a scalar); the five
/// parts; 8 bytes of digest for the graph and for each value; 32 bytes of seal.
enum PackedLayout {
  /// The sizes of scalars, one part each, in the order of the parts.
  static let elementSizes = [1, 2, 4, 8]
  /// The bytes of a directory entry: the part's stored size, little endian.
  static let entryByteCount = 4
  static let directoryByteCount = entryByteCount * (1 + elementSizes.count)
  /// The bit of a directory entry that says that its part is deflated.
  static let deflatedBit: UInt32 = 1 << 31
  /// The bytes of each digest: the start of a SHA-256.
  static let digestByteCount = 8
  /// The most bytes that the parts may hold, decoded.
  static let byteLimit = 64 << 20

  /// The bytes of each scalar one after another: all first bytes, then all second ones, ….
  static func shuffled(_ bytes: [UInt8], elementSize: Int) -> [UInt8] {
    guard elementSize > 1 else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for byte in 0..<elementSize {
      for index in stride(from: byte, to: bytes.count, by: elementSize) {
        result.append(bytes[index])
      }
    }
    return result
  }

  /// The reverse of ``shuffled(_:elementSize:)``; the count is a multiple of the size.
  static func unshuffled(_ bytes: [UInt8], elementSize: Int) -> [UInt8] {
    guard elementSize > 1 else { return bytes }
    let count = bytes.count / elementSize
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for index in 0..<count {
      for byte in 0..<elementSize { result.append(bytes[byte * count + index]) }
    }
    return result
  }
}
