/// Reads decimal numbers out of bytes, correctly rounded, without making strings of the usual ones.
enum DecimalNumber {
  private static let powers: [Double] = (0...22).map { exponent in
    (0..<exponent).reduce(1.0) { power, _ in power * 10 }
  }

  /// The number that the whole range spells; nil if it spells none.
  static func parse(_ bytes: [UInt8], _ range: Range<Int>) -> Double? {
    var index = range.lowerBound
    let end = range.upperBound
    guard index < end else { return nil }
    let isNegative = bytes[index] == UInt8(ascii: "-")
    if isNegative || bytes[index] == UInt8(ascii: "+") { index += 1 }
    var mantissa: UInt64 = 0
    var digitCount = 0
    var fractionCount = 0
    var hasPoint = false
    while index < end {
      let byte = bytes[index]
      if byte &- 0x30 < 10 {
        digitCount += 1
        guard digitCount <= 18 else { return slow(bytes, range) }
        mantissa = mantissa * 10 + UInt64(byte - 0x30)
        if hasPoint { fractionCount += 1 }
      } else if byte == UInt8(ascii: ".") && !hasPoint {
        hasPoint = true
      } else {
        return slow(bytes, range)
      }
      index += 1
    }
    guard digitCount > 0 else { return nil }
    // Both operands are exact, so one division rounds once (Clinger 1990).
    guard mantissa < 1 << 53, fractionCount <= 22 else { return slow(bytes, range) }
    let magnitude = Double(mantissa) / powers[fractionCount]
    return isNegative ? -magnitude : magnitude
  }

  private static func slow(_ bytes: [UInt8], _ range: Range<Int>) -> Double? {
    // Hexadecimal floats are Swift's, not a table's.
    guard range.count <= 400,
      !bytes[range].contains(where: {
        $0 | 0x20 == UInt8(ascii: "x") || $0 | 0x20 == UInt8(ascii: "p")
      })
    else { return nil }
    return Double(String(decoding: bytes[range], as: UTF8.self))
  }
}
