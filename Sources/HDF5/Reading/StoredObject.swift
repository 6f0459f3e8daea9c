/// One object of a file and the path by which it was reached.
struct StoredObject: Sendable {
  let file: HDF5File
  let path: String
  let state: ObjectState

  var header: ObjectHeader { state.header }

  /// Runs `body` with its failures placed at this object.
  func located<Result>(
    _ body: () throws(HDF5Error.Reason) -> Result
  ) throws(HDF5Error) -> Result {
    try file.located(path, body)
  }

  /// The attribute names in the order of their bytes.
  func attributeNames() throws(HDF5Error) -> [String] {
    try located { () throws(HDF5Error.Reason) in
      try state.attributes(in: file.space).keys.sorted {
        $0.utf8.lexicographicallyPrecedes($1.utf8)
      }
    }
  }

  /// The attribute of a name, or nil.
  func attribute(_ name: String) throws(HDF5Error) -> HDF5Attribute? {
    try located { () throws(HDF5Error.Reason) in
      try state.attributes(in: file.space)[name].map { HDF5Attribute(object: self, message: $0) }
    }
  }
}
