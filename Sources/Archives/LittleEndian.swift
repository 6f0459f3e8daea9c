extension [UInt8] {
  /// The little-endian number of `count` bytes at `offset`; the bytes must be there.
  func little(_ offset: Int, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(self[offset + index]) << UInt64(8 * index) }
    return value
  }

  /// Appends the low `count` bytes of a number, little endian.
  mutating func appendLittle(_ value: some FixedWidthInteger, _ count: Int) {
    for index in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }
}
