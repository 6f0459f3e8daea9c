extension JSONParser {
  /// Reads a string; the position stands at its opening quote.
  mutating func string() throws(JSONError) -> String {
    let opening = position
    position += 1
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let range = start..<position
        position += 1
        return try decoded(bytes.span.extracting(range), from: start)
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start, opening: opening) }
      if byte < 0x20 { throw controlCharacter() }
      position += 1
    }
    throw error(at: opening, "the string is not closed")
  }

  /// Reads on from the first backslash, collecting unescaped bytes.
  private mutating func escapedString(
    from start: Int, opening: Int
  ) throws(JSONError) -> String {
    var content: [UInt8] = []
    for index in start..<position { content.append(bytes[index]) }
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return try decoded(content.span, from: start)
      case UInt8(ascii: "\\"): try escape(into: &content)
      case 0..<0x20: throw controlCharacter()
      default:
        content.append(byte)
        position += 1
      }
    }
    throw error(at: opening, "the string is not closed")
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONError) {
    position += 1
    guard let letter = peek else {
      throw error(at: position, "expected an escape, found the end of the text")
    }
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      content.append(contentsOf: String(Character(try unicodeEscape())).utf8)
      return
    default:
      throw error(at: position, "expected one of \"\\/bfnrtu after a backslash, found \(found)")
    }
    position += 1
  }

  /// Reads `uXXXX`, and the second half of a surrogate pair.
  private mutating func unicodeEscape() throws(JSONError) -> UnicodeScalar {
    let start = position - 1
    position += 1
    let first = try fourHexDigits()
    if let scalar = UnicodeScalar(first) { return scalar }
    guard first < 0xDC00, peek == UInt8(ascii: "\\"), position + 1 < bytes.count,
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw error(at: start, "a lone surrogate is no character") }
    position += 2
    let second = try fourHexDigits()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = UnicodeScalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw error(at: start, "a lone surrogate is no character") }
    return scalar
  }

  private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue,
        byte < 0x80
      else { throw error(at: position, "expected four hexadecimal digits, found \(found)") }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  private func decoded(_ content: Span<UInt8>, from start: Int) throws(JSONError) -> String {
    do {
      return String(copying: try UTF8Span(validating: content))
    } catch {
      throw self.error(at: start, "the string is not UTF-8")
    }
  }

  private func controlCharacter() -> JSONError {
    error(at: position, "a control character (\(found)) must be escaped in a string")
  }

  /// Reads a number; the position stands at `-` or a digit.
  mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    let isNegative = peek == UInt8(ascii: "-")
    if isNegative {
      position += 1
      if peek == UInt8(ascii: "I") { return try literal("Infinity", .number(-.infinity)) }
    }
    let negated = try integerDigits()
    var isInteger = true
    if peek == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits(after: "the decimal point")
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
      try digits(after: "the exponent's mark")
    }
    if isInteger, let negated {
      if isNegative && negated != 0 { return .integer(negated) }
      if !isNegative && negated != .min { return .integer(-negated) }
    }
    let text = try decoded(bytes.span.extracting(start..<position), from: start)
    guard let value = Double(text) else {
      throw error(at: start, "the number cannot be read")
    }
    return .number(value)
  }

  /// The integer part with a minus sign, so that `Int.min` fits; nil where it overflows.
  private mutating func integerDigits() throws(JSONError) -> Int? {
    guard let first = peek, isDigit(first) else {
      throw error(at: position, "expected a digit, found \(found)")
    }
    position += 1
    if first == UInt8(ascii: "0") {
      if let next = peek, isDigit(next) {
        throw error(at: position - 1, "a number must not begin with 0")
      }
      return 0
    }
    var value: Int? = 0x30 - Int(first)
    while let byte = peek, isDigit(byte) {
      if let current = value {
        let (product, overflow) = current.multipliedReportingOverflow(by: 10)
        let (difference, carry) = product.subtractingReportingOverflow(Int(byte) - 0x30)
        value = overflow || carry ? nil : difference
      }
      position += 1
    }
    return value
  }

  private mutating func digits(after place: String) throws(JSONError) {
    guard let first = peek, isDigit(first) else {
      throw error(at: position, "expected a digit after \(place), found \(found)")
    }
    while let byte = peek, isDigit(byte) { position += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
}
