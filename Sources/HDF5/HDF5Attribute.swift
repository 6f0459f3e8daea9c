/// A small named value attached to a group or data set.
public struct HDF5Attribute: Sendable {
  private let object: StoredObject
  private let message: AttributeMessage

  init(object: StoredObject, message: AttributeMessage) {
    self.object = object
    self.message = message
  }

  /// The attribute's name.
  public var name: String { message.name }

  /// The type of one element.
  public var datatype: HDF5Datatype { message.datatype }

  /// The extents; empty for a scalar.
  public var extents: [Int] { message.dataspace.extents }

  /// The number of elements.
  public var count: Int { message.dataspace.count }

  /// The texts, of fixed or variable length; an array of no elements of any type is no texts.
  public func strings() throws(HDF5Error) -> [String] {
    try located { () throws(HDF5Error.Reason) in
      try ElementCoding.strings(message.value, message.datatype, heap: object.file.heap)
    }
  }

  /// The text of a single element.
  public func string() throws(HDF5Error) -> String {
    let strings = try strings()
    guard strings.count == 1 else {
      throw HDF5Error(
        file: object.file.name, path: place,
        reason: .datatype(found: "\(strings.count) strings", expected: "one string"))
    }
    return strings[0]
  }

  /// The integers, of any size; booleans are 0 and 1.
  public func integers() throws(HDF5Error) -> [Int] {
    try located { () throws(HDF5Error.Reason) in
      try ElementCoding.integers(ordered, message.datatype)
    }
  }

  /// The numbers, integers or floats, as Double.
  public func doubles() throws(HDF5Error) -> [Double] {
    try located { () throws(HDF5Error.Reason) in
      try ElementCoding.doubles(ordered, message.datatype)
    }
  }

  /// The stored bytes, little endian; variable-length strings are references, use ``strings()``.
  public var bytes: [UInt8] { ordered }

  private var ordered: [UInt8] {
    var bytes = message.value
    if message.datatype.isBigEndian {
      ElementCoding.reverse(&bytes, elementSize: message.datatype.size)
    }
    return bytes
  }

  private var place: String { object.path + (object.path == "/" ? "@" : "/@") + name }

  private func located<Result>(
    _ body: () throws(HDF5Error.Reason) -> Result
  ) throws(HDF5Error) -> Result {
    try object.file.located(place, body)
  }
}
