/// Groups as all versions of HDF5 write them by default: a B-tree of symbol nodes and a name heap.
///
/// Source: HDF5 File Format Specification 3.0, III.A.1 (B-tree), III.B (nodes), III.D (heap).
enum SymbolTable {
  static func links(
    tree: UInt64, heap: UInt64, in space: AddressSpace, _ traversal: inout Traversal
  ) throws(HDF5Error.Reason) -> [Link] {
    let names = try LocalHeap(at: heap, in: space, &traversal)
    var links: [Link] = []
    var pending = [tree]
    while let address = pending.popLast() {
      let isLeaf =
        try space.cursor(at: address, 4, of: "group node").bytes.first == UInt8(ascii: "S")
      if isLeaf {
        try symbols(at: address, names, &links, &traversal, in: space)
      } else {
        pending += try children(at: address, &traversal, in: space).reversed()
      }
    }
    return links
  }

  private static func children(
    at address: UInt64, _ traversal: inout Traversal, in space: AddressSpace
  ) throws(HDF5Error.Reason) -> [UInt64] {
    let name = "group B-tree"
    let headSize = 8 + 2 * space.offsetSize
    var head = try space.cursor(at: address, headSize, of: name)
    try head.expect("TREE")
    let type = try head.byte()
    guard type == 0 else { throw .damaged(structure: name, detail: "node type \(type)") }
    try head.skip(1)
    let count = try head.short()
    let size = headSize + count * (space.lengthSize + space.offsetSize) + space.lengthSize
    try traversal.enter(address, size)
    var cursor = try space.cursor(at: address, size, of: name)
    try cursor.skip(headSize)
    var children: [UInt64] = []
    for _ in 0..<count {
      try cursor.skip(space.lengthSize)
      children.append(try cursor.definedAddress())
    }
    return children
  }

  private static func symbols(
    at address: UInt64, _ names: LocalHeap, _ links: inout [Link],
    _ traversal: inout Traversal, in space: AddressSpace
  ) throws(HDF5Error.Reason) {
    let name = "group symbol node"
    var head = try space.cursor(at: address, 8, of: name)
    try head.expect("SNOD")
    try head.version(1...1)
    try head.skip(1)
    let count = try head.short()
    let size = 8 + count * (2 * space.offsetSize + 24)
    try traversal.enter(address, size)
    var cursor = try space.cursor(at: address, size, of: name)
    try cursor.skip(8)
    for _ in 0..<count {
      let nameOffset = try cursor.count(space.offsetSize)
      let object = try cursor.address()
      let cache = try cursor.word()
      try cursor.skip(4)
      var scratch = ByteCursor(try cursor.take(16), of: name)
      let linkName = try Link.name(try names.string(at: nameOffset))
      if cache == 2 {
        let value = try names.string(at: try scratch.count(4))
        links.append(
          Link(name: linkName, target: .soft(String(decoding: value, as: UTF8.self))))
      } else if let object {
        links.append(Link(name: linkName, target: .hard(object)))
      } else {
        throw .damaged(structure: name, detail: "'\(linkName)' has no address")
      }
    }
  }
}

/// The names of one group.
struct LocalHeap {
  private let bytes: [UInt8]
  private static let name = "local heap"

  init(
    at address: UInt64, in space: AddressSpace, _ traversal: inout Traversal
  ) throws(HDF5Error.Reason) {
    var cursor = try space.cursor(
      at: address, 8 + 2 * space.lengthSize + space.offsetSize, of: Self.name)
    try cursor.expect("HEAP")
    try cursor.version(0...0)
    try cursor.skip(3)
    let size = try cursor.count(space.lengthSize)
    _ = try cursor.length()
    try traversal.enter(address, size)
    bytes = try space.read(try cursor.definedAddress(), size, of: Self.name)
  }

  func string(at offset: Int) throws(HDF5Error.Reason) -> [UInt8] {
    guard offset < bytes.count, let zero = bytes[offset...].firstIndex(of: 0) else {
      throw .damaged(structure: Self.name, detail: "no name at \(offset) of \(bytes.count)")
    }
    return Array(bytes[offset..<zero])
  }
}
