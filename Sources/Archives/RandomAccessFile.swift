#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A regular file opened once for reading at any offset.
///
/// Nothing is mapped, so a file that shrinks under us is an error, not a signal. The descriptor
/// closes with the last reference.
package final class RandomAccessFile: Sendable {
  /// The path as given, for messages.
  package let path: String
  /// The size in bytes when the file was opened.
  package let count: Int
  private let descriptor: Int32

  /// Opens a regular file.
  package init(path: String) throws(ArchiveError) {
    // Non-blocking, so that a pipe in the file's place is refused and not waited for.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw systemError("open", at: path) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let error = systemError("inspect", at: path)
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ArchiveError(.refused("not a regular file"), at: path)
    }
    self.path = path
    self.count = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Reads bytes at an offset; they must lie inside the file.
  package func bytes(_ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw ArchiveError(
        .truncated(needed: range.upperBound, available: count), at: path)
    }
    var result: [UInt8] = []
    var failure: ArchiveError?
    result = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      failure = unsafe fill(UnsafeMutableRawBufferPointer(buffer), from: range.lowerBound)
      initialized = failure == nil ? range.count : 0
    }
    if let failure { throw failure }
    return result
  }

  /// Reads into `destination` until it is full; the reason where that fails.
  package func fill(
    _ destination: UnsafeMutableRawBufferPointer, from offset: Int
  ) -> ArchiveError? {
    var done = 0
    while done < destination.count {
      // In bounds: `done` is below the buffer's count, which also bounds the length asked for.
      let got = unsafe pread(
        descriptor, destination.baseAddress! + done, destination.count - done,
        off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { return systemError("read", at: path) }
      guard got > 0 else {
        return unsafe ArchiveError(
          .truncated(needed: offset + destination.count, available: offset + done), at: path)
      }
      done += got
    }
    return nil
  }
}

/// The reason of the last failed system call.
package func systemError(_ operation: String, at place: String) -> ArchiveError {
  let code = errno
  // strerror's text is a NUL-terminated string that stays until the thread's next call.
  let reason = unsafe String(cString: strerror(code))
  return ArchiveError(.system(operation: operation, reason: reason.lowercased()), at: place)
}
