/// A strict, iterative reader of one JSON text.
///
/// Accepts RFC 8259 plus Python's `NaN`, `Infinity` and `-Infinity`. Refuses duplicate keys, bytes
/// that are not UTF-8, lone surrogates, a byte order mark and anything after the value.
struct JSONParser {
  let bytes: [UInt8]
  let limits: JSONLimits
  var position = 0
  private var stack: [Frame] = []
  private var valueCount = 0

  /// An array or object that has been opened and not yet closed.
  private struct Frame {
    var isObject: Bool
    var elements: [JSONValue] = []
    var object = JSONObject()
    var key = ""
    var keyOffset = 0
  }

  init(bytes: [UInt8], limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func parse() throws(JSONError) -> JSONValue {
    guard bytes.count <= limits.byteCount else {
      throw error(at: 0, "the text has \(bytes.count) bytes, at most \(limits.byteCount) are read")
    }
    while true {
      skipWhitespace()
      guard var value = try openOrScalar() else { continue }
      while !stack.isEmpty {
        try add(value)
        guard let container = try closeOrSeparator() else { break }
        value = container
      }
      if stack.isEmpty {
        skipWhitespace()
        guard position == bytes.count else {
          throw error(at: position, "expected the end of the text, found \(found)")
        }
        return value
      }
    }
  }

  /// Reads a scalar or an empty container, or opens a container and returns nil.
  private mutating func openOrScalar() throws(JSONError) -> JSONValue? {
    valueCount += 1
    guard valueCount <= limits.valueCount else {
      throw error(at: position, "more than \(limits.valueCount) values")
    }
    guard let byte = peek else {
      throw error(at: position, "expected a value, found the end of the text")
    }
    switch byte {
    case UInt8(ascii: "["): return try open(isObject: false)
    case UInt8(ascii: "{"): return try open(isObject: true)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "N"): return try literal("NaN", .number(.nan))
    case UInt8(ascii: "I"): return try literal("Infinity", .number(.infinity))
    default: throw error(at: position, "expected a value, found \(found)")
    }
  }

  private mutating func open(isObject: Bool) throws(JSONError) -> JSONValue? {
    guard stack.count < limits.depth else {
      throw error(at: position, "nested deeper than \(limits.depth) levels")
    }
    position += 1
    skipWhitespace()
    if peek == UInt8(ascii: isObject ? "}" : "]") {
      position += 1
      return isObject ? .object(JSONObject()) : .array([])
    }
    stack.append(Frame(isObject: isObject))
    if isObject { try key() }
    return nil
  }

  private mutating func add(_ value: JSONValue) throws(JSONError) {
    let top = stack.count - 1
    if stack[top].isObject {
      guard stack[top].object.append(stack[top].key, value) else {
        throw error(
          at: stack[top].keyOffset, "key \(JSONValue.quoted(stack[top].key)) occurs twice")
      }
    } else {
      stack[top].elements.append(value)
    }
  }

  /// After a member: a comma returns nil, a closing bracket returns the finished container.
  private mutating func closeOrSeparator() throws(JSONError) -> JSONValue? {
    skipWhitespace()
    let isObject = stack[stack.count - 1].isObject
    switch peek {
    case UInt8(ascii: ","):
      position += 1
      if isObject {
        skipWhitespace()
        try key()
      }
      return nil
    case UInt8(ascii: isObject ? "}" : "]"):
      position += 1
      let frame = stack.removeLast()
      return isObject ? .object(frame.object) : .array(frame.elements)
    default:
      throw error(at: position, "expected ',' or '\(isObject ? "}" : "]")', found \(found)")
    }
  }

  private mutating func key() throws(JSONError) {
    guard peek == UInt8(ascii: "\"") else {
      throw error(at: position, "expected a key in quotes, found \(found)")
    }
    let top = stack.count - 1
    stack[top].keyOffset = position
    stack[top].key = try string()
    skipWhitespace()
    guard peek == UInt8(ascii: ":") else {
      throw error(at: position, "expected ':', found \(found)")
    }
    position += 1
  }

  mutating func literal(
    _ word: StaticString, _ value: JSONValue
  ) throws(JSONError) -> JSONValue {
    let text = word.description
    var index = position
    for byte in text.utf8 {
      guard index < bytes.count, bytes[index] == byte else {
        throw error(at: position, "expected '\(text)', found \(found)")
      }
      index += 1
    }
    position = index
    return value
  }

  private mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// The byte at the position, in words.
  var found: String {
    guard let byte = peek else { return "the end of the text" }
    if byte == UInt8(ascii: "'") { return "\"'\"" }
    if byte > 0x20 && byte < 0x7F { return "'\(Character(UnicodeScalar(byte)))'" }
    let digits = String(byte, radix: 16, uppercase: true)
    return "byte 0x" + (digits.count == 1 ? "0" : "") + digits
  }

  func error(at offset: Int, _ problem: String) -> JSONError {
    JSONError(at: offset, of: bytes, problem)
  }
}

extension JSONValue {
  /// Parses a JSON text held in bytes.
  ///
  /// - Throws: ``JSONError`` with line and column.
  public init(
    parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(JSONError) {
    var parser = JSONParser(bytes: bytes, limits: limits)
    self = try parser.parse()
  }

  /// Parses a JSON text.
  ///
  /// - Throws: ``JSONError`` with line and column.
  public init(
    parsing text: String, limits: JSONLimits = JSONLimits()
  ) throws(JSONError) {
    try self.init(parsing: [UInt8](text.utf8), limits: limits)
  }
}
