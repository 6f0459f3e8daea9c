/// The filters that each chunk went through when it was written, in that order.
///
/// Source: HDF5 File Format Specification 3.0, IV.A.2.l.
struct FilterPipeline: Sendable {
  /// One filter and its parameters.
  struct Filter: Sendable, Hashable {
    let identifier: Int
    let name: String
    let parameters: [Int]
  }

  let filters: [Filter]
  static let empty = FilterPipeline(filters: [])

  init(filters: [Filter]) {
    self.filters = filters
  }

  init(message cursor: inout ByteCursor) throws(HDF5Error.Reason) {
    let version = try cursor.version(1...2)
    let count = try cursor.byte()
    guard count <= 32 else {
      throw .damaged(structure: "filter pipeline", detail: "\(count) filters")
    }
    if version == 1 { try cursor.skip(6) }
    var filters: [Filter] = []
    for _ in 0..<count {
      let identifier = try cursor.short()
      let nameSize = version == 1 || identifier >= 256 ? try cursor.short() : 0
      try cursor.skip(2)
      let parameterCount = try cursor.short()
      let name = try cursor.take(version == 1 ? (nameSize + 7) & ~7 : nameSize)
      var parameters: [Int] = []
      for _ in 0..<parameterCount { parameters.append(try cursor.word()) }
      if version == 1 && parameterCount % 2 == 1 { try cursor.skip(4) }
      filters.append(
        Filter(
          identifier: identifier, name: Self.name(identifier, name), parameters: parameters))
    }
    self.filters = filters
  }

  private static func name(_ identifier: Int, _ stored: [UInt8]) -> String {
    switch identifier {
    case 1: return "deflate"
    case 2: return "shuffle"
    case 3: return "fletcher32"
    case 4: return "szip"
    case 5: return "nbit"
    case 6: return "scaleoffset"
    case 32000: return "lzf"
    case 32001: return "blosc"
    case 32004: return "lz4"
    case 32008: return "bitshuffle"
    case 32015: return "zstd"
    default:
      let text = String(decoding: stored.prefix { $0 != 0 }, as: UTF8.self)
      return text.isEmpty ? "unnamed" : text
    }
  }

  /// Refuses filters that cannot be undone here.
  func check() throws(HDF5Error.Reason) {
    for filter in filters where !(1...3).contains(filter.identifier) {
      throw .filter(identifier: filter.identifier, name: filter.name)
    }
    guard filters.count(where: { $0.identifier == 1 }) <= 1 else {
      throw .unsupported("data that are deflated twice")
    }
  }

  /// Undoes the filters of one chunk.
  ///
  /// The result has exactly `size` bytes; bit i of `mask` skips filter i.
  func decode(
    _ stored: [UInt8], mask: UInt32, to size: Int
  ) throws(HDF5Error.Reason) -> [UInt8] {
    var bytes = stored
    for (index, filter) in filters.enumerated().reversed()
    where mask & (1 << UInt32(index)) == 0 {
      switch filter.identifier {
      case 1: bytes = try Deflate.inflate(bytes, atMost: size + 4 * filters.count)
      case 2: bytes = Self.unshuffle(bytes, elementSize: filter.parameters.first ?? 1)
      default: bytes = try Self.verifyFletcher32(bytes)
      }
    }
    guard bytes.count == size else {
      throw .decoding(filter: "chunk", detail: "\(bytes.count) bytes, expected \(size)")
    }
    return bytes
  }

  /// Puts the bytes of each element together again; a rest shorter than an element stays.
  static func unshuffle(_ bytes: [UInt8], elementSize: Int) -> [UInt8] {
    guard elementSize > 1, bytes.count >= elementSize else { return bytes }
    let count = bytes.count / elementSize
    let whole = count * elementSize
    return unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { target, initialized in
      unsafe bytes.withUnsafeBufferPointer { source in
        // Plane p holds byte p of each element: places below count · elementSize on both sides.
        for plane in 0..<elementSize {
          for index in 0..<count {
            unsafe target[index * elementSize + plane] = source[plane * count + index]
          }
        }
        for index in whole..<bytes.count { unsafe target[index] = source[index] }
      }
      initialized = bytes.count
    }
  }

  private static func verifyFletcher32(_ bytes: [UInt8]) throws(HDF5Error.Reason) -> [UInt8] {
    guard bytes.count >= 4 else {
      throw .decoding(filter: "fletcher32", detail: "\(bytes.count) bytes")
    }
    let split = bytes.count - 4
    let stored = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[split + $1]) << UInt32(8 * $1) }
    let computed = Checksum.fletcher32(bytes[..<split])
    // libhdf5 before 1.6.3 stored the bytes of each half in the other order; it accepts both still.
    let swapped = (computed & 0x00ff_00ff) << 8 | (computed >> 8) & 0x00ff_00ff
    guard stored == computed || stored == swapped else {
      throw .checksum(structure: "fletcher32", stored: stored, computed: computed)
    }
    return Array(bytes[..<split])
  }
}
