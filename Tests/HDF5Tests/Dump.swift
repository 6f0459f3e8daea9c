import HDF5

/// The text form of a file's content that `Fixtures/hdf5/make.py` writes with h5py.
enum Dump {
  static func lines(of file: HDF5File) throws -> [String] {
    var lines: [String] = []
    try visit(try file.root, &lines)
    return lines
  }

  private static func visit(_ group: HDF5Group, _ lines: inout [String]) throws {
    lines.append("group \(group.path)")
    for name in try group.attributeNames {
      lines.append(try line(try group.attribute(name), on: group.path))
    }
    for name in group.names {
      let path = group.path == "/" ? "/" + name : group.path + "/" + name
      switch try group.kind(name) {
      case .group: try visit(try group.group(name), &lines)
      case .dataset:
        let dataset = try group.dataset(name)
        lines.append(try line(dataset))
        for name in try dataset.attributeNames {
          lines.append(try line(try dataset.attribute(name), on: path))
        }
      case let kind: lines.append("\(kind?.rawValue ?? "nothing") \(path)")
      }
    }
  }

  static func line(_ dataset: HDF5Dataset) throws -> String {
    let value =
      switch dataset.datatype {
      case _ where dataset.extents.isEmpty && dataset.count == 0: "-"
      case .fixedString, .variableString: text(try dataset.strings())
      default: text(try dataset.readBytes())
      }
    return
      "data \(dataset.path) \(dataset.datatype) \(dataset.extents) \(dataset.layoutName) \(value)"
  }

  private static func line(_ attribute: HDF5Attribute?, on path: String) throws -> String {
    guard let attribute else { return "missing" }
    let value =
      switch attribute.datatype {
      case _ where attribute.extents.isEmpty && attribute.count == 0: "-"
      case .fixedString, .variableString: text(try attribute.strings())
      default: text(attribute.bytes)
      }
    return "@ \(path) \(attribute.name): \(attribute.datatype) \(attribute.extents) \(value)"
  }

  private static func text(_ bytes: [UInt8]) -> String {
    guard bytes.count > 64 else {
      return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    return hash(bytes)
  }

  private static func hash(_ bytes: some Sequence<UInt8>) -> String {
    let value = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3
    }
    let digits = String(value, radix: 16)
    return "fnv:" + String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func text(_ strings: [String]) -> String {
    let line = strings.map { "\"" + escaped($0) + "\"" }.joined(separator: ",")
    return line.utf8.count < 2000 ? line : hash(line.utf8)
  }

  /// Percent-encodes all but the characters that Python's `urllib.parse.quote` leaves.
  private static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "-"), UInt8(ascii: "~"), UInt8(ascii: "/"):
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }
}
