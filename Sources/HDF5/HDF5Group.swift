/// A group of an open file: names that lead to groups and data sets.
public struct HDF5Group: Sendable {
  private let object: StoredObject
  private let listing: GroupListing

  init(object: StoredObject, listing: GroupListing) throws(HDF5Error.Reason) {
    self.object = object
    self.listing = listing
  }

  /// The path by which it was reached.
  public var path: String { object.path }

  /// The address of the group in the file: equal for two paths exactly when they are one object.
  public var objectAddress: UInt64 { object.header.address }

  /// The names in it, in the order of their bytes, whatever they lead to.
  public var names: [String] { listing.names }

  /// Whether the group has this name.
  public func has(_ name: String) -> Bool { listing.targets[name] != nil }

  /// What a path from here leads to; nil where nothing is.
  public func kind(_ path: String) throws(HDF5Error) -> HDF5ObjectKind? {
    try object.file.kind(path, from: self)
  }

  /// The group at a path from here.
  public func group(_ path: String) throws(HDF5Error) -> HDF5Group {
    try object.file.group(path, from: self)
  }

  /// The data set at a path from here.
  public func dataset(_ path: String) throws(HDF5Error) -> HDF5Dataset {
    try object.file.dataset(path, from: self)
  }

  /// The names of the group's attributes, in the order of their bytes.
  public var attributeNames: [String] {
    get throws(HDF5Error) { try object.attributeNames() }
  }

  /// The attribute of a name, or nil.
  public func attribute(_ name: String) throws(HDF5Error) -> HDF5Attribute? {
    try object.attribute(name)
  }
}
