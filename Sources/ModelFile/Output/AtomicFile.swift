import Glibc

/// Whole files that appear at once or not at all: plans, tables, pictures, sources.
public enum AtomicFile {
  /// Writes `bytes` to `path`, through symbolic links, by way of a sibling temporary file.
  ///
  /// A device or pipe, such as `/dev/stdout`, is written to directly.
  /// - Throws: `.exists` where a file stands and `force` is false; what the system refuses. The
  ///   old file is then untouched.
  public static func write(
    _ bytes: [UInt8], to path: String, force: Bool
  ) throws(OutputError) {
    let target = try OutputTarget(path, force: force)
    if target.isStream {
      let descriptor = unsafe open(target.file, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw OutputError.system("write", path) }
      defer { close(descriptor) }
      return try TemporaryOutput.write(bytes, to: descriptor, path: path)
    }
    let output = try TemporaryOutput(target, force: force)
    try output.append(bytes)
    try output.commit()
  }

  /// Writes text as UTF-8.
  /// - Throws: as the writing of bytes does.
  public static func write(_ text: String, to path: String, force: Bool) throws(OutputError) {
    try write([UInt8](text.utf8), to: path, force: force)
  }

  /// Checks early that `path` could be written: before a long computation.
  /// - Throws: `.exists` where a file stands and `force` is false; what makes the path impossible.
  public static func check(_ path: String, force: Bool) throws(OutputError) {
    let target = try OutputTarget(path, force: force)
    let place = target.isStream ? target.file : target.folder
    guard unsafe access(place, W_OK) == 0 else { throw OutputError.system("write", path) }
  }
}
