/// Names for the layers of a view: unique, and of characters that Keras 2 and 3 accept.
struct ViewNames {
  private var taken: Set<String> = []

  /// A name that was not given before: `name`, or `name_1`, `name_2`, ….
  mutating func unique(_ name: String) -> String {
    let plain = ViewNames.plain(name)
    var candidate = plain
    var number = 1
    while !taken.insert(candidate).inserted {
      candidate = "\(plain)_\(number)"
      number += 1
    }
    return candidate
  }

  /// The name with `/` as `__` and what TensorFlow refuses in a scope as `_`.
  static func plain(_ name: String) -> String {
    var result = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9": result.unicodeScalars.append(scalar)
      case "_", "-", ".":
        // A scope begins with a letter, a digit or a dot.
        if result.isEmpty, scalar != "." { result = "layer" }
        result.unicodeScalars.append(scalar)
      case "/": result += "__"
      default: result += result.isEmpty ? "layer_" : "_"
      }
    }
    return result.isEmpty ? "layer" : result
  }
}
