import CHDF5

extension HDF5Writer {
  /// The most bytes of a fixed-size attribute; object headers hold no more.
  ///
  /// Keras cuts longer lists of names into `layer_names0`, `layer_names1`, … at this size.
  public static let attributeLimit = 64_512

  /// Gives the object at a path an attribute; `/` is the root group.
  public borrowing func setAttribute(
    _ attribute: String, on path: String = "/", _ value: HDF5AttributeValue
  ) throws(HDF5Error) {
    let place = path + (path == "/" ? "@" : "/@") + attribute
    try located(place) { () throws(HDF5Error.Reason) in
      guard !attribute.isEmpty, !attribute.contains("\0") else {
        throw .unwritable("an attribute needs a name without zero bytes")
      }
      let object = try openObject(path)
      let id = object.rawValue
      switch value {
      case .text(let text): try writeFixed([text], extents: [], attribute, on: id)
      case .texts(let texts) where !texts.isEmpty:
        try writeFixed(texts, extents: [texts.count], attribute, on: id)
      case .texts, .variableTexts([]):
        try write(.float(.float64), [0], [], attribute, on: id)
      case .variableText(let text): try writeVariable([text], extents: [], attribute, on: id)
      case .variableTexts(let texts):
        try writeVariable(texts, extents: [texts.count], attribute, on: id)
      case .integer(let number):
        try write(
          Self.int64, [], Self.bytes([UInt64(bitPattern: Int64(number))]), attribute, on: id)
      case .integers(let numbers):
        let patterns = numbers.map { UInt64(bitPattern: Int64($0)) }
        try write(Self.int64, [numbers.count], Self.bytes(patterns), attribute, on: id)
      case .double(let number):
        try write(.float(.float64), [], Self.bytes([number.bitPattern]), attribute, on: id)
      case .doubles(let numbers):
        try write(
          .float(.float64), [numbers.count], Self.bytes(numbers.map(\.bitPattern)), attribute,
          on: id)
      case .floats(let numbers):
        try write(
          .float(.float32), [numbers.count], Self.bytes(numbers.map(\.bitPattern)), attribute,
          on: id)
      case .values(let datatype, let extents, let bytes):
        try write(datatype, extents, bytes, attribute, on: id)
      }
    }
  }

  private static let int64 = HDF5Datatype.integer(size: 8, isSigned: true)

  private static func bytes(_ patterns: [some FixedWidthInteger]) -> [UInt8] {
    patterns.flatMap { pattern in
      stride(from: 0, to: pattern.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: pattern >> $0) }
    }
  }

  private borrowing func openObject(_ path: String) throws(HDF5Error.Reason) -> Identifier {
    let place = "/" + (try Self.components(path)).joined(separator: "/")
    let id = file.rawValue
    return try Identifier("open \(place)") { unsafe H5Oopen(id, place, modelc_h5p_default()) }
  }

  private borrowing func writeFixed(
    _ texts: [String], extents: [Int], _ attribute: String, on object: hid_t
  ) throws(HDF5Error.Reason) {
    // HDF5 has no text of size 0; one zero byte reads as the empty text.
    let size = max(1, texts.map(\.utf8.count).max() ?? 1)
    var bytes: [UInt8] = []
    for text in texts {
      guard !text.utf8.contains(0) else { throw .unwritable("a text holds a zero byte") }
      bytes += text.utf8
      bytes += repeatElement(0, count: size - text.utf8.count)
    }
    try write(.fixedString(size: size), extents, bytes, attribute, on: object)
  }

  private borrowing func write(
    _ datatype: HDF5Datatype, _ extents: [Int], _ bytes: [UInt8], _ attribute: String,
    on object: hid_t
  ) throws(HDF5Error.Reason) {
    let expected = try Dataspace.product(extents + [datatype.size])
    guard bytes.count == expected else {
      throw .unwritable("\(bytes.count) bytes given for \(expected)")
    }
    guard bytes.count <= Self.attributeLimit else {
      throw .unwritable(
        "\(bytes.count) bytes, an attribute holds \(Self.attributeLimit); cut it into several")
    }
    let memoryType = try datatype.identifier(inMemory: true)
    let stored = try create(attribute, try datatype.identifier(), extents, on: object)
    guard !bytes.isEmpty else { return }
    let (storedID, memoryID) = (stored.rawValue, memoryType.rawValue)
    // The number of bytes was compared with extents and type above.
    try Library.call("write an attribute") { unsafe H5Awrite(storedID, memoryID, bytes) }
  }

  private borrowing func writeVariable(
    _ texts: [String], extents: [Int], _ attribute: String, on object: hid_t
  ) throws(HDF5Error.Reason) {
    guard !texts.contains(where: { $0.utf8.contains(0) }) else {
      throw .unwritable("a text holds a zero byte")
    }
    let memoryType = try HDF5Datatype.text(size: 0)
    let stored = try create(attribute, try HDF5Datatype.text(size: 0), extents, on: object)
    let (storedID, memoryID) = (stored.rawValue, memoryType.rawValue)
    // One run of bytes holds all texts, each ended by zero; libhdf5 gets a pointer to each start.
    var joined: [CChar] = []
    var starts: [Int] = []
    for text in texts {
      starts.append(joined.count)
      joined += text.utf8.map { CChar(bitPattern: $0) } + [0]
    }
    try Library.call("write an attribute") {
      unsafe joined.withUnsafeBufferPointer { buffer in
        // Every start is below the buffer's size, and the buffer lives for the call.
        let pointers = unsafe starts.map { unsafe buffer.baseAddress! + $0 }
        return unsafe pointers.withUnsafeBufferPointer {
          unsafe H5Awrite(storedID, memoryID, $0.baseAddress)
        }
      }
    }
  }

  private borrowing func create(
    _ attribute: String, _ type: consuming Identifier, _ extents: [Int], on object: hid_t
  ) throws(HDF5Error.Reason) -> Identifier {
    let space = try Self.dataspace(extents)
    let (typeID, spaceID) = (type.rawValue, space.rawValue)
    // The type must live until the call is over.
    defer { withExtendedLifetime(type) {} }
    return try Identifier("create an attribute") {
      unsafe H5Acreate2(
        object, attribute, typeID, spaceID, modelc_h5p_default(), modelc_h5p_default())
    }
  }
}
