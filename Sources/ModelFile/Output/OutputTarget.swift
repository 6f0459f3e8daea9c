import Glibc

/// Where an output really goes, after symbolic links, and what stands there now.
struct OutputTarget: Sendable, Hashable {
  /// The path as the caller gave it.
  let path: String
  /// The path of the file itself, behind symbolic links.
  let file: String
  /// The permissions and owner of the file that stands there; nil if there is none.
  let existing: Attributes?
  /// Whether bytes go straight into a device or pipe, such as `/dev/stdout`.
  let isStream: Bool

  /// What a replaced file hands on to the one that replaces it.
  struct Attributes: Sendable, Hashable {
    let mode: mode_t
    let owner: uid_t
    let group: gid_t
  }

  /// Follows `path` as cp(1) does: through symbolic links, but not through a dangling one.
  /// - Throws: `.exists` where a file stands and `force` is false, and what makes the path
  ///   impossible.
  init(_ path: String, force: Bool) throws(OutputError) {
    self.path = path
    var status = stat()
    // `status` outlives the call, which fills it.
    guard unsafe stat(path, &status) == 0 else {
      let number = errno
      existing = nil
      isStream = false
      guard number == ENOENT else { throw OutputError.system("open", path, number: number) }
      if let target = OutputTarget.linkTarget(path) {
        throw OutputError(path: path, reason: .danglingLink(target: target))
      }
      file = path
      guard unsafe stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
        throw OutputError(path: path, reason: .noFolder(folder))
      }
      guard !path.hasSuffix("/") else {
        throw OutputError(path: path, reason: .noFolder(path))
      }
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: throw OutputError(path: path, reason: .isFolder)
    case S_IFREG: isStream = false
    default: isStream = true
    }
    if !isStream && !force { throw OutputError(path: path, reason: .exists) }
    existing = Attributes(
      mode: status.st_mode & 0o7777, owner: status.st_uid, group: status.st_gid)
    if isStream {
      file = path
      return
    }
    // realpath allocates the string that is freed here.
    guard let resolved = unsafe realpath(path, nil) else {
      throw OutputError.system("open", path)
    }
    file = unsafe String(cString: resolved)
    unsafe free(resolved)
  }

  /// The folder of the file itself.
  var folder: String {
    guard let slash = file.lastIndex(of: "/") else { return "." }
    return slash == file.startIndex ? "/" : String(file[..<slash])
  }

  /// What a symbolic link says, or nil if `path` is none.
  private static func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink(path, &buffer, buffer.count)
    guard count >= 0 else { return nil }
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
