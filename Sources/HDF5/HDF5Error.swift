/// A failure to read or write an HDF5 file: which file, where in it, and why.
public struct HDF5Error: Error, Sendable, Hashable {
  /// The file's name as the caller gave it.
  public let file: String
  /// The place inside the file, such as `/model_weights/dense` or `/@layer_names`; empty for the whole.
  public let path: String
  /// What went wrong.
  public let reason: Reason

  /// Makes an error from its facts.
  public init(file: String, path: String, reason: Reason) {
    self.file = file
    self.path = path
    self.reason = reason
  }

  /// Why an HDF5 file could not be read or written.
  public enum Reason: Error, Sendable, Hashable {
    /// The operating system refused; `message` is its own text.
    case system(operation: String, message: String)
    /// The path names a folder, pipe or device.
    case notARegularFile
    /// No HDF5 signature at offset 0, 512, 1024, …
    case notHDF5
    /// The superblock says that the file is longer than it is.
    case truncated(expected: UInt64, found: UInt64)
    /// A structure reaches outside the file.
    case outOfBounds(structure: String, offset: UInt64, length: UInt64, fileSize: UInt64)
    /// A structure ends before its fields do.
    case tooShort(structure: String, needed: Int, left: Int)
    /// A structure contradicts the format.
    case damaged(structure: String, detail: String)
    /// A stored checksum differs from the bytes'.
    case checksum(structure: String, stored: UInt32, computed: UInt32)
    /// A structure refers to itself, or its parts overlap.
    case cycle(structure: String)
    /// A version of a structure that this reader does not know.
    case version(structure: String, found: Int)
    /// A valid feature of HDF5 that is not read here.
    case unsupported(String)
    /// A path component that is empty, `.` or `..`.
    case pathComponent(String)
    /// A name that its group does not hold.
    case notFound(name: String, nearest: String?)
    /// A name that is there, but as another kind of object.
    case wrongKind(expected: HDF5ObjectKind, found: HDF5ObjectKind)
    /// A soft link, which is never followed.
    case softLink(target: String)
    /// A link into another file, which is never followed.
    case externalLink(file: String, target: String)
    /// Data kept in another file, which is never opened.
    case externalStorage
    /// Data gathered from other data sets, which is not done.
    case virtualDataset
    /// A filter other than deflate, shuffle and fletcher32.
    case filter(identifier: Int, name: String)
    /// A filter's output or input that does not fit.
    case decoding(filter: String, detail: String)
    /// A stored type that cannot be read as asked.
    case datatype(found: String, expected: String)
    /// An object of a type that is kept elsewhere in the file under a name or in a shared table.
    case sharedMessage(structure: String)
    /// More bytes declared than the limit allows.
    case tooLarge(declared: UInt64, limit: UInt64)
    /// More bytes declared than the stored ones can hold.
    case implausibleSize(declared: UInt64, stored: UInt64)
    /// Declared data that was never written.
    case unallocated(declared: UInt64)
    /// A range of rows outside the data set.
    case rows(asked: Range<Int>, count: Int)
    /// A value that the writer was given and HDF5 cannot hold.
    case unwritable(String)
    /// libhdf5 failed; `stack` is its own explanation, innermost first.
    case library(operation: String, stack: [String])
  }
}

/// What a name in a group stands for.
public enum HDF5ObjectKind: String, Sendable, Hashable {
  case group
  case dataset = "data set"
  case datatype = "named datatype"
  case softLink = "soft link"
  case externalLink = "external link"
  case otherLink = "user-defined link"
  case unknown = "unknown object"
}
