/// Where the elements of a data set lie.
///
/// Source: HDF5 File Format Specification 3.0, IV.A.2.i, versions 1 to 4 (and 5 of HDF5 2.0).
enum Layout: Sendable {
  case compact([UInt8])
  /// One run of bytes; no address where nothing was ever written.
  case contiguous(address: UInt64?, size: UInt64?)
  case chunked(ChunkedLayout)
  case virtual

  private static let structure = "data layout"

  init(message cursor: inout ByteCursor) throws(HDF5Error.Reason) {
    let version = try cursor.version(1...5)
    if version < 3 {
      self = try Self.old(&cursor)
      return
    }
    switch try cursor.byte() {
    case 0: self = .compact(try cursor.take(try cursor.short()))
    case 1:
      let address = try cursor.address()
      self = .contiguous(address: address, size: try cursor.length())
    case 2:
      self = .chunked(
        version == 3 ? try ChunkedLayout(version3: &cursor) : try ChunkedLayout(version4: &cursor))
    case 3: self = .virtual
    case let found: throw .damaged(structure: Self.structure, detail: "class \(found)")
    }
  }

  /// Versions 1 and 2, of HDF5 before 1.6.3.
  private static func old(_ cursor: inout ByteCursor) throws(HDF5Error.Reason) -> Layout {
    let axes = try cursor.byte()
    let kind = try cursor.byte()
    try cursor.skip(5)
    guard axes <= 33 else { throw .damaged(structure: structure, detail: "\(axes) axes") }
    let address = kind == 0 ? nil : try cursor.address()
    var extents: [Int] = []
    for _ in 0..<axes { extents.append(try cursor.word()) }
    switch kind {
    case 0: return .compact(try cursor.take(try cursor.word()))
    case 1: return .contiguous(address: address, size: nil)
    case 2:
      return .chunked(
        try ChunkedLayout(
          extents: extents, elementSize: try cursor.word(), index: .treeV1(address)))
    default: throw .damaged(structure: structure, detail: "class \(kind)")
    }
  }

  /// A word for it.
  var name: String {
    switch self {
    case .compact: "compact"
    case .contiguous: "contiguous"
    case .chunked: "chunked"
    case .virtual: "virtual"
    }
  }
}

/// The shape of chunks and the structure that finds them.
struct ChunkedLayout: Sendable {
  enum Index: Sendable {
    case treeV1(UInt64?)
    /// One chunk holds everything; `size` nil where it is not filtered.
    case single(UInt64?, size: Int?, mask: UInt32)
    case implicit(UInt64?)
    case fixedArray(UInt64?)
    case extensibleArray(UInt64?)
    case treeV2(UInt64?)
  }

  let extents: [Int]
  let elementSize: Int
  let index: Index
  /// Chunks that reach over the edge of the data set are stored without their filters.
  var hasRawEdges = false
  /// The bytes of a decoded chunk.
  let byteCount: Int

  private static let structure = "chunk layout"

  init(extents: [Int], elementSize: Int, index: Index) throws(HDF5Error.Reason) {
    guard !extents.isEmpty, extents.count <= 32, !extents.contains(0), elementSize > 0 else {
      throw .damaged(structure: Self.structure, detail: "chunks of \(extents)")
    }
    let (bytes, overflow) = try Dataspace.product(extents).multipliedReportingOverflow(
      by: elementSize)
    guard !overflow, bytes <= 1 << 32 else {
      throw .damaged(structure: Self.structure, detail: "chunks of \(extents)")
    }
    self.extents = extents
    self.elementSize = elementSize
    self.index = index
    byteCount = bytes
  }

  init(version3 cursor: inout ByteCursor) throws(HDF5Error.Reason) {
    let axes = try cursor.byte()
    guard (2...33).contains(axes) else {
      throw .damaged(structure: Self.structure, detail: "\(axes) axes")
    }
    let address = try cursor.address()
    var extents: [Int] = []
    for _ in 0..<axes { extents.append(try cursor.word()) }
    let elementSize = extents.removeLast()
    try self.init(extents: extents, elementSize: elementSize, index: .treeV1(address))
  }

  init(version4 cursor: inout ByteCursor) throws(HDF5Error.Reason) {
    let flags = try cursor.byte()
    let axes = try cursor.byte()
    let width = try cursor.byte()
    guard (2...33).contains(axes), (1...8).contains(width) else {
      throw .damaged(structure: Self.structure, detail: "\(axes) axes of \(width) bytes")
    }
    var extents: [Int] = []
    for _ in 0..<axes { extents.append(try cursor.count(width)) }
    let elementSize = extents.removeLast()
    let index: Index
    switch try cursor.byte() {
    case 1:
      let isFiltered = flags & 2 != 0
      let size = isFiltered ? try cursor.count(cursor.lengthSize) : nil
      let mask = isFiltered ? UInt32(try cursor.integer(4)) : 0
      index = .single(try cursor.address(), size: size, mask: mask)
    case 2: index = .implicit(try cursor.address())
    case 3:
      try cursor.skip(1)
      index = .fixedArray(try cursor.address())
    case 4:
      try cursor.skip(5)
      index = .extensibleArray(try cursor.address())
    case 5:
      try cursor.skip(6)
      index = .treeV2(try cursor.address())
    case let found: throw .damaged(structure: Self.structure, detail: "index type \(found)")
    }
    try self.init(extents: extents, elementSize: elementSize, index: index)
    hasRawEdges = flags & 1 != 0
  }
}
