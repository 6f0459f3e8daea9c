import Glibc

/// A sibling of an output file, written in full and then renamed onto it.
///
/// Until ``commit()`` returns, the old file is untouched. If the value goes away uncommitted, or
/// ``unlinkAll()`` runs in a signal handler, the temporary file is removed. A process that is
/// killed leaves one behind; the next output in the same folder removes it, for its lock is free.
public struct TemporaryOutput: ~Copyable {
  /// The path of the temporary file, to be written to.
  public let path: String
  private let target: OutputTarget
  private let force: Bool
  private let descriptor: Int32
  private let entry: UInt?
  private var isFinished = false

  /// The start of every temporary file's name.
  static let prefix = ".modelc-"
  /// The end of every temporary file's name.
  static let suffix = ".tmp"
  /// fcntl's F_OFD_SETLK: a lock of the open file, free as soon as no process has it open.
  private static let setLock: Int32 = 37

  /// Creates an empty temporary file beside `target`.
  /// - Throws: `.exists` where a file stands and `force` is false; what the system refuses.
  public init(for target: String, force: Bool) throws(OutputError) {
    try self.init(OutputTarget(target, force: force), force: force)
  }

  init(_ target: OutputTarget, force: Bool) throws(OutputError) {
    guard !target.isStream else { throw OutputError(path: target.path, reason: .isNoFile) }
    TemporaryOutput.clearStale(in: target.folder)
    TemporaryRegistry.prepare()
    let (path, descriptor) = try TemporaryOutput.create(for: target)
    self.target = target
    self.force = force
    self.path = path
    self.descriptor = descriptor
    entry = TemporaryRegistry.enter(path)
  }

  deinit {
    if !isFinished {
      _ = unsafe unlink(path)
      if let entry { TemporaryRegistry.leave(entry) }
    }
    close(descriptor)
  }

  /// Writes bytes at the end of what this object has written so far.
  func append(_ bytes: some Sequence<UInt8>) throws(OutputError) {
    try TemporaryOutput.write(Array(bytes), to: descriptor, path: target.path)
  }

  /// Writes bytes over those at `offset`.
  func overwrite(_ bytes: [UInt8], at offset: Int) throws(OutputError) {
    // The array's own count bounds the call.
    guard unsafe pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
      throw OutputError.system("write", target.path)
    }
  }

  /// Brings the file to the disk, gives it its place, and brings the folder's entry to the disk.
  ///
  /// The new file has the old one's permissions and, where that is allowed, its owner; a new one
  /// has what the umask leaves of rw-rw-rw-.
  /// - Throws: `.appeared` if a file now stands there and `force` is false; what the system refuses.
  public consuming func commit() throws(OutputError) {
    try sync()
    try place()
    isFinished = true
    if let entry { TemporaryRegistry.leave(entry) }
    try TemporaryOutput.syncFolder(target)
  }

  /// Brings the file's content to the disk.
  func sync() throws(OutputError) {
    if fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP {
      throw OutputError.system("write", target.path)
    }
  }

  /// Unlinks the temporary files of this process; safe to call in a signal handler.
  public static func unlinkAll() { TemporaryRegistry.unlinkAll() }

  /// Makes SIGINT, SIGTERM and SIGHUP remove the temporary files before they end the process.
  ///
  /// A signal that is ignored, as nohup(1) does, stays ignored. For programs, not for libraries.
  public static func removeOnSignals() {
    TemporaryRegistry.prepare()
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let old = signal(number) { number in
        TemporaryRegistry.unlinkAll()
        // The default action ends the process with the status that its parent expects.
        _ = signal(number, SIG_DFL)
        _ = raise(number)
      }
      // Comparing addresses is all that is done with the old handler.
      if unsafe unsafeBitCast(old, to: UInt.self) == unsafeBitCast(SIG_IGN, to: UInt.self) {
        _ = signal(number, SIG_IGN)
      }
    }
  }
}

