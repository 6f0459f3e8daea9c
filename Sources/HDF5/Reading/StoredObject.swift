import Synchronization

/// One object of a file, with what was decoded of it so far.
final class StoredObject: Sendable {
  let file: HDF5File
  let path: String
  let header: ObjectHeader
  private let attributes = Mutex<[String: AttributeMessage]?>(nil)
  private let chunks = Mutex<ChunkTable?>(nil)

  init(file: HDF5File, path: String, header: ObjectHeader) {
    self.file = file
    self.path = path
    self.header = header
  }

  /// Runs `body` with its failures placed at this object, or at a part of it.
  func located<Result>(
    _ part: String = "", _ body: () throws(HDF5Error.Reason) -> Result
  ) throws(HDF5Error) -> Result {
    try file.located(path + part, body)
  }

  /// The attributes by name, decoded once.
  func attributeMessages() throws(HDF5Error.Reason) -> [String: AttributeMessage] {
    if let known = attributes.withLock({ $0 }) { return known }
    let messages = try AttributeMessage.all(of: header, in: file.space)
    attributes.withLock { $0 = messages }
    return messages
  }

  /// The attribute names in the order of their bytes.
  func attributeNames() throws(HDF5Error) -> [String] {
    try located { () throws(HDF5Error.Reason) in
      try attributeMessages().keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
  }

  /// The attribute of a name, or nil.
  func attribute(_ name: String) throws(HDF5Error) -> HDF5Attribute? {
    try located { () throws(HDF5Error.Reason) in
      try attributeMessages()[name].map { HDF5Attribute(object: self, message: $0) }
    }
  }

  /// The chunk table, made on first use.
  func chunkTable(
    _ make: () throws(HDF5Error.Reason) -> ChunkTable
  ) throws(HDF5Error.Reason) -> ChunkTable {
    if let known = chunks.withLock({ $0 }) { return known }
    let table = try make()
    chunks.withLock { $0 = table }
    return table
  }
}
