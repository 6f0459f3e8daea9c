import Messages

/// Why a text is not the JSON we accept, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The byte offset, from 0.
  public let offset: Int
  /// The line, from 1.
  public let line: Int
  /// The column in characters (Unicode scalars), from 1.
  public let column: Int
  /// What is wrong, both sides: `expected ',' or '}', found 'x'`.
  public let problem: String

  init(at offset: Int, of bytes: [UInt8], _ problem: String) {
    self.offset = offset
    self.problem = problem
    var line = 1
    var column = 1
    for index in 0..<min(offset, bytes.count) {
      if bytes[index] == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if bytes[index] & 0xC0 != 0x80 {
        column += 1
      }
    }
    self.line = line
    self.column = column
  }

  /// The message without a file's name: `line 3, column 7: expected …, found …`.
  public var description: String {
    "line \(line), column \(column): \(problem)".oneLine()
  }
}

/// How much a text may ask of the reader.
public struct JSONLimits: Sendable, Hashable {
  /// The largest text, in bytes.
  public var byteCount = 64 << 20
  /// The deepest nesting of arrays and objects.
  public var depth = 256
  /// The largest number of values; bounds memory where a text is all brackets.
  public var valueCount = 4 << 20

  /// The limits for files from strangers: 64 MiB, depth 256, 4 Mi values.
  public init() {}
}
