/// Every name that the container uses, in one place; `spec/format.md` says what they mean.
enum Schema {
  /// The value of the root attribute `format`.
  static let format = "modelc"
  /// The newest version that this code writes and knows.
  static let version = FormatVersion(major: 1, minor: 0)
  /// The program that writes, with the version of its code.
  static let producer = "modelc 1.0.0"
  /// Features of a file that a reader must understand to read it at all.
  static let knownFeatures: Set<String> = [Feature.packed, Feature.sparse]

  /// Names of must-understand features.
  enum Feature {
    /// All tensors and the graph lie in one byte data set.
    static let packed = "packed"
    /// Some tensors are stored without their zeros.
    static let sparse = "sparse"
  }

  /// Attributes of the root group.
  enum Attribute {
    static let format = "format"
    static let formatVersion = "format_version"
    static let producer = "producer"
    static let features = "features"
    static let digest = "digest"
    static let form = "form"
    static let denseShape = "dense_shape"
  }

  /// Data sets and groups.
  enum Path {
    static let graph = "/graph"
    static let nodes = "/nodes"
    static let seal = "/seal"
    static let packed = "/packed"
  }

  /// Limits that a reader enforces.
  enum Limit {
    /// The bytes of the graph's JSON.
    static let graphByteCount = 64 << 20
    /// The axes of a tensor.
    static let order = 8
  }
}

/// The version of a container: minor versions add what may be ignored, major versions do not.
public struct FormatVersion: Sendable, Hashable, CustomStringConvertible {
  /// Changes that a reader must know.
  public let major: Int
  /// Additions that a reader may ignore.
  public let minor: Int

  /// `1.0`.
  public var description: String { "\(major).\(minor)" }
}
