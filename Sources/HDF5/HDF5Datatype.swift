/// The type of one stored element.
public enum HDF5Datatype: Sendable, Hashable {
  case integer(size: Int, isSigned: Bool, order: HDF5ByteOrder = .little)
  case float(HDF5FloatFormat, order: HDF5ByteOrder = .little)
  /// Bytes with or without a terminating zero; `isUTF8` is the declared character set.
  case fixedString(size: Int, isUTF8: Bool = true)
  /// Text of any length, kept in the file's global heap.
  case variableString(isUTF8: Bool = true)
  /// Bytes without a meaning of HDF5's own; Keras stores bfloat16 this way, with an empty tag.
  case opaque(size: Int, tag: String = "")
  /// False or true in one byte, as h5py stores NumPy's bool.
  case boolean
  /// Named integers; their values are read as integers.
  case enumeration(size: Int, isSigned: Bool, order: HDF5ByteOrder)
  /// A type that is described but not read, such as a compound or a reference.
  case unsupported(String, size: Int)

  /// The bytes of one element as it is stored.
  public var size: Int {
    switch self {
    case .integer(let size, _, _), .fixedString(let size, _), .opaque(let size, _),
      .enumeration(let size, _, _), .unsupported(_, let size):
      size
    case .float(let format, _): format.size
    case .variableString: 16
    case .boolean: 1
    }
  }

  /// Whether elements are stored with their most significant byte first.
  var isBigEndian: Bool {
    switch self {
    case .integer(_, _, .big), .float(_, .big), .enumeration(_, _, .big): true
    default: false
    }
  }
}

/// The order of the bytes of a stored number.
public enum HDF5ByteOrder: String, Sendable, Hashable {
  case little = "little-endian"
  case big = "big-endian"
}

/// A floating-point format, named by its layout.
public enum HDF5FloatFormat: String, Sendable, Hashable, CaseIterable {
  case float16, bfloat16, float32, float64

  /// The bytes of one number.
  public var size: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .float32: 4
    case .float64: 8
    }
  }
}

extension HDF5Datatype: CustomStringConvertible {
  /// The type in words, such as `float32` or `big-endian int16`.
  public var description: String {
    switch self {
    case .integer(let size, let isSigned, let order):
      Self.prefix(order) + (isSigned ? "int\(8 * size)" : "uint\(8 * size)")
    case .float(let format, let order): Self.prefix(order) + format.rawValue
    case .fixedString(let size, _): "string of \(size) bytes"
    case .variableString: "string"
    case .opaque(let size, let tag):
      tag.isEmpty ? "opaque of \(size) bytes" : "opaque '\(tag)' of \(size) bytes"
    case .boolean: "bool"
    case .enumeration(let size, let isSigned, let order):
      Self.prefix(order) + "enumeration over " + (isSigned ? "int\(8 * size)" : "uint\(8 * size)")
    case .unsupported(let name, _): name
    }
  }

  private static func prefix(_ order: HDF5ByteOrder) -> String {
    order == .big ? "big-endian " : ""
  }
}
