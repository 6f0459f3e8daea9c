import Synchronization

/// The file's heap of variable-length values, in collections that are indexed once each.
///
/// Source: HDF5 File Format Specification 3.0, III.E.
final class GlobalHeap: Sendable {
  private struct Object {
    let address: UInt64
    let size: Int
  }

  private let space: AddressSpace
  /// The collections seen so far; honest ones lie apart, so all together fit into the file.
  private struct Known {
    var collections: [UInt64: [Int: Object]] = [:]
    var traversal: Traversal
  }

  private let known: Mutex<Known>
  private static let name = "global heap"

  init(in space: AddressSpace) {
    self.space = space
    known = Mutex(Known(traversal: Traversal(Self.name, in: space)))
  }

  /// The strings that variable-length elements refer to.
  func strings(_ elements: [UInt8]) throws(HDF5Error.Reason) -> [[UInt8]] {
    let elementSize = 8 + space.offsetSize
    var values: [[UInt8]] = []
    // Each value has an object of its own, so together they fit into the file.
    var traversal = Traversal(Self.name, in: space)
    var cursor = space.cursor(over: elements, of: "variable-length value")
    for _ in 0..<elements.count / elementSize {
      let length = try cursor.count(4)
      let collection = try cursor.address()
      let index = try cursor.word()
      guard length > 0, let collection, collection != 0 else {
        values.append([])
        continue
      }
      let object = try object(index, in: collection)
      guard length <= object.size else {
        throw .damaged(
          structure: Self.name, detail: "a value of \(length) bytes in an object of \(object.size)")
      }
      try traversal.spend(UInt64(length))
      values.append(try space.read(object.address, length, of: Self.name))
    }
    return values
  }

  private func object(
    _ index: Int, in collection: UInt64
  ) throws(HDF5Error.Reason) -> Object {
    let object = try known.withLock { (known) throws(HDF5Error.Reason) in
      if let objects = known.collections[collection] { return objects[index] }
      let objects = try self.objects(at: collection, &known.traversal)
      known.collections[collection] = objects
      return objects[index]
    }
    guard let object, index > 0 else {
      throw .damaged(structure: Self.name, detail: "no object \(index) at \(collection)")
    }
    return object
  }

  private func objects(
    at address: UInt64, _ traversal: inout Traversal
  ) throws(HDF5Error.Reason) -> [Int: Object] {
    let headSize = 8 + space.lengthSize
    var head = try space.cursor(at: address, headSize, of: Self.name)
    try head.expect("GCOL")
    try head.version(1...1)
    try head.skip(3)
    let size = try head.count(space.lengthSize)
    _ = try space.offset(of: address, UInt64(size), Self.name)
    try traversal.spend(UInt64(size))
    var objects: [Int: Object] = [:]
    // Offsets stay below `size`, and address + size was checked above.
    var position = headSize
    while size - position >= headSize {
      var cursor = try space.cursor(
        at: address + UInt64(position), headSize, of: Self.name)
      let index = try cursor.short()
      try cursor.skip(6)
      let length = try cursor.count(space.lengthSize)
      // Object 0 is the free space that ends the collection.
      if index == 0 { break }
      position += headSize
      guard length <= size - position else {
        throw .damaged(structure: Self.name, detail: "object \(index) of \(length) bytes")
      }
      objects[index] = Object(address: address + UInt64(position), size: length)
      position += min((length + 7) & ~7, size - position)
    }
    return objects
  }
}
