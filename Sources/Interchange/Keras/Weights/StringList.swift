import HDF5

extension HDF5Group {
  /// A list of names kept in one attribute, or cut into `name0`, `name1`, … above 64 KB.
  ///
  /// nil where neither is there. An array without elements is an empty list, whatever its type.
  func names(under name: String) throws -> [String]? {
    if let whole = try attribute(name) { return try whole.strings() }
    guard try attribute("\(name)0") != nil else { return nil }
    var names: [String] = []
    var part = 0
    while let attribute = try attribute("\(name)\(part)") {
      names += try attribute.strings()
      part += 1
    }
    return names
  }
}
