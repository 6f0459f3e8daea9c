import Messages

/// Names in the C file.
enum CName {
  /// A path as a C identifier: letters, digits and underscores, not starting with a digit.
  static func identifier(_ path: String) -> String {
    var name = ""
    for scalar in path.unicodeScalars {
      let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
      let isDigit = ("0"..."9").contains(scalar)
      name.unicodeScalars.append(isLetter || isDigit ? scalar : "_")
    }
    if name.isEmpty || name.first.map({ ("0"..."9").contains($0) }) == true { name = "_" + name }
    return reserved.contains(name) ? name + "_" : name
  }

  /// A path without a trailing `/shift`, which a suffix is to follow.
  static func path(_ name: String) -> String {
    name.hasSuffix("/shift") ? String(name.dropLast(6)) : name
  }

  /// Whether `name` can stand before `_predict`.
  static func isPrefix(_ name: String) -> Bool {
    !name.isEmpty && identifier(name) == name && !name.hasPrefix("_")
  }

  /// A C string literal; bytes beyond ASCII are written in octal.
  static func literal(_ text: String) -> String {
    var result = "\""
    for byte in text.utf8 {
      switch byte {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      // A question mark could begin a trigraph.
      case 0x3F: result += "\\?"
      case 0x20...0x7E: result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let octal = String(byte, radix: 8)
        result += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
      }
    }
    return result + "\""
  }

  /// Text that may stand inside a C comment, whatever name it was: it holds no `*` that could begin
  /// or end one, no `\` that could join lines, no `?` of a trigraph, and nothing that steers a terminal.
  static func comment(_ text: String) -> String {
    // Scalar by scalar: a combining mark behind `*/` hides it from comparisons of characters.
    let plain = text.unicodeScalars.map { scalar -> Unicode.Scalar in
      switch scalar {
      case "*": "+"
      case "\\": "/"
      case "?": "."
      default: scalar.isSteering ? " " : scalar
      }
    }
    return String(String.UnicodeScalarView(plain))
  }

  /// A float that reads back bit for bit; `value` is finite.
  static func float(_ value: Float) -> String {
    precondition(value.isFinite, "C has no literal for \(value)")
    let text = "\(value)"
    return text.contains(".") || text.contains("e") ? text + "f" : text + ".0f"
  }

  private static let reserved: Set<String> = [
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
    "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register",
    "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef",
    "union", "unsigned", "void", "volatile", "while", "_Bool", "_Complex", "_Imaginary", "main",
    "arena", "in", "out", "window", "box",
  ]
}
