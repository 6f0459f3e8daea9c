/// Conversions between stored scalars and Float.
package enum ScalarCoding {
  /// Decodes `count` little-endian scalars; `bytes` must hold exactly that many.
  package static func decode(_ bytes: [UInt8], of type: ScalarType, count: Int) -> [Float] {
    precondition(bytes.count == count * type.byteCount, "byte count does not match")
    if type == .float32 {
      return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        // The two sizes were compared above, and Float has no invalid bit patterns.
        unsafe bytes.withUnsafeBytes { source in
          unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
        }
        initialized = count
      }
    }
    return unsafe bytes.withUnsafeBytes { raw in
      func load<T: FixedWidthInteger>(_: T.Type, _ index: Int) -> T {
        T(
          littleEndian: unsafe raw.loadUnaligned(
            fromByteOffset: index * MemoryLayout<T>.size, as: T.self))
      }
      func values(_ value: (Int) -> Float) -> [Float] { (0..<count).map(value) }
      switch type {
      case .float32: return values { Float(bitPattern: load(UInt32.self, $0)) }
      case .float64: return values { Float(Double(bitPattern: load(UInt64.self, $0))) }
      case .float16: return values { Float(Float16(bitPattern: load(UInt16.self, $0))) }
      case .bfloat16: return values { Float(bitPattern: UInt32(load(UInt16.self, $0)) << 16) }
      case .int8: return values { Float(load(Int8.self, $0)) }
      case .int16: return values { Float(load(Int16.self, $0)) }
      case .int32: return values { Float(load(Int32.self, $0)) }
      case .int64: return values { Float(load(Int64.self, $0)) }
      case .uint8: return values { Float(load(UInt8.self, $0)) }
      case .uint16: return values { Float(load(UInt16.self, $0)) }
      case .uint32: return values { Float(load(UInt32.self, $0)) }
      case .uint64: return values { Float(load(UInt64.self, $0)) }
      case .bool: return values { load(UInt8.self, $0) == 0 ? 0 : 1 }
      }
    }
  }

  /// Encodes values as little-endian scalars, rounding to nearest even and clamping integers.
  package static func encode(_ values: [Float], as type: ScalarType) -> [UInt8] {
    switch type {
    case .float32: return unsafe values.withUnsafeBytes { unsafe Array($0) }
    case .float64: return bytes(values) { Double($0).bitPattern }
    case .float16: return bytes(values) { Float16($0).bitPattern }
    case .bfloat16: return bytes(values, bfloat16)
    case .int8: return bytes(values) { clamped($0, to: Int8.self) }
    case .int16: return bytes(values) { clamped($0, to: Int16.self) }
    case .int32: return bytes(values) { clamped($0, to: Int32.self) }
    case .int64: return bytes(values) { clamped($0, to: Int64.self) }
    case .uint8: return bytes(values) { clamped($0, to: UInt8.self) }
    case .uint16: return bytes(values) { clamped($0, to: UInt16.self) }
    case .uint32: return bytes(values) { clamped($0, to: UInt32.self) }
    case .uint64: return bytes(values) { clamped($0, to: UInt64.self) }
    case .bool: return values.map { $0 == 0 ? 0 : 1 }
    }
  }

  private static func bytes<T: FixedWidthInteger>(
    _ values: [Float], _ encode: (Float) -> T
  ) -> [UInt8] {
    let size = MemoryLayout<T>.size
    return unsafe [UInt8](unsafeUninitializedCapacity: values.count * size) { buffer, initialized in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      for (index, value) in values.enumerated() {
        // In bounds: the buffer has `size` bytes for every value.
        unsafe raw.storeBytes(
          of: encode(value).littleEndian, toByteOffset: index * size, as: T.self)
      }
      initialized = values.count * size
    }
  }

  private static func clamped<T: FixedWidthInteger>(_ value: Float, to: T.Type) -> T {
    guard value.isFinite else { return value.isNaN ? 0 : (value > 0 ? T.max : T.min) }
    let rounded = Double(value).rounded(.toNearestOrEven)
    if rounded >= Double(T.max) { return T.max }
    if rounded <= Double(T.min) { return T.min }
    return T(rounded)
  }

  private static func bfloat16(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    let rounding = 0x7FFF + ((bits >> 16) & 1)
    return UInt16(truncatingIfNeeded: (bits &+ rounding) >> 16)
  }
}
