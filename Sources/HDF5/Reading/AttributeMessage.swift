/// One attribute as it is stored: name, type, shape and the bytes of its value.
///
/// Source: HDF5 File Format Specification 3.0, IV.A.2.m (message), IV.A.2.v (dense storage).
struct AttributeMessage: Sendable {
  let name: String
  let datatype: HDF5Datatype
  let dataspace: Dataspace
  let value: [UInt8]

  private static let structure = "attribute"

  init(message cursor: inout ByteCursor) throws(HDF5Error.Reason) {
    let version = try cursor.version(1...3)
    let flags = try cursor.byte()
    let nameSize = try cursor.short()
    let datatypeSize = try cursor.short()
    let dataspaceSize = try cursor.short()
    if version == 3 { try cursor.skip(1) }
    func field(_ size: Int, _ cursor: inout ByteCursor) throws(HDF5Error.Reason) -> [UInt8] {
      let bytes = try cursor.take(size)
      if version == 1 { try cursor.skip(min(cursor.left, (size + 7) & ~7 - size)) }
      return bytes
    }
    let nameBytes = try field(nameSize, &cursor).prefix { $0 != 0 }
    guard let name = String(validating: nameBytes, as: UTF8.self) else {
      throw .damaged(structure: Self.structure, detail: "name is not UTF-8")
    }
    self.name = name
    // In version 1 the flags are a reserved byte.
    guard version == 1 || flags & 3 == 0 else {
      throw .sharedMessage(structure: "type of attribute '\(name)'")
    }
    func part(_ bytes: [UInt8], _ structure: String, _ whole: ByteCursor) -> ByteCursor {
      ByteCursor(
        bytes, of: structure, offsetSize: whole.offsetSize, lengthSize: whole.lengthSize)
    }
    var datatypeCursor = part(try field(datatypeSize, &cursor), "datatype", cursor)
    datatype = try HDF5Datatype(message: &datatypeCursor)
    var dataspaceCursor = part(try field(dataspaceSize, &cursor), "data space", cursor)
    dataspace = try Dataspace(message: &dataspaceCursor)
    value = try cursor.take(try dataspace.byteCount(elementSize: datatype.size))
  }

  /// All attributes of an object, by name.
  static func all(
    of header: ObjectHeader, in space: AddressSpace
  ) throws(HDF5Error.Reason) -> [String: AttributeMessage] {
    var result: [String: AttributeMessage] = [:]
    func add(_ body: [UInt8]) throws(HDF5Error.Reason) {
      var cursor = space.cursor(over: body, of: structure)
      let attribute = try AttributeMessage(message: &cursor)
      guard result.updateValue(attribute, forKey: attribute.name) == nil else {
        throw .damaged(structure: structure, detail: "two are named '\(attribute.name)'")
      }
    }
    for message in header.messages where message.type == .attribute {
      guard !message.isShared else { throw .sharedMessage(structure: structure) }
      try add(message.body)
    }
    guard let info = try header.first(.attributeInfo) else { return result }
    var cursor = space.cursor(over: info.body, of: "attribute info")
    try cursor.version(0...0)
    let flags = try cursor.byte()
    if flags & 1 != 0 { try cursor.skip(2) }
    guard let heapAddress = try cursor.address(), let treeAddress = try cursor.address() else {
      return result
    }
    var heap = try FractalHeap(at: heapAddress, in: space)
    let identifierSize = heap.identifierSize
    try TreeV2(at: treeAddress, type: 8, recordSize: identifierSize + 9, in: space).forEach {
      (record) throws(HDF5Error.Reason) in
      guard record[identifierSize] & 2 == 0 else { throw .sharedMessage(structure: structure) }
      try add(try heap.object(Array(record[..<identifierSize])))
    }
    return result
  }
}
