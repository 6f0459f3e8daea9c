/// What a name in a group leads to.
enum LinkTarget: Sendable, Hashable {
  /// An object of this file, by the address of its header.
  case hard(UInt64)
  case soft(String)
  case external(file: String, path: String)
  case userDefined(Int)

  /// The kind of a link that is not hard.
  var kind: HDF5ObjectKind? {
    switch self {
    case .hard: nil
    case .soft: .softLink
    case .external: .externalLink
    case .userDefined: .otherLink
    }
  }

  /// The object's address; other links than hard ones are refused.
  func address() throws(HDF5Error.Reason) -> UInt64 {
    switch self {
    case .hard(let address): return address
    case .soft(let target): throw .softLink(target: target)
    case .external(let file, let path): throw .externalLink(file: file, target: path)
    case .userDefined(let type): throw .unsupported("a user-defined link of type \(type)")
    }
  }
}

/// One name in a group.
struct Link: Sendable {
  let name: String
  let target: LinkTarget

  /// Checks a name from the file: UTF-8, not empty, without a slash.
  static func name(_ bytes: [UInt8]) throws(HDF5Error.Reason) -> String {
    guard let name = String(validating: bytes, as: UTF8.self) else {
      throw .damaged(structure: "link name", detail: "is not UTF-8")
    }
    guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")) else {
      throw .damaged(structure: "link name", detail: "'\(name)' is empty or has a slash")
    }
    return name
  }

  init(name: String, target: LinkTarget) {
    self.name = name
    self.target = target
  }

  /// Decodes a link message (IV.A.2.g).
  init(message cursor: inout ByteCursor) throws(HDF5Error.Reason) {
    try cursor.version(1...1)
    let flags = try cursor.byte()
    let type = flags & 0x08 != 0 ? try cursor.byte() : 0
    if flags & 0x04 != 0 { try cursor.skip(8) }
    if flags & 0x10 != 0 { try cursor.skip(1) }
    name = try Self.name(try cursor.take(try cursor.count(1 << (flags & 3))))
    switch type {
    case 0: target = .hard(try cursor.definedAddress())
    case 1:
      target = .soft(String(decoding: try cursor.take(try cursor.short()), as: UTF8.self))
    case 64:
      let size = try cursor.short()
      var value = ByteCursor(try cursor.take(size), of: "external link")
      try value.skip(1)
      let file = String(decoding: try value.terminatedString(), as: UTF8.self)
      target = .external(
        file: file, path: String(decoding: try value.terminatedString(), as: UTF8.self))
    default: target = .userDefined(type)
    }
  }
}
