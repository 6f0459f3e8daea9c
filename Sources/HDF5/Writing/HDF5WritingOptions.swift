/// How the elements of a new data set are laid out.
public enum HDF5Layout: Sendable, Hashable {
  /// One run of bytes.
  case contiguous
  /// Inside the object header; at most 64 KB.
  case compact
  /// In chunks of these extents, each of which goes through the filters.
  case chunked([Int], HDF5Filters = .none)
}

/// The filters that each chunk goes through, in the order shuffle, deflate, fletcher32.
public struct HDF5Filters: Sendable, Hashable {
  /// Whether the bytes of equal weight are brought together.
  public var shuffles: Bool
  /// The level of zlib's compression, 0 to 9; nil for none.
  public var deflateLevel: Int?
  /// Whether a checksum is stored with each chunk.
  public var hasChecksum: Bool

  /// No filters.
  public static let none = HDF5Filters()

  /// Makes a set of filters.
  public init(shuffles: Bool = false, deflateLevel: Int? = nil, hasChecksum: Bool = false) {
    self.shuffles = shuffles
    self.deflateLevel = deflateLevel
    self.hasChecksum = hasChecksum
  }
}

/// The value of a new attribute.
public enum HDF5AttributeValue: Sendable, Hashable {
  /// One text of fixed size, UTF-8; at most 64 KB.
  case text(String)
  /// One text of any length, in the global heap, UTF-8.
  case variableText(String)
  /// Texts padded with zeros to the longest; none becomes an array of no float64, as Keras has it.
  case texts([String])
  /// Texts of any length.
  case variableTexts([String])
  case integer(Int)
  case integers([Int])
  case double(Double)
  case doubles([Double])
  case floats([Float])
  /// Elements of a type of fixed size, as their little-endian bytes.
  case values(HDF5Datatype, extents: [Int], bytes: [UInt8])
}

/// How a new file is written.
public struct HDF5WriterOptions: Sendable, Hashable {
  /// The versions of the format's structures.
  public enum Compatibility: Sendable, Hashable {
    /// What every HDF5 since 1.0 reads.
    case earliest
    /// What HDF5 1.10 reads: smaller groups, checksums over metadata.
    case v110
  }

  /// The versions of the format's structures; images in memory are always `.earliest`.
  public var compatibility: Compatibility
  /// Half of the entries that a node of a group has room for.
  ///
  /// Small numbers make small files; nil is libhdf5's 16 for inner nodes and 4 for symbols.
  public var groupNodeCapacity: Int?
  /// The bytes set aside at a time for the format's structures and for small data.
  ///
  /// nil is libhdf5's 2048. With 0 nothing is set aside, and small files have no holes.
  public var blockByteCount: Int?

  /// Makes options.
  public init(
    compatibility: Compatibility = .earliest, groupNodeCapacity: Int? = nil,
    blockByteCount: Int? = nil
  ) {
    self.compatibility = compatibility
    self.groupNodeCapacity = groupNodeCapacity
    self.blockByteCount = blockByteCount
  }
}
