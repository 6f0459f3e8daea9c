/// A data set of an open file: its type and shape are known, its values are read when asked.
public struct HDF5Dataset: Sendable {
  let object: StoredObject
  let dataspace: Dataspace
  let layout: Layout
  let pipeline: FilterPipeline
  let fill: [UInt8]

  /// The type of one element.
  public let datatype: HDF5Datatype

  /// The bytes of all elements as declared; compared with the file before anything is read.
  public let byteCount: Int

  init(object: StoredObject) throws(HDF5Error.Reason) {
    let header = object.header
    let space = object.file.space
    guard header.kind == .dataset else {
      throw .wrongKind(expected: .dataset, found: header.kind)
    }
    func cursor(_ type: ObjectHeader.MessageType) throws(HDF5Error.Reason) -> ByteCursor? {
      try header.first(type).map { space.cursor(over: $0.body, of: "\(type)") }
    }
    guard try header.first(.externalFiles) == nil else { throw .externalStorage }
    guard var shape = try cursor(.dataspace), var type = try cursor(.datatype),
      var place = try cursor(.layout)
    else {
      throw .damaged(structure: "data set", detail: "has no type, shape or layout")
    }
    self.object = object
    dataspace = try Dataspace(message: &shape)
    datatype = try HDF5Datatype(message: &type)
    layout = try Layout(message: &place)
    if case .virtual = layout { throw .virtualDataset }
    if var filters = try cursor(.filters) {
      pipeline = try FilterPipeline(message: &filters)
    } else {
      pipeline = .empty
    }
    byteCount = try dataspace.byteCount(elementSize: datatype.size)
    fill = try Self.fill(cursor(.fillValue), old: cursor(.oldFillValue), size: datatype.size)
    if case .chunked(let chunked) = layout, chunked.elementSize != datatype.size {
      throw .damaged(
        structure: "chunk layout",
        detail: "elements of \(chunked.elementSize) bytes, type has \(datatype.size)")
    }
  }

  /// The path by which it was reached.
  public var path: String { object.path }

  /// The name of its file.
  public var fileName: String { object.file.name }

  /// The address of the object in the file: equal for two paths exactly when they are one object.
  public var objectAddress: UInt64 { object.header.address }

  /// The extents; empty for a scalar.
  public var extents: [Int] { dataspace.extents }

  /// The number of elements.
  public var count: Int { dataspace.count }

  /// `contiguous`, `compact` or `chunked`.
  public var layoutName: String { layout.name }

  /// The extents of a chunk, for a chunked data set.
  public var chunkExtents: [Int]? {
    if case .chunked(let chunked) = layout { chunked.extents } else { nil }
  }

  /// The names of its filters, in the order in which they were applied.
  public var filters: [String] { pipeline.filters.map(\.name) }

  /// The bytes that the values take in the file.
  public var storedBytes: Int {
    get throws(HDF5Error) {
      switch layout {
      case .compact(let bytes): bytes.count
      case .contiguous(let address, _): address == nil ? 0 : byteCount
      case .chunked(let chunked):
        try object.located { () throws(HDF5Error.Reason) in
          Int(try table(chunked).storedBytes)
        }
      case .virtual: 0
      }
    }
  }

  /// The offset in the file of a contiguous data set's values.
  public var contiguousOffset: Int? {
    guard case .contiguous(let address?, _) = layout else { return nil }
    return try? Int(object.file.space.offset(of: address, UInt64(byteCount), "data"))
  }

  /// The names of the data set's attributes, in the order of their bytes.
  public var attributeNames: [String] {
    get throws(HDF5Error) { try object.attributeNames() }
  }

  /// The attribute of a name, or nil.
  public func attribute(_ name: String) throws(HDF5Error) -> HDF5Attribute? {
    try object.attribute(name)
  }

  /// The index of the chunks.
  func table(_ chunked: ChunkedLayout) throws(HDF5Error.Reason) -> ChunkTable {
    try object.state.chunkTable { () throws(HDF5Error.Reason) in
      try ChunkTable(chunked, dataspace, pipeline, in: object.file.space)
    }
  }

  /// The bytes of an element that was never written: the fill value, or zeros.
  private static func fill(
    _ message: ByteCursor?, old: ByteCursor?, size: Int
  ) throws(HDF5Error.Reason) -> [UInt8] {
    var value: [UInt8] = []
    if var cursor = message {
      let version = try cursor.version(1...3)
      let flags = try cursor.byte()
      if version < 3 {
        try cursor.skip(1)
        let isDefined = try cursor.byte() != 0
        if (version == 1 || isDefined) && cursor.left >= 4 {
          let stored = try cursor.word()
          // In version 1 a size of −1 stands for "undefined".
          if stored != 0xffff_ffff { value = try cursor.take(stored) }
        }
      } else if flags & 0x20 != 0 {
        value = try cursor.take(try cursor.word())
      }
    } else if var cursor = old {
      value = try cursor.take(try cursor.word())
    }
    return value.count == size && value.contains { $0 != 0 } ? value : []
  }
}
