/// Where each chunk of a data set lies and how many bytes it takes there.
struct ChunkTable: Sendable {
  /// One stored chunk; bit i of `mask` says that filter i was skipped.
  struct Entry: Sendable {
    let address: UInt64
    let size: Int
    let mask: UInt32
  }

  /// The number of chunks along each axis, and their product.
  let grid: [Int]
  let count: Int
  /// The bytes that the chunks take in the file.
  private(set) var storedBytes: UInt64 = 0
  /// The chunks that are stored, by their row-major number in the grid.
  private var entries: [Int: Entry] = [:]
  /// The first chunk's address where all follow each other without an index.
  private var implicit: UInt64?

  private let layout: ChunkedLayout
  private let isFiltered: Bool
  private let space: AddressSpace
  /// The number of chunks along each axis at its largest extent; nil is without bound.
  private let fullGrid: [Int?]
  private var traversal: Traversal
  private static let name = "chunk index"

  init(
    _ layout: ChunkedLayout, _ dataspace: Dataspace, _ pipeline: FilterPipeline,
    in space: AddressSpace
  ) throws(HDF5Error.Reason) {
    guard layout.extents.count == dataspace.extents.count else {
      throw .damaged(
        structure: "chunk layout",
        detail: "\(layout.extents.count) axes, data set has \(dataspace.extents.count)")
    }
    func chunks(_ extent: Int, _ chunk: Int) -> Int {
      extent / chunk + (extent % chunk == 0 ? 0 : 1)
    }
    grid = zip(dataspace.extents, layout.extents).map(chunks)
    fullGrid = zip(dataspace.limits, layout.extents).map { limit, chunk in
      limit.map { chunks($0, chunk) }
    }
    count = try Dataspace.product(grid)
    self.layout = layout
    self.space = space
    isFiltered = !pipeline.filters.isEmpty
    traversal = Traversal("chunks", in: space)
    if count > 0 { try load() }
  }

  /// The chunk at a place in the grid, if it was ever written.
  func entry(_ number: Int) -> Entry? {
    if let implicit {
      // Checked when the table was loaded: all chunks lie inside the file.
      return Entry(
        address: implicit + UInt64(number) * UInt64(layout.byteCount), size: layout.byteCount,
        mask: 0)
    }
    return entries[number]
  }

  /// Whether every chunk is stored.
  var isComplete: Bool { implicit != nil || entries.count == count }

  // MARK: Loading

  private mutating func load() throws(HDF5Error.Reason) {
    switch layout.index {
    case .treeV1(let address?): try loadTreeV1(address)
    case .single(let address?, let size, let mask):
      guard count == 1 else {
        throw .damaged(structure: Self.name, detail: "one chunk, \(count) expected")
      }
      try add(
        [Int](repeating: 0, count: grid.count), address, size ?? layout.byteCount, mask)
    case .implicit(let address?): try loadImplicit(address)
    case .fixedArray(let address?):
      try loadArray(FixedArray(at: address, in: space).forEach, slowest: nil)
    case .extensibleArray(let address?):
      let slowest = fullGrid.firstIndex { $0 == nil } ?? 0
      try loadArray(ExtensibleArray(at: address, in: space).forEach, slowest: slowest)
    case .treeV2(let address?): try loadTreeV2(address)
    default: break
    }
  }

  /// Notes a chunk; one outside the grid is left from a larger shape and plays no part.
  private mutating func add(
    _ place: [Int], _ address: UInt64, _ size: Int, _ mask: UInt32
  ) throws(HDF5Error.Reason) {
    var number = 0
    for axis in grid.indices {
      guard place[axis] < grid[axis] else { return }
      number = number * grid[axis] + place[axis]
    }
    guard isFiltered || size == layout.byteCount else {
      throw .damaged(
        structure: Self.name, detail: "a chunk of \(size) bytes, expected \(layout.byteCount)")
    }
    guard
      UInt64(layout.byteCount) <= UInt64(size).multipliedReportingOverflow(
        by: Deflate.maximumRatio
      ).partialValue &+ 1024
    else {
      throw .implausibleSize(declared: UInt64(layout.byteCount), stored: UInt64(size))
    }
    _ = try space.offset(of: address, UInt64(size), "chunk")
    try traversal.spend(UInt64(size))
    storedBytes += UInt64(size)
    let entry = Entry(address: address, size: size, mask: mask)
    guard entries.updateValue(entry, forKey: number) == nil else {
      throw .damaged(structure: Self.name, detail: "chunk \(place) is there twice")
    }
  }

