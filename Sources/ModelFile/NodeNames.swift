/// Gives every group a readable name that HDF5 and a shell can hold, unique in its place.
struct NodeNames {
  private var taken: Set<String> = []

  /// A name for `text` that was not given before.
  ///
  /// Letters, digits, `_`, `-` and inner `.` stay, `/` becomes `.`, all else `_`; at most 100
  /// characters; a name that is taken gets `_2`, `_3`, ….
  mutating func name(for text: String) -> String {
    let plain = NodeNames.sanitised(text)
    var name = plain
    var number = 2
    while !taken.insert(name).inserted {
      name = "\(plain)_\(number)"
      number += 1
    }
    return name
  }

  private static func sanitised(_ text: String) -> String {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars.prefix(100) {
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_", "-": bytes.append(UInt8(ascii: scalar))
      case ".", "/": bytes.append(UInt8(ascii: bytes.isEmpty ? "_" : "."))
      default: bytes.append(UInt8(ascii: "_"))
      }
    }
    return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
  }
}
