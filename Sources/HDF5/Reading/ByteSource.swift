import Glibc
import Synchronization

/// The bytes of one file: a descriptor read at offsets, or an array in memory.
///
/// The descriptor is closed with the source. The file is never mapped: a writer that truncates it
/// while we read causes an error here, not a signal. Small reads go through a cache of pages.
final class ByteSource: Sendable {
  private enum Store: Sendable {
    case descriptor(Int32)
    case memory([UInt8])
  }

  /// The file's size when it was opened, or the window's.
  let size: UInt64
  /// Where the window into the descriptor's file begins.
  private let origin: UInt64
  private let store: Store
  private let pages = Mutex<[UInt64: [UInt8]]>([:])

  private static let pageSize: UInt64 = 4096
  private static let pageLimit = 1024

  init(bytes: [UInt8]) {
    store = .memory(bytes)
    origin = 0
    size = UInt64(bytes.count)
  }

  /// Opens a regular file, or the part of it that holds an HDF5 file.
  init(path: String, window: Range<UInt64>? = nil) throws(HDF5Error.Reason) {
    // O_NONBLOCK: a pipe without a writer must be refused below, not waited for.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure("open") }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let reason = Self.failure("examine")
      close(descriptor)
      throw reason
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .notARegularFile
    }
    let whole = UInt64(max(0, status.st_size))
    guard let window else {
      store = .descriptor(descriptor)
      (origin, size) = (0, whole)
      return
    }
    guard window.upperBound <= whole else {
      close(descriptor)
      throw .truncated(expected: window.upperBound, found: whole)
    }
    store = .descriptor(descriptor)
    (origin, size) = (window.lowerBound, UInt64(window.count))
  }

  deinit {
    if case .descriptor(let descriptor) = store { close(descriptor) }
  }

  /// Checks that `count` bytes at `offset` lie inside the file.
  func check(_ offset: UInt64, _ count: UInt64, _ structure: String) throws(HDF5Error.Reason) {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= size else {
      throw .outOfBounds(structure: structure, offset: offset, length: count, fileSize: size)
    }
  }

  /// Returns `count` bytes at `offset`; meant for metadata.
  func read(
    at offset: UInt64, count: Int, of structure: String
  ) throws(HDF5Error.Reason) -> [UInt8] {
    try check(offset, UInt64(count), structure)
    if case .memory(let bytes) = store {
      return Array(bytes[Int(offset)..<Int(offset) + count])
    }
    if count > 16 * Int(Self.pageSize) { return try readDirectly(at: offset, count: count) }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    var position = offset
    let end = offset + UInt64(count)
    while position < end {
      let number = position / Self.pageSize
      let start = number * Self.pageSize
      let page = try page(number)
      let upper = min(end - start, UInt64(page.count))
      result += page[Int(position - start)..<Int(upper)]
      position = start + upper
    }
    return result
  }

  /// Returns `count` bytes at `offset` without the page cache; meant for values.
  func readDirectly(at offset: UInt64, count: Int) throws(HDF5Error.Reason) -> [UInt8] {
    try check(offset, UInt64(count), "data")
    if case .memory(let bytes) = store {
      return Array(bytes[Int(offset)..<Int(offset) + count])
    }
    var failure: HDF5Error.Reason?
    let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(HDF5Error.Reason) {
        // The buffer is `count` bytes of the array's own storage; all are written or none counted.
        let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
        unsafe try fill(bytes, at: offset)
        initialized = count
      } catch {
        failure = error
        initialized = 0
      }
    }
    if let failure { throw failure }
    return result
  }

  /// Fills the whole of `buffer` from `offset` on.
  func fill(
    _ buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(HDF5Error.Reason) {
    try check(offset, UInt64(buffer.count), "data")
    switch store {
    case .memory(let bytes):
      let start = Int(offset)
      // The range was checked against the array's size above.
      unsafe bytes.withUnsafeBytes {
        unsafe buffer.copyMemory(from: .init(rebasing: $0[start..<start + buffer.count]))
      }
    case .descriptor(let descriptor):
      var done = 0
      while done < buffer.count {
        // `done` stays below the buffer's size, and pread is given what is left of it.
        let got = unsafe pread(
          descriptor, buffer.baseAddress! + done, buffer.count - done, Int(origin + offset) + done)
        if got < 0 && errno == EINTR { continue }
        guard got >= 0 else { throw Self.failure("read") }
        guard got > 0 else {
          throw .truncated(expected: size, found: offset + UInt64(done))
        }
        done += got
      }
    }
  }

  private func page(_ number: UInt64) throws(HDF5Error.Reason) -> [UInt8] {
    if let page = pages.withLock({ $0[number] }) { return page }
    let start = number * Self.pageSize
    let page = try readDirectly(at: start, count: Int(min(Self.pageSize, size - start)))
    pages.withLock {
      if $0.count >= Self.pageLimit { $0.removeAll(keepingCapacity: true) }
      $0[number] = page
    }
    return page
  }

  private static func failure(_ operation: String) -> HDF5Error.Reason {
    // strerror returns a static or thread-local C string, copied at once.
    .system(operation: operation, message: unsafe String(cString: strerror(errno)))
  }
}
