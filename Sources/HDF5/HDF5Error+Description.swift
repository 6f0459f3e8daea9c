import Messages

extension HDF5Error: CustomStringConvertible {
  /// One line: `file: place: what, both sides; what to do`.
  public var description: String {
    (path.isEmpty ? "\(file): \(reason)" : "\(file): \(path): \(reason)").oneLine()
  }
}

extension HDF5Error.Reason: CustomStringConvertible {
  /// The reason in words, lower case, without the place.
  public var description: String {
    switch self {
    case .system(let operation, let message): "cannot \(operation): \(message)"
    case .notARegularFile: "not a regular file; give the path of a file"
    case .notHDF5: "not an HDF5 file: the signature is missing"
    case .truncated(let expected, let found):
      "truncated: \(expected) bytes expected, \(found) found; copy or download it again"
    case .rows(let asked, let count):
      "rows \(asked.lowerBound)..<\(asked.upperBound) asked of \(count)"
    case .pathComponent(let name): "'\(name)' cannot be a part of a path"
    case .notFound(let name, let nearest):
      nearest.map { "no '\(name)' here; did you mean '\($0)'?" } ?? "no '\(name)' here"
    case .wrongKind(let expected, let found):
      "expected a \(expected.rawValue), found a \(found.rawValue)"
    case .unwritable(let what): what
    case .library(let operation, let stack):
      "libhdf5 cannot \(operation): \(stack.isEmpty ? "no reason given" : stack.joined(separator: ": "))"
    default: damageDescription ?? refusalDescription ?? "unreadable"
    }
  }

  /// Words for files that contradict themselves.
  private var damageDescription: String? {
    switch self {
    case .outOfBounds(let structure, let offset, let length, let fileSize):
      "damaged: \(structure) at \(offset) of \(length) bytes lies outside the file of \(fileSize)"
    case .tooShort(let structure, let needed, let left):
      "damaged: \(structure) needs \(needed) more bytes, has \(left)"
    case .damaged(let structure, let detail): "damaged: \(structure): \(detail)"
    case .checksum(let structure, let stored, let computed):
      "damaged: \(structure): checksum \(Self.hex(stored)) stored, \(Self.hex(computed)) computed"
    case .cycle(let structure): "damaged: \(structure) overlaps itself or refers back to itself"
    case .decoding(let filter, let detail): "damaged: \(filter) data: \(detail)"
    case .implausibleSize(let declared, let stored):
      "\(declared) bytes declared, but the \(stored) bytes stored cannot hold them"
    default: nil
    }
  }

  /// Words for valid files that hold what is not read here.
  private var refusalDescription: String? {
    switch self {
    case .version(let structure, let found):
      "\(structure) has version \(found), which is not known; the file is damaged or too new"
    case .unsupported(let what): "\(what) is not supported"
    case .softLink(let target):
      "soft link to '\(target)' is not followed; copy the object in its place"
    case .externalLink(let file, let target):
      "link to '\(target)' in the other file '\(file)' is not followed; copy the object in its place"
    case .externalStorage:
      "the data lie in another file, which is not opened; copy them into this one"
    case .virtualDataset: "virtual data set is not read; copy its data into a plain data set"
    case .filter(let identifier, let name):
      "filter \(identifier) (\(name)) is not known; save the file again with gzip or no compression"
    case .datatype(let found, let expected): "datatype is \(found), expected \(expected)"
    case .sharedMessage(let structure):
      "\(structure) is a named or shared one, which is not read; save the file without naming it"
    case .tooLarge(let declared, let limit):
      "\(declared) bytes declared, more than the limit of \(limit)"
    case .unallocated(let declared): "\(declared) bytes declared, but never written"
    default: nil
    }
  }

  private static func hex(_ value: UInt32) -> String {
    "0x" + String(value, radix: 16)
  }
}
