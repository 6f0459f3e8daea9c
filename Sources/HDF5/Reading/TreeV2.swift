/// A version 2 B-tree: fixed-size records in order, used by large groups, attributes and chunks.
///
/// Source: HDF5 File Format Specification 3.0, III.A.2.
struct TreeV2 {
  private let space: AddressSpace
  private let type: Int
  private let nodeSize: Int
  private let recordSize: Int
  private let depth: Int
  private let root: UInt64?
  private let rootCount: Int
  /// The widths of a child pointer's counts: of records, and of all below a node of each depth.
  private let countWidth: Int
  private var totalWidths: [Int] = [0]
  private static let name = "B-tree"

  /// Opens the tree; `recordSize` nil takes whatever size the tree says.
  init(
    at address: UInt64, type: Int, recordSize expected: Int? = nil, in space: AddressSpace
  ) throws(HDF5Error.Reason) {
    let size = 22 + space.offsetSize + space.lengthSize
    var cursor = try space.cursor(at: address, size, of: Self.name)
    try cursor.expect("BTHD")
    try cursor.version(0...0)
    try cursor.verifyChecksum()
    let found = try cursor.byte()
    guard found == type else {
      throw .damaged(structure: Self.name, detail: "type \(found), expected \(type)")
    }
    nodeSize = try cursor.word()
    recordSize = try cursor.short()
    depth = try cursor.short()
    try cursor.skip(2)
    root = try cursor.address()
    rootCount = try cursor.short()
    guard recordSize > 0, expected == nil || recordSize == expected, depth <= 32,
      nodeSize >= 10 + recordSize, nodeSize <= AddressSpace.structureLimit
    else { throw .damaged(structure: Self.name, detail: "record and node sizes") }
    self.space = space
    self.type = type
    // The widths follow from how many records a node of each depth can hold.
    let leafCount = UInt64((nodeSize - 10) / recordSize)
    countWidth = FractalHeap.byteWidth(leafCount)
    var cumulative = leafCount
    for level in stride(from: 1, through: depth, by: 1) {
      let pointer = space.offsetSize + countWidth + (level > 1 ? totalWidths[level - 1] : 0)
      guard nodeSize > 10 + pointer else {
        throw .damaged(structure: Self.name, detail: "node size \(nodeSize)")
      }
      let count = UInt64((nodeSize - 10 - pointer) / (recordSize + pointer))
      let (product, overflow) = cumulative.multipliedReportingOverflow(by: count + 1)
      guard !overflow, product < 1 << 62 else {
        throw .damaged(structure: Self.name, detail: "depth \(depth)")
      }
      cumulative = product + count
      totalWidths.append(FractalHeap.byteWidth(cumulative))
    }
  }

  /// The bytes of a record.
  var sizeOfRecord: Int { recordSize }

  /// Calls `body` with each record.
  func forEach(
    _ body: ([UInt8]) throws(HDF5Error.Reason) -> Void
  ) throws(HDF5Error.Reason) {
    guard let root else { return }
    var traversal = Traversal(Self.name, in: space)
    var pending = [(address: root, count: rootCount, depth: depth)]
    while let node = pending.popLast() {
      let pointer =
        space.offsetSize + countWidth + (node.depth > 1 ? totalWidths[node.depth - 1] : 0)
      let children = node.depth > 0 ? node.count + 1 : 0
      let size = 6 + node.count * recordSize + children * pointer + 4
      guard size <= nodeSize else {
        throw .damaged(structure: Self.name, detail: "\(node.count) records in a node")
      }
      // A whole node is spent: honest nodes do not overlap.
      try traversal.enter(node.address, nodeSize)
      var cursor = try space.cursor(at: node.address, size, of: Self.name)
      try cursor.verifyChecksum()
      try cursor.expect(node.depth > 0 ? "BTIN" : "BTLF")
      try cursor.version(0...0)
      guard try cursor.byte() == type else {
        throw .damaged(structure: Self.name, detail: "a node of another type")
      }
      for _ in 0..<node.count { try body(try cursor.take(recordSize)) }
      for _ in 0..<children {
        let address = try cursor.definedAddress()
        let count = try cursor.count(countWidth)
        if node.depth > 1 { try cursor.skip(totalWidths[node.depth - 1]) }
        pending.append((address, count, node.depth - 1))
      }
    }
  }
}
