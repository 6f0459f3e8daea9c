/// The two checksums that HDF5 stores.
enum Checksum {
  /// Bob Jenkins' lookup3 (`hashlittle`, initial value 0), over metadata.
  ///
  /// Source: HDF5 File Format Specification, "checksum"; Jenkins 2006.
  static func lookup3(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var a = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count)
    var b = a
    var c = a
    var index = bytes.startIndex
    func word(_ start: Int) -> UInt32 {
      var value: UInt32 = 0
      for k in 0..<4 where start + k < bytes.endIndex {
        value |= UInt32(bytes[start + k]) << UInt32(8 * k)
      }
      return value
    }
    while bytes.endIndex - index > 12 {
      a &+= word(index)
      b &+= word(index + 4)
      c &+= word(index + 8)
      mix(&a, &b, &c)
      index += 12
    }
    guard index < bytes.endIndex else { return c }
    a &+= word(index)
    b &+= word(index + 4)
    c &+= word(index + 8)
    return final(a, b, c)
  }

  private static func rotate(_ x: UInt32, _ k: UInt32) -> UInt32 { x << k | x >> (32 - k) }

  private static func mix(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
    a &-= c
    a ^= rotate(c, 4)
    c &+= b
    b &-= a
    b ^= rotate(a, 6)
    a &+= c
    c &-= b
    c ^= rotate(b, 8)
    b &+= a
    a &-= c
    a ^= rotate(c, 16)
    c &+= b
    b &-= a
    b ^= rotate(a, 19)
    a &+= c
    c &-= b
    c ^= rotate(b, 4)
    b &+= a
  }

  private static func final(_ a0: UInt32, _ b0: UInt32, _ c0: UInt32) -> UInt32 {
    var (a, b, c) = (a0, b0, c0)
    c ^= b
    c &-= rotate(b, 14)
    a ^= c
    a &-= rotate(c, 11)
    b ^= a
    b &-= rotate(a, 25)
    c ^= b
    c &-= rotate(b, 16)
    a ^= c
    a &-= rotate(c, 4)
    b ^= a
    b &-= rotate(a, 14)
    c ^= b
    c &-= rotate(b, 24)
    return c
  }

  /// Fletcher's 32-bit sum over big-endian 16-bit words, as the fletcher32 filter stores it.
  static func fletcher32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var low: UInt32 = 0
    var high: UInt32 = 0
    var index = bytes.startIndex
    while bytes.endIndex - index >= 2 {
      // 360 words keep both sums below 2³².
      let stop = min(index + 720, bytes.endIndex - (bytes.endIndex - index) % 2)
      while index < stop {
        low &+= UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        high &+= low
        index += 2
      }
      low = low & 0xffff &+ low >> 16
      high = high & 0xffff &+ high >> 16
    }
    if index < bytes.endIndex {
      low &+= UInt32(bytes[index]) << 8
      high &+= low
      low = low & 0xffff &+ low >> 16
      high = high & 0xffff &+ high >> 16
    }
    low = low & 0xffff &+ low >> 16
    high = high & 0xffff &+ high >> 16
    return high << 16 | low
  }
}
