extension RawTensor {
  /// The first NaN or ∞, by its index and in words; nil where all values are finite.
  package var firstNonFinite: (index: Int, value: String)? {
    switch scalarType {
    case .float32:
      first(UInt32.self, exponent: 0x7F80_0000) { "\(Float(bitPattern: $0))" }
    case .float64:
      first(UInt64.self, exponent: 0x7FF0_0000_0000_0000) { "\(Double(bitPattern: $0))" }
    case .float16: first(UInt16.self, exponent: 0x7C00) { "\(Float16(bitPattern: $0))" }
    case .bfloat16:
      first(UInt16.self, exponent: 0x7F80) { "\(Float(bitPattern: UInt32($0) << 16))" }
    default: nil
    }
  }

  /// Looks for an exponent of all ones, which NaN and ∞ alone have.
  private func first<Bits: FixedWidthInteger>(
    _: Bits.Type, exponent: Bits, _ describe: (Bits) -> String
  ) -> (index: Int, value: String)? {
    // RawTensor holds exactly shape.count scalars of this size; arrays are aligned for them.
    let found = unsafe bytes.withUnsafeBytes { raw -> (Int, Bits)? in
      let scalars = unsafe raw.assumingMemoryBound(to: Bits.self)
      guard let index = unsafe scalars.firstIndex(where: { $0 & exponent == exponent }) else {
        return nil
      }
      return unsafe (index, scalars[index])
    }
    return found.map { ($0.0, describe($0.1)) }
  }

  /// The first value below 0, by its index and in words; nil where there is none.
  package var firstNegative: (index: Int, value: String)? {
    let values = tensor().elements
    return values.firstIndex { $0 < 0 }.map { ($0, "\(values[$0])") }
  }
}

extension Tensor {
  /// The first NaN or ∞, by its index and in words; nil where all values are finite.
  package var firstNonFinite: (index: Int, value: String)? {
    elements.firstIndex { !$0.isFinite }.map { ($0, "\(elements[$0])") }
  }
}
