/// The messages of one object: its type, shape, layout, links and attributes, still undecoded.
///
/// Source: HDF5 File Format Specification 3.0, IV.A.1 (versions 1 and 2).
struct ObjectHeader: Sendable {
  /// One message and the flag that says its body is only a reference to a shared one.
  struct Message: Sendable {
    let type: MessageType
    let isShared: Bool
    let body: [UInt8]
  }

  /// The message types that are decoded.
  enum MessageType: Int, Sendable {
    case dataspace = 0x01
    case linkInfo = 0x02
    case datatype = 0x03
    case oldFillValue = 0x04
    case fillValue = 0x05
    case link = 0x06
    case externalFiles = 0x07
    case layout = 0x08
    case groupInfo = 0x0a
    case filters = 0x0b
    case attribute = 0x0c
    case continuation = 0x10
    case symbolTable = 0x11
    case attributeInfo = 0x15
  }

  let address: UInt64
  let messages: [Message]
  /// The bytes that the header takes in the file.
  let byteCount: Int
  private static let name = "object header"

  init(at address: UInt64, in space: AddressSpace) throws(HDF5Error.Reason) {
    self.address = address
    let start = try space.cursor(at: address, 4, of: Self.name).bytes
    (messages, byteCount) =
      start.elementsEqual("OHDR".utf8)
      ? try Self.modern(at: address, in: space) : try Self.classic(at: address, in: space)
  }

  /// The first message of a type, or nil; its body must be here and not shared.
  func first(_ type: MessageType) throws(HDF5Error.Reason) -> Message? {
    guard let message = messages.first(where: { $0.type == type }) else { return nil }
    guard !message.isShared else { throw .sharedMessage(structure: "\(type)") }
    return message
  }

  /// What kind of object the messages make.
  var kind: HDF5ObjectKind {
    func has(_ type: MessageType) -> Bool { messages.contains { $0.type == type } }
    if has(.layout) && has(.dataspace) { return .dataset }
    if has(.symbolTable) || has(.linkInfo) || has(.link) { return .group }
    if has(.datatype) && !has(.dataspace) { return .datatype }
    return .unknown
  }

  // MARK: Version 1

  private static func classic(
    at address: UInt64, in space: AddressSpace
  ) throws(HDF5Error.Reason) -> ([Message], byteCount: Int) {
    var head = try space.cursor(at: address, 16, of: name)
    try head.version(1...1)
    try head.skip(1 + 2 + 4)
    let size = try head.count(4)
    var traversal = Traversal(name, in: space)
    var chunks = [(address: address + 16, size: size)]
    var messages: [Message] = []
    var byteCount = 0
    while let chunk = chunks.popLast() {
      try traversal.enter(chunk.address, chunk.size)
      byteCount += chunk.size
      var cursor = try space.cursor(at: chunk.address, chunk.size, of: name)
      while cursor.left >= 8 {
        let type = try cursor.short()
        let size = try cursor.short()
        let flags = try cursor.byte()
        try cursor.skip(3)
        let body = try cursor.take(size)
        try add(type, flags, body, to: &messages, space, &chunks)
      }
    }
    return (messages, byteCount)
  }

  // MARK: Version 2

  private static func modern(
    at address: UInt64, in space: AddressSpace
  ) throws(HDF5Error.Reason) -> ([Message], byteCount: Int) {
    var head = try space.cursor(at: address, 6, of: name)
    try head.skip(4)
    try head.version(2...2)
    let flags = try head.byte()
    let sizeWidth = 1 << (flags & 3)
    let prefix = 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0) + sizeWidth
    head = try space.cursor(at: address, prefix, of: name)
    try head.skip(prefix - sizeWidth)
    let size = try head.count(sizeWidth)
    guard size <= AddressSpace.structureLimit else {
      throw .damaged(structure: name, detail: "\(size) bytes long")
    }
    var traversal = Traversal(name, in: space)
    // A chunk spans its prefix (signature and all), the messages, and the checksum.
    var chunks = [(address: address, size: prefix + size + 4)]
    var isFirst = true
    var messages: [Message] = []
    var byteCount = 0
    while let chunk = chunks.popLast() {
      try traversal.enter(chunk.address, chunk.size)
      byteCount += chunk.size
      let bytes = try space.read(chunk.address, chunk.size, of: name)
      var cursor = space.cursor(over: bytes, of: name)
      try cursor.verifyChecksum()
      if isFirst { try cursor.skip(prefix) } else { try cursor.expect("OCHK") }
      isFirst = false
      let headSize = flags & 0x04 != 0 ? 6 : 4
      while cursor.left - 4 >= headSize {
        let type = try cursor.byte()
        let size = try cursor.short()
        let messageFlags = try cursor.byte()
        if flags & 0x04 != 0 { try cursor.skip(2) }
        guard size <= cursor.left - 4 else {
          throw .tooShort(structure: name, needed: size, left: cursor.left - 4)
        }
        let body = try cursor.take(size)
        try add(type, messageFlags, body, to: &messages, space, &chunks)
      }
    }
    return (messages, byteCount)
  }

  private static func add(
    _ type: Int, _ flags: Int, _ body: [UInt8], to messages: inout [Message],
    _ space: AddressSpace, _ chunks: inout [(address: UInt64, size: Int)]
  ) throws(HDF5Error.Reason) {
    guard let known = MessageType(rawValue: type) else {
      // Bit 7: the writer demands that readers who do not know the message give up.
      if type > 0x18 && flags & 0x80 != 0 {
        throw .unsupported("an object with header message \(type)")
      }
      return
    }
    guard known == .continuation else {
      messages.append(Message(type: known, isShared: flags & 2 != 0, body: body))
      return
    }
    var cursor = space.cursor(over: body, of: "header continuation")
    let address = try cursor.definedAddress()
    let size = try cursor.count(space.lengthSize)
    chunks.append((address, size))
  }
}
