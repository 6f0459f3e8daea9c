import Messages

/// Where a value stands inside a document: `config.layers[3].units`.
public struct JSONPath: Sendable, Hashable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  /// The path as text; empty for the document itself.
  public let description: String

  /// The document itself, or a place named by `text`.
  public init(_ text: String = "") { description = text }

  /// Makes a path from a literal.
  public init(stringLiteral value: String) { self.init(value) }

  /// The path of a member.
  ///
  /// Keys that are not plain words are quoted: `weights["a b"]`.
  public subscript(key: String) -> JSONPath {
    let isPlain =
      !key.isEmpty
      && key.utf8.allSatisfy {
        $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ":")
          || ($0 | 0x20) &- UInt8(ascii: "a") < 26 || $0 &- UInt8(ascii: "0") < 10
      }
    guard isPlain else { return JSONPath("\(description)[\(JSONValue.quoted(key))]") }
    return JSONPath(description.isEmpty ? key : "\(description).\(key)")
  }

  /// The path of an element.
  public subscript(index: Int) -> JSONPath { JSONPath("\(description)[\(index)]") }
}

/// A document that is JSON but does not hold what was expected, and where.
public struct JSONMismatch: Error, Sendable, Hashable, CustomStringConvertible {
  /// The place.
  public let path: JSONPath
  /// What was expected: `an integer`.
  public let expected: String
  /// What is there: `a string`, `nothing`.
  public let found: String

  /// Makes a mismatch.
  public init(path: JSONPath, expected: String, found: String) {
    self.path = path
    self.expected = expected
    self.found = found
  }

  /// The message: `config.layers[3].units: expected an integer, found a string`.
  public var description: String {
    let message = "expected \(expected), found \(found)"
    return (path.description.isEmpty ? message : "\(path): \(message)").oneLine()
  }
}
