/// The chunk index of data sets whose shape cannot grow.
///
/// Source: HDF5 File Format Specification 3.0, VII.C.
struct FixedArray {
  private let space: AddressSpace
  private let client: Int
  private let elementSize: Int
  private let pageBits: Int
  private let count: UInt64
  private let block: UInt64?
  private static let name = "fixed array"

  init(at address: UInt64, in space: AddressSpace) throws(HDF5Error.Reason) {
    let size = 12 + space.lengthSize + space.offsetSize
    var cursor = try space.cursor(at: address, size, of: Self.name)
    try cursor.expect("FAHD")
    try cursor.version(0...0)
    try cursor.verifyChecksum()
    client = try cursor.byte()
    elementSize = try cursor.byte()
    pageBits = try cursor.byte()
    count = try cursor.length()
    block = try cursor.address()
    guard elementSize > 0, pageBits < 32, count <= space.source.size else {
      throw .damaged(structure: Self.name, detail: "\(count) elements of \(elementSize) bytes")
    }
    self.space = space
  }

  /// Calls `body` with the number and the bytes of each element.
  func forEach(
    _ body: (UInt64, [UInt8]) throws(HDF5Error.Reason) -> Void
  ) throws(HDF5Error.Reason) {
    guard let block else { return }
    let pageCount = UInt64(1) << UInt64(pageBits)
    let isPaged = count > pageCount
    let pages = isPaged ? Int((count + pageCount - 1) / pageCount) : 0
    let prefix = 6 + space.offsetSize
    let bitmapSize = (pages + 7) / 8
    let size = prefix + (isPaged ? bitmapSize : Int(count) * elementSize) + 4
    let bytes = try space.read(block, size, of: Self.name)
    var cursor = space.cursor(over: bytes, of: Self.name)
    try cursor.verifyChecksum()
    try cursor.expect("FADB")
    try cursor.version(0...0)
    guard try cursor.byte() == client else {
      throw .damaged(structure: Self.name, detail: "a block of another client")
    }
    try cursor.skip(space.offsetSize)
    if !isPaged {
      for index in 0..<count { try body(index, try cursor.take(elementSize)) }
      return
    }
    let bitmap = try cursor.take(bitmapSize)
    let pageSize = UInt64(Int(pageCount) * elementSize + 4)
    for page in 0..<pages where bitmap[page / 8] & (0x80 >> UInt8(page % 8)) != 0 {
      let first = UInt64(page) * pageCount
      let elements = min(pageCount, count - first)
      let (address, overflow) = block.addingReportingOverflow(
        UInt64(size) + UInt64(page) * pageSize)
      guard !overflow else { throw .damaged(structure: Self.name, detail: "address of a page") }
      var cursor = try space.cursor(
        at: address, Int(elements) * elementSize + 4, of: "fixed array page")
      try cursor.verifyChecksum()
      for index in first..<first + elements { try body(index, try cursor.take(elementSize)) }
    }
  }
}
