extension JSONValue {
  /// The value as JSON text; the same value and options give the same text everywhere.
  ///
  /// Doubles are written in the shortest form that reads back to the same value, whole ones as
  /// `1.0`. Pretty text is indented by two spaces; arrays of scalars stay on one line.
  /// NaN and ±∞ become `null`, or Python's tokens where `allowsNonFinite` says so.
  public func serialized(
    pretty: Bool = false, sortedKeys: Bool = false, allowsNonFinite: Bool = false
  ) -> String {
    var writer = JSONWriter(
      pretty: pretty, sortedKeys: sortedKeys, allowsNonFinite: allowsNonFinite)
    writer.write(self, depth: 0)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// A string in JSON's quotes, with what must be escaped escaped.
  public static func quoted(_ string: String) -> String {
    JSONValue.string(string).serialized()
  }
}

extension JSONValue: CustomStringConvertible {
  /// The compact text, with Python's tokens for NaN and ±∞.
  public var description: String { serialized(allowsNonFinite: true) }
}

/// Collects the bytes of a JSON text.
private struct JSONWriter {
  let pretty: Bool
  let sortedKeys: Bool
  let allowsNonFinite: Bool
  var bytes: [UInt8] = []

  mutating func write(_ value: JSONValue, depth: Int) {
    switch value {
    case .null: put("null")
    case .bool(let value): put(value ? "true" : "false")
    case .integer(let value): put(String(value))
    case .number(let value): put(value)
    case .string(let value): quote(value)
    case .array(let elements): put(elements, depth: depth)
    case .object(let object): put(object, depth: depth)
    }
  }

  private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func put(_ value: Double) {
    if value.isFinite {
      put(value.description)
    } else if allowsNonFinite {
      put(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
    } else {
      put("null")
    }
  }

  private mutating func put(_ elements: [JSONValue], depth: Int) {
    let breaksLines = pretty && elements.contains { $0.array != nil || $0.object != nil }
    put("[")
    for (position, element) in elements.enumerated() {
      if position > 0 { put(pretty && !breaksLines ? ", " : ",") }
      if breaksLines { newLine(depth + 1) }
      write(element, depth: depth + 1)
    }
    if breaksLines { newLine(depth) }
    put("]")
  }

  private mutating func put(_ object: JSONObject, depth: Int) {
    put("{")
    for (position, member) in (sortedKeys ? object.sorted() : object).enumerated() {
      if position > 0 { put(",") }
      if pretty { newLine(depth + 1) }
      quote(member.key)
      put(pretty ? ": " : ":")
      write(member.value, depth: depth + 1)
    }
    if pretty && !object.isEmpty { newLine(depth) }
    put("}")
  }

  private mutating func newLine(_ depth: Int) {
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(0x20, count: 2 * depth))
  }

  private mutating func quote(_ string: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): put("\\\"")
      case UInt8(ascii: "\\"): put("\\\\")
      case 0x0A: put("\\n")
      case 0x0D: put("\\r")
      case 0x09: put("\\t")
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        put(digits.count == 1 ? "\\u000\(digits)" : "\\u00\(digits)")
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
