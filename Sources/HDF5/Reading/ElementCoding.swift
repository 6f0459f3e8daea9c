/// Turns stored elements into Swift's types.
enum ElementCoding {
  /// Reverses the bytes of each element.
  static func reverse(_ bytes: inout [UInt8], elementSize: Int) {
    guard elementSize > 1 else { return }
    for start in stride(from: 0, through: bytes.count - elementSize, by: elementSize) {
      var (low, high) = (start, start + elementSize - 1)
      while low < high {
        bytes.swapAt(low, high)
        low += 1
        high -= 1
      }
    }
  }

  /// The little-endian bit pattern of element `index`.
  private static func pattern(_ bytes: [UInt8], _ index: Int, _ size: Int) -> UInt64 {
    var value: UInt64 = 0
    for offset in (0..<size).reversed() {
      value = value << 8 | UInt64(bytes[index * size + offset])
    }
    return value
  }

  /// Integers of any size, from little-endian bytes.
  static func integers(
    _ bytes: [UInt8], _ datatype: HDF5Datatype
  ) throws(HDF5Error.Reason) -> [Int] {
    let size = datatype.size
    let isSigned: Bool
    switch datatype {
    case .integer(_, let signed, _), .enumeration(_, let signed, _): isSigned = signed
    case .boolean: isSigned = false
    default: throw .datatype(found: "\(datatype)", expected: "integer")
    }
    var values: [Int] = []
    values.reserveCapacity(bytes.count / size)
    for index in 0..<bytes.count / size {
      let pattern = pattern(bytes, index, size)
      if isSigned {
        let shift = UInt64(64 - 8 * size)
        values.append(Int(Int64(bitPattern: pattern << shift) >> Int64(shift)))
      } else if let value = Int(exactly: pattern) {
        values.append(value)
      } else {
        throw .datatype(found: "the integer \(pattern)", expected: "one below 2^63")
      }
    }
    return values
  }

  /// Numbers as Double; integers beyond 2⁵³ are rounded.
  static func doubles(
    _ bytes: [UInt8], _ datatype: HDF5Datatype
  ) throws(HDF5Error.Reason) -> [Double] {
    guard case .float(let format, _) = datatype else {
      if case .integer(8, false, _) = datatype {
        return (0..<bytes.count / 8).map { Double(pattern(bytes, $0, 8)) }
      }
      return try integers(bytes, datatype).map { Double($0) }
    }
    let size = format.size
    return (0..<bytes.count / size).map { index in
      let pattern = pattern(bytes, index, size)
      return switch format {
      case .float64: Double(bitPattern: pattern)
      default: Double(single(UInt32(pattern), format))
      }
    }
  }

  /// Numbers as Float, rounded to nearest.
  static func append(
    _ bytes: [UInt8], _ datatype: HDF5Datatype, to values: inout [Float]
  ) throws(HDF5Error.Reason) {
    guard case .float(let format, _) = datatype, format != .float64 else {
      values += try doubles(bytes, datatype).map { Float($0) }
      return
    }
    if format == .float32 {
      for start in stride(from: 0, to: bytes.count - 3, by: 4) {
        let low = UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8
        let high = UInt32(bytes[start + 2]) | UInt32(bytes[start + 3]) << 8
        values.append(Float(bitPattern: low | high << 16))
      }
      return
    }
    for start in stride(from: 0, to: bytes.count - 1, by: 2) {
      let pattern = UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8
      values.append(single(pattern, format))
    }
  }

  private static func single(_ pattern: UInt32, _ format: HDF5FloatFormat) -> Float {
    switch format {
    case .float16: half(pattern)
    case .bfloat16: Float(bitPattern: pattern << 16)
    case .float32, .float64: Float(bitPattern: pattern)
    }
  }

  /// Widens a float16, exactly: its fields are moved and the exponent's bias is changed by a factor.
  ///
  /// The compiler's own conversion is a call for each value on processors it assumes nothing of.
  private static func half(_ pattern: UInt32) -> Float {
    let magnitude = (pattern & 0x7fff) << 13
    let isFinite = magnitude < 0x7c00 << 13
    let value =
      isFinite
      ? Float(bitPattern: magnitude) * 0x1p112
      : Float(bitPattern: magnitude | 0xff << 23)
    return Float(bitPattern: value.bitPattern | (pattern & 0x8000) << 16)
  }

  /// Texts of fixed or variable length; an element ends at its first zero byte.
  static func strings(
    _ bytes: [UInt8], _ datatype: HDF5Datatype, heap: GlobalHeap
  ) throws(HDF5Error.Reason) -> [String] {
    let texts: [[UInt8]]
    switch datatype {
    // Keras writes an empty list of names as an array of no floats.
    case _ where bytes.isEmpty: return []
    case .fixedString(let size, _):
      texts = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<$0 + size]) }
    case .variableString: texts = try heap.strings(bytes)
    default: throw .datatype(found: "\(datatype)", expected: "string")
    }
    var strings: [String] = []
    strings.reserveCapacity(texts.count)
    for text in texts {
      guard let string = String(validating: text.prefix { $0 != 0 }, as: UTF8.self) else {
        throw .damaged(structure: "string", detail: "is not UTF-8")
      }
      strings.append(string)
    }
    return strings
  }
}
