extension HDF5Datatype {
  private static let structure = "datatype"

  /// Decodes a datatype message (IV.A.2.d); kinds that are not read become `.unsupported`.
  init(message cursor: inout ByteCursor) throws(HDF5Error.Reason) {
    let head = try cursor.byte()
    let version = head >> 4
    guard (1...5).contains(version) else {
      throw .version(structure: Self.structure, found: version)
    }
    let bits = Int(try cursor.integer(3))
    let size = try cursor.count(4)
    guard size > 0 else { throw .damaged(structure: Self.structure, detail: "size 0") }
    switch head & 0x0f {
    case 0: self = try Self.integer(bits, size, &cursor)
    case 1: self = try Self.float(bits, size, &cursor)
    case 3: self = .fixedString(size: size, isUTF8: bits >> 4 & 0x0f == 1)
    case 5:
      let tag = try cursor.take(min(bits & 0xff, cursor.left)).prefix { $0 != 0 }
      self = .opaque(size: size, tag: String(decoding: tag, as: UTF8.self))
    case 8: self = try Self.enumeration(bits, size, version, &cursor)
    case 9 where bits & 0x0f == 1:
      guard size == 8 + cursor.offsetSize else {
        throw .damaged(structure: Self.structure, detail: "variable string of \(size) bytes")
      }
      self = .variableString(isUTF8: bits >> 8 & 0x0f == 1)
    case let kind: self = .unsupported(Self.name(ofClass: kind), size: size)
    }
  }

  private static func name(ofClass kind: Int) -> String {
    switch kind {
    case 2: "time"
    case 4: "bit field"
    case 6: "compound"
    case 7: "reference"
    case 9: "variable-length sequence"
    case 10: "array"
    case 11: "complex"
    default: "class \(kind)"
    }
  }

  private static func integer(
    _ bits: Int, _ size: Int, _ cursor: inout ByteCursor
  ) throws(HDF5Error.Reason) -> HDF5Datatype {
    let offset = try cursor.short()
    let precision = try cursor.short()
    guard size <= 8, offset == 0, precision == 8 * size else {
      return .unsupported("integer of \(precision) bits in \(size) bytes", size: size)
    }
    return .integer(size: size, isSigned: bits & 8 != 0, order: bits & 1 == 0 ? .little : .big)
  }

  private static func float(
    _ bits: Int, _ size: Int, _ cursor: inout ByteCursor
  ) throws(HDF5Error.Reason) -> HDF5Datatype {
    // Bit offset, precision, exponent place and size, mantissa place and size, bias.
    var fields = [try cursor.short(), try cursor.short()]
    for _ in 0..<4 { fields.append(try cursor.byte()) }
    fields.append(try cursor.word())
    let sign = bits >> 8 & 0xff
    let isImplied = bits >> 4 & 3 == 2
    let formats: [(HDF5FloatFormat, [Int])] = [
      (.float16, [0, 16, 10, 5, 0, 10, 15]), (.bfloat16, [0, 16, 7, 8, 0, 7, 127]),
      (.float32, [0, 32, 23, 8, 0, 23, 127]), (.float64, [0, 64, 52, 11, 0, 52, 1023]),
    ]
    // Bits 0 and 6 together are the byte order; both set is the VAX's.
    let order: HDF5ByteOrder? = bits & 0x41 == 0 ? .little : bits & 0x41 == 1 ? .big : nil
    for (format, expected) in formats
    where fields == expected && size == format.size && sign == 8 * size - 1 && isImplied {
      if let order { return .float(format, order: order) }
    }
    return .unsupported("float of \(fields[1]) bits of an unknown format", size: size)
  }

  private static func enumeration(
    _ bits: Int, _ size: Int, _ version: Int, _ cursor: inout ByteCursor
  ) throws(HDF5Error.Reason) -> HDF5Datatype {
    let head = try cursor.byte()
    guard head & 0x0f == 0 else { return .unsupported("enumeration", size: size) }
    let baseBits = Int(try cursor.integer(3))
    let baseSize = try cursor.count(4)
    guard
      case .integer(let integerSize, let isSigned, let order) = try integer(
        baseBits, baseSize, &cursor),
      integerSize == size
    else { return .unsupported("enumeration", size: size) }
    var names: [[UInt8]] = []
    for _ in 0..<bits & 0xffff {
      let start = cursor.position
      names.append(try cursor.terminatedString())
      if version < 3 { cursor.align(from: start) }
    }
    var values: [[UInt8]] = []
    for _ in names { values.append(try cursor.take(size)) }
    if size == 1, names == [Array("FALSE".utf8), Array("TRUE".utf8)], values == [[0], [1]] {
      return .boolean
    }
    return .enumeration(size: size, isSigned: isSigned, order: order)
  }
}