  private mutating func loadImplicit(_ address: UInt64) throws(HDF5Error.Reason) {
    guard !isFiltered, zip(grid, fullGrid).allSatisfy({ $0 == $1 }) else {
      throw .unsupported("a growing or filtered data set without a chunk index")
    }
    let (total, overflow) = UInt64(count).multipliedReportingOverflow(by: UInt64(layout.byteCount))
    guard !overflow else { throw .damaged(structure: Self.name, detail: "\(count) chunks") }
    _ = try space.offset(of: address, total, "chunks")
    storedBytes = total
    implicit = address
  }

  private mutating func loadTreeV1(_ root: UInt64) throws(HDF5Error.Reason) {
    let axes = grid.count
    let headSize = 8 + 2 * space.offsetSize
    let keySize = 8 + 8 * (axes + 1)
    var nodes = Traversal("chunk B-tree", in: space)
    var pending = [root]
    while let address = pending.popLast() {
      var head = try space.cursor(at: address, headSize, of: "chunk B-tree")
      try head.expect("TREE")
      let type = try head.byte()
      guard type == 1 else {
        throw .damaged(structure: "chunk B-tree", detail: "node type \(type)")
      }
      let level = try head.byte()
      let children = try head.short()
      let size = headSize + children * (keySize + space.offsetSize) + keySize
      try nodes.enter(address, size)
      var cursor = try space.cursor(at: address, size, of: "chunk B-tree")
      try cursor.skip(headSize)
      for _ in 0..<children {
        let stored = try cursor.word()
        let mask = UInt32(try cursor.integer(4))
        var place: [Int] = []
        for axis in 0..<axes {
          let offset = try cursor.count(8)
          guard level > 0 || offset % layout.extents[axis] == 0 else {
            throw .damaged(structure: "chunk B-tree", detail: "a chunk at \(offset)")
          }
          place.append(offset / layout.extents[axis])
        }
        try cursor.skip(8)
        let child = try cursor.definedAddress()
        if level > 0 { pending.append(child) } else { try add(place, child, stored, mask) }
      }
    }
  }

  private mutating func loadTreeV2(_ address: UInt64) throws(HDF5Error.Reason) {
    let axes = grid.count
    let tree = try TreeV2(at: address, type: isFiltered ? 11 : 10, in: space)
    let sizeWidth = tree.sizeOfRecord - space.offsetSize - 8 * axes - (isFiltered ? 4 : 0)
    guard isFiltered ? (1...8).contains(sizeWidth) : sizeWidth == 0 else {
      throw .damaged(structure: Self.name, detail: "records of \(tree.sizeOfRecord) bytes")
    }
    try tree.forEach { (record) throws(HDF5Error.Reason) in
      var cursor = space.cursor(over: record, of: Self.name)
      let address = try cursor.definedAddress()
      let size = isFiltered ? try cursor.count(sizeWidth) : layout.byteCount
      let mask = isFiltered ? UInt32(try cursor.integer(4)) : 0
      var place: [Int] = []
      for _ in 0..<axes { place.append(try cursor.count(8)) }
      try add(place, address, size, mask)
    }
  }

  /// Takes the elements of an array index; they are in row-major order of the full grid, with the
  /// axis that may grow moved to the front.
  private mutating func loadArray(
    _ forEach: ((UInt64, [UInt8]) throws(HDF5Error.Reason) -> Void) throws(HDF5Error.Reason) ->
      Void,
    slowest: Int?
  ) throws(HDF5Error.Reason) {
    var order = Array(grid.indices)
    if let slowest {
      order.remove(at: slowest)
      order.insert(slowest, at: 0)
    }
    try forEach { (index, element) throws(HDF5Error.Reason) in
      var cursor = space.cursor(over: element, of: Self.name)
      guard let address = try cursor.address() else { return }
      let sizeWidth = element.count - space.offsetSize - 4
      guard isFiltered ? (1...8).contains(sizeWidth) : sizeWidth == -4 else {
        throw .damaged(structure: Self.name, detail: "elements of \(element.count) bytes")
      }
      let size = isFiltered ? try cursor.count(sizeWidth) : layout.byteCount
      let mask = isFiltered ? UInt32(try cursor.integer(4)) : 0
      var place = [Int](repeating: 0, count: grid.count)
      var rest = index
      for axis in order.dropFirst().reversed() {
        guard let chunks = fullGrid[axis], chunks > 0 else {
          throw .damaged(structure: Self.name, detail: "an array over two growing axes")
        }
        place[axis] = Int(rest % UInt64(chunks))
        rest /= UInt64(chunks)
      }
      guard let first = Int(exactly: rest) else { return }
      place[order[0]] = first
      try add(place, address, size, mask)
    }
  }
}
