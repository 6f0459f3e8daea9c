/// The chunk index of data sets that can grow along one axis.
///
/// Elements lie in the index block, then in data blocks that grow by powers of two; the later ones
/// are found through secondary blocks, and large ones are cut into pages.
/// Source: HDF5 File Format Specification 3.0, VII.D.
struct ExtensibleArray {
  private let space: AddressSpace
  private let elementSize: Int
  private let offsetWidth: Int
  private let indexElements: Int
  private let minimumElements: Int
  private let minimumPointers: Int
  private let pageElements: UInt64
  private let secondaryCount: Int
  private let end: UInt64
  private let indexBlock: UInt64?
  private static let name = "extensible array"

  init(at address: UInt64, in space: AddressSpace) throws(HDF5Error.Reason) {
    let size = 16 + 6 * space.lengthSize + space.offsetSize
    var cursor = try space.cursor(at: address, size, of: Self.name)
    try cursor.expect("EAHD")
    try cursor.version(0...0)
    try cursor.verifyChecksum()
    try cursor.skip(1)
    elementSize = try cursor.byte()
    let bits = try cursor.byte()
    indexElements = try cursor.byte()
    minimumElements = try cursor.byte()
    minimumPointers = try cursor.byte()
    let pageBits = try cursor.byte()
    try cursor.skip(4 * space.lengthSize)
    end = try cursor.length()
    try cursor.skip(space.lengthSize)
    indexBlock = try cursor.address()
    func isPower(_ value: Int) -> Bool { value > 0 && value & (value - 1) == 0 }
    guard elementSize > 0, bits <= 64, pageBits < 32, isPower(minimumElements),
      isPower(minimumPointers), minimumElements.trailingZeroBitCount <= bits
    else { throw .damaged(structure: Self.name, detail: "block sizes") }
    pageElements = 1 << UInt64(pageBits)
    offsetWidth = (bits + 7) / 8
    secondaryCount = 1 + bits - minimumElements.trailingZeroBitCount
    self.space = space
  }

  /// Calls `body` with the number and the bytes of each element up to the last one set.
  func forEach(
    _ body: (UInt64, [UInt8]) throws(HDF5Error.Reason) -> Void
  ) throws(HDF5Error.Reason) {
    guard let indexBlock, end > 0 else { return }
    // The first secondary blocks are not stored: the index block holds their pointers itself.
    let inlineBlocks = min(2 * minimumPointers.trailingZeroBitCount, secondaryCount)
    let inlinePointers = 2 * (minimumPointers - 1)
    let prefix = 6 + space.offsetSize
    let size =
      prefix + indexElements * elementSize
      + (inlinePointers + secondaryCount - inlineBlocks) * space.offsetSize + 4
    var cursor = try space.cursor(at: indexBlock, size, of: Self.name)
    try cursor.verifyChecksum()
    try cursor.expect("EAIB")
    try cursor.skip(prefix - 4)
    for index in 0..<UInt64(indexElements) {
      let element = try cursor.take(elementSize)
      if index < end { try body(index, element) }
    }
    var traversal = Traversal(Self.name, in: space)
    var first = UInt64(indexElements)
    for number in 0..<secondaryCount where first < end {
      let blocks = 1 << (number / 2)
      let (elements, overflow) = (UInt64(1) << UInt64((number + 1) / 2))
        .multipliedReportingOverflow(by: UInt64(minimumElements))
      let (span, spanOverflow) = elements.multipliedReportingOverflow(by: UInt64(blocks))
      guard !overflow, !spanOverflow, !first.addingReportingOverflow(span).overflow else {
        throw .damaged(structure: Self.name, detail: "\(end) elements")
      }
      // The file has no room for a block of so many elements, so none was written.
      guard elements <= space.source.size, blocks < 1 << 24, elements < 1 << 34 else { return }
      var secondary: SecondaryBlock?
      if number >= inlineBlocks {
        guard let address = try cursor.address() else {
          first += span
          continue
        }
        secondary = try SecondaryBlock(
          at: address, blocks: blocks, pages: pages(of: elements), array: self, &traversal)
      }
      for block in 0..<blocks {
        let address = if let secondary { secondary.addresses[block] } else { try cursor.address() }
        if let address, first < end {
          try dataBlock(
            at: address, first, elements, bitmap: secondary?.bitmap ?? [],
            firstBit: block * pages(of: elements), body, &traversal)
        }
        first += elements
      }
    }
  }

  private func pages(of elements: UInt64) -> Int {
    elements > pageElements ? Int(elements / pageElements) : 0
  }

  private func dataBlock(
    at address: UInt64, _ first: UInt64, _ elements: UInt64, bitmap: [UInt8], firstBit: Int,
    _ body: (UInt64, [UInt8]) throws(HDF5Error.Reason) -> Void, _ traversal: inout Traversal
  ) throws(HDF5Error.Reason) {
    let pages = pages(of: elements)
    let prefix = 6 + space.offsetSize + offsetWidth
    let size = prefix + (pages > 0 ? 0 : Int(elements) * elementSize) + 4
    try traversal.enter(address, size)
    var cursor = try space.cursor(at: address, size, of: Self.name)
    try cursor.verifyChecksum()
    try cursor.expect("EADB")
    try cursor.skip(prefix - 4)
    if pages == 0 {
      for index in first..<first + elements {
        let element = try cursor.take(elementSize)
        if index < end { try body(index, element) }
      }
      return
    }
    let pageSize = Int(pageElements) * elementSize + 4
    for page in 0..<pages {
      let bit = firstBit + page
      guard bit / 8 < bitmap.count, bitmap[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 else {
        continue
      }
      let (start, overflow) = address.addingReportingOverflow(UInt64(size + page * pageSize))
      guard !overflow else { throw .damaged(structure: Self.name, detail: "address of a page") }
      try traversal.enter(start, pageSize)
      var cursor = try space.cursor(at: start, pageSize, of: "extensible array page")
      try cursor.verifyChecksum()
      let base = first + UInt64(page) * pageElements
      for index in base..<base + pageElements {
        let element = try cursor.take(elementSize)
        if index < end { try body(index, element) }
      }
    }
  }

  /// The pointers to some data blocks, and which of their pages were written.
  private struct SecondaryBlock {
    /// One bit per page, of all blocks in turn and not aligned to each.
    var bitmap: [UInt8] = []
    var addresses: [UInt64?] = []

    init(
      at address: UInt64, blocks: Int, pages: Int, array: ExtensibleArray,
      _ traversal: inout Traversal
    ) throws(HDF5Error.Reason) {
      let space = array.space
      let prefix = 6 + space.offsetSize + array.offsetWidth
      let bitmapSize = (pages + 7) / 8
      let size = prefix + blocks * (bitmapSize + space.offsetSize) + 4
      try traversal.enter(address, size)
      var cursor = try space.cursor(at: address, size, of: name)
      try cursor.verifyChecksum()
      try cursor.expect("EASB")
      try cursor.skip(prefix - 4)
      bitmap = try cursor.take(blocks * bitmapSize)
      for _ in 0..<blocks { addresses.append(try cursor.address()) }
    }
  }
}
