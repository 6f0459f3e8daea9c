import Messages

/// Reads the Python dictionary literal of a NumPy header, and nothing more of Python.
struct NumPyLiteral {
  /// What the dictionary must hold, exactly.
  struct Fields {
    var descriptor: String
    var isFortranOrdered: Bool
    var extents: [Int]
  }

  private let bytes: [UInt8]
  private let place: String
  private var position = 0

  init(_ bytes: [UInt8], place: String) {
    self.bytes = bytes
    self.place = place
  }

  mutating func parse() throws(DatasetError) -> Fields {
    var descriptor: String?
    var isFortranOrdered: Bool?
    var extents: [Int]?
    try expect("{")
    while !accept("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where descriptor == nil:
        skipSpaces()
        if peek == UInt8(ascii: "[") {
          throw DatasetError(
            .refused("a structured array; save one array per field"), at: place)
        }
        descriptor = try string()
      case "fortran_order" where isFortranOrdered == nil: isFortranOrdered = try boolean()
      case "shape" where extents == nil: extents = try tuple()
      default:
        throw failure(
          "the keys 'descr', 'fortran_order', 'shape' once each", "'\(key.shortened())'")
      }
      if !accept(",") {
        try expect("}")
        break
      }
    }
    skipSpaces()
    guard position == bytes.count else { throw failure("the header's end", found) }
    guard let descriptor, let isFortranOrdered, let extents else {
      throw failure("the keys 'descr', 'fortran_order' and 'shape'", "not all of them")
    }
    return Fields(
      descriptor: descriptor, isFortranOrdered: isFortranOrdered, extents: extents)
  }

  private mutating func string() throws(DatasetError) -> String {
    skipSpaces()
    guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw failure("a string", found)
    }
    position += 1
    let start = position
    while let byte = peek, byte != quote {
      guard byte != UInt8(ascii: "\\"), byte >= 0x20, byte < 0x7F else {
        throw failure("plain ASCII in a string", found)
      }
      position += 1
    }
    guard peek != nil else { throw failure("a closing quote", found) }
    position += 1
    return String(decoding: bytes[start..<position - 1], as: UTF8.self)
  }

  private mutating func boolean() throws(DatasetError) -> Bool {
    skipSpaces()
    for (word, value) in [("True", true), ("False", false)]
    where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw failure("True or False", found)
  }

  private mutating func tuple() throws(DatasetError) -> [Int] {
    try expect("(")
    var extents: [Int] = []
    while !accept(")") {
      extents.append(try integer())
      if !accept(",") {
        try expect(")")
        break
      }
    }
    return extents
  }

  private mutating func integer() throws(DatasetError) -> Int {
    skipSpaces()
    let start = position
    var value = 0
    while let byte = peek, byte &- 0x30 < 10 {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(byte) - 0x30)
      guard !overflow, !carry else { throw failure("an extent that fits in 64 bits", "more") }
      value = sum
      position += 1
    }
    guard position > start else { throw failure("a number", found) }
    if peek == UInt8(ascii: "L") { position += 1 }  // Python 2 wrote long integers so
    return value
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(DatasetError) {
    guard accept(character) else { throw failure("'\(character)'", found) }
  }

  private mutating func skipSpaces() {
    while let byte = peek, byte == 0x20 || byte == 0x0A { position += 1 }
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private var found: String {
    guard let byte = peek else { return "the header's end" }
    return byte > 0x20 && byte < 0x7F
      ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x\(hexadecimal([byte]))"
  }

  private func failure(_ expected: String, _ found: String) -> DatasetError {
    DatasetError(.text(expected: expected, found: found), at: "\(place): header")
  }
}