extension TemporaryOutput {
  /// Makes a file under a new name and locks it.
  private static func create(for target: OutputTarget) throws(OutputError) -> (String, Int32) {
    var generator = SystemRandomNumberGenerator()
    // What replaces a private file is private from its first byte.
    let mode: mode_t = target.existing == nil ? 0o666 : 0o600
    for _ in 0..<100 {
      let digits = String(generator.next(), radix: 16)
      let name = prefix + String(repeating: "0", count: 16 - digits.count) + digits + suffix
      let path = target.folder == "/" ? "/\(name)" : "\(target.folder)/\(name)"
      let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
      guard descriptor >= 0 else {
        if errno == EEXIST { continue }
        throw OutputError.system("write", target.path)
      }
      let locked = lock(descriptor)
      var status = stat()
      // `status` outlives the call. A file without a name was cleared before it was locked.
      if unsafe locked == EAGAIN || (fstat(descriptor, &status) == 0 && status.st_nlink == 0) {
        _ = unsafe unlink(path)
        close(descriptor)
        continue
      }
      return (path, descriptor)
    }
    throw OutputError.system("write", target.path, number: EEXIST)
  }

  /// Asks for the whole file's write lock: 0 or an errno, EAGAIN where another holds it.
  private static func lock(_ descriptor: Int32) -> Int32 {
    var request = flock()
    request.l_type = Int16(F_WRLCK)
    request.l_whence = Int16(SEEK_SET)
    // `request` outlives the call, which reads it.
    let result = unsafe withUnsafeMutablePointer(to: &request) { pointer in
      unsafe fcntl(descriptor, setLock, UnsafeMutableRawPointer(pointer))
    }
    if result == 0 { return 0 }
    return errno == EACCES ? EAGAIN : errno
  }

  /// Removes the temporary files of processes that are gone, as far as that is allowed.
  static func clearStale(in folder: String) {
    guard let listing = unsafe opendir(folder) else { return }
    defer { unsafe closedir(listing) }
    while let entry = unsafe readdir(listing) {
      // d_name is a C string inside the entry, which lives until the next call.
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.utf8.count == 28 else { continue }
      let path = "\(folder)/\(name)"
      let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      var status = stat()
      // `status` outlives the call.
      let isFile = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      if isFile && lock(descriptor) == 0 { _ = unsafe unlink(path) }
      close(descriptor)
    }
  }

  /// Gives the temporary file the target's name.
  private func place() throws(OutputError) {
    if let old = target.existing {
      // The owner first: changing it may clear bits of the mode. Both as far as allowed.
      _ = fchown(descriptor, old.owner, old.group)
      _ = fchmod(descriptor, old.mode)
    }
    if !force {
      // A link, unlike a rename, never replaces what appeared meanwhile.
      if unsafe link(path, target.file) == 0 {
        _ = unsafe unlink(path)
        return
      }
      if errno == EEXIST { throw OutputError(path: target.path, reason: .appeared) }
      var status = stat()
      if unsafe lstat(target.file, &status) == 0 {
        throw OutputError(path: target.path, reason: .appeared)
      }
    }
    guard unsafe rename(path, target.file) == 0 else {
      throw OutputError.system("rename the finished file", target.path)
    }
  }

  /// Brings the folder's new entry to the disk, where the file system can.
  private static func syncFolder(_ target: OutputTarget) throws(OutputError) {
    let folder = unsafe open(target.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    defer { close(folder) }
    if fsync(folder) != 0 && (errno == EIO || errno == ENOSPC) {
      throw OutputError.system("write the folder of", target.path)
    }
  }

  /// Writes all bytes to a descriptor.
  static func write(
    _ bytes: [UInt8], to descriptor: Int32, path: String
  ) throws(OutputError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      // The slice's own count bounds the call.
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw OutputError.system("write", path)
      }
      rest = rest.dropFirst(count)
    }
  }
}
