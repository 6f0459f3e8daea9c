/// What the writing of a container has just done; an observer may show it, or throw to stop it.
public enum WriteStage: Sendable, Hashable {
  /// The temporary file is there, still empty.
  case started
  /// A stored tensor, `conv2/kernel/core`, is written; it is number `index` of `count`.
  case tensor(String, index: Int, count: Int)
  /// The graph and the attributes of the root are written.
  case graph
  /// The views are written.
  case views
  /// The file is closed and sealed.
  case sealed
  /// The file is on the disk and reads back as it should.
  case verified
}

/// What a container came to on disk.
public struct WrittenFile: Sendable, Hashable {
  /// The size of the file.
  public let byteCount: Int
  /// The digest over all that the container holds, in hexadecimal.
  public let digest: String
  /// The bytes that each stored tensor takes, by its path `<layer>/<weight>/<component>`.
  public let storedByteCounts: [String: Int]
}
