#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Writes a zip archive front to back; the same entries give the same bytes.
///
/// Every entry carries the time 1980-01-01 00:00 and the permissions 0644. Sizes above 4 GiB are
/// written as zip64. Whoever needs an atomic result writes to a temporary file and renames it.
public struct ZipWriter: ~Copyable {
  private var descriptor: Int32?
  private let path: String
  private var memory: [UInt8] = []
  private var offset = 0
  private var directory: [UInt8] = []
  private var names: Set<String> = []

  /// Writes into memory; see ``finish()``.
  public init() { path = "archive" }

  /// Creates or empties a file and writes into it.
  ///
  /// - Throws: `.system` if the file cannot be opened.
  public init(path: String) throws(ArchiveError) {
    self.path = path
    let opened = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard opened >= 0 else { throw systemError("create", at: path) }
    descriptor = opened
  }

  deinit {
    if let descriptor { close(descriptor) }
  }

  /// Appends an entry; its name must be relative, plain and new.
  ///
  /// - Throws: `.refused` for such a name, `.system` if the file cannot be written.
  public mutating func add(
    _ name: String, _ content: [UInt8], method: ZipEntry.Method = .stored, level: Int = 6
  ) throws(ArchiveError) {
    let nameBytes = Array(name.utf8)
    _ = try ZipName.checked(nameBytes, isUTF8: true, place: path)
    guard names.insert(name).inserted, nameBytes.count <= 0xFFFF else {
      throw ArchiveError(.refused("the name occurs twice"), at: "\(path): \(name)")
    }
    let stored =
      method == .stored ? content : Zlib.compress(content, format: .raw, level: level)
    let record = Record(
      name: nameBytes, method: method, checksum: Zlib.crc32(content),
      count: content.count, compressedCount: stored.count, offset: offset)
    try write(record.localHeader)
    try write(stored)
    directory.append(contentsOf: record.centralRecord)
  }

  /// Writes the central directory and closes the file.
  ///
  /// - Returns: the archive, if it was written into memory; else nothing.
  /// - Throws: `.system` if the file cannot be written.
  public consuming func finish() throws(ArchiveError) -> [UInt8] {
    let start = offset
    let byteCount = directory.count
    let count = names.count
    try write(directory)
    var end: [UInt8] = []
    if start >= 0xFFFF_FFFF || byteCount >= 0xFFFF_FFFF || count >= 0xFFFF {
      let zip64Start = offset
      end.appendLittle(0x0606_4B50, 4)
      end.appendLittle(44, 8)
      end.appendLittle(0x032D, 2)
      end.appendLittle(45, 2)
      end.appendLittle(0, 8)
      end.appendLittle(count, 8)
      end.appendLittle(count, 8)
      end.appendLittle(byteCount, 8)
      end.appendLittle(start, 8)
      end.appendLittle(0x0706_4B50, 4)
      end.appendLittle(0, 4)
      end.appendLittle(zip64Start, 8)
      end.appendLittle(1, 4)
    }
    end.appendLittle(0x0605_4B50, 4)
    end.appendLittle(0, 4)
    end.appendLittle(min(count, 0xFFFF), 2)
    end.appendLittle(min(count, 0xFFFF), 2)
    end.appendLittle(min(byteCount, 0xFFFF_FFFF), 4)
    end.appendLittle(min(start, 0xFFFF_FFFF), 4)
    end.appendLittle(0, 2)
    try write(end)
    if let descriptor {
      self.descriptor = nil
      guard close(descriptor) == 0 else { throw systemError("close", at: path) }
    }
    return memory
  }

  private mutating func write(_ bytes: [UInt8]) throws(ArchiveError) {
    offset += bytes.count
    guard let descriptor else {
      memory.append(contentsOf: bytes)
      return
    }
    let path = path
    let failure: ArchiveError? = unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        // In bounds: `done` is below the buffer's count.
        let written = unsafe Glibc.write(
          descriptor, buffer.baseAddress! + done, buffer.count - done)
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return systemError("write", at: path) }
        done += written
      }
      return nil
    }
    if let failure { throw failure }
  }

  /// What both headers of one entry say.
  private struct Record {
    var name: [UInt8]
    var method: ZipEntry.Method
    var checksum: UInt32
    var count: Int
    var compressedCount: Int
    var offset: Int

    private var hasLargeSizes: Bool { max(count, compressedCount) >= 0xFFFF_FFFF }
    private var hasLargeOffset: Bool { offset >= 0xFFFF_FFFF }

    var localHeader: [UInt8] {
      var bytes: [UInt8] = []
      bytes.appendLittle(0x0403_4B50, 4)
      let extra = hasLargeSizes ? zip64([count, compressedCount]) : []
      appendCommon(to: &bytes, extra: extra, isLarge: hasLargeSizes)
      return bytes + name + extra
    }

    var centralRecord: [UInt8] {
      var bytes: [UInt8] = []
      let extra = zip64(
        (hasLargeSizes ? [count, compressedCount] : []) + (hasLargeOffset ? [offset] : []))
      bytes.appendLittle(0x0201_4B50, 4)
      bytes.append(contentsOf: [20, 3])
      appendCommon(to: &bytes, extra: extra, isLarge: hasLargeSizes || hasLargeOffset)
      bytes.appendLittle(0, 6)  // comment, disk, internal attributes
      bytes.appendLittle(UInt32(0o100644) << 16, 4)
      bytes.appendLittle(hasLargeOffset ? 0xFFFF_FFFF : offset, 4)
      return bytes + name + extra
    }

    private func appendCommon(to bytes: inout [UInt8], extra: [UInt8], isLarge: Bool) {
      bytes.appendLittle(isLarge ? 45 : 20, 2)
      bytes.appendLittle(name.allSatisfy { $0 < 0x80 } ? 0 : 0x800, 2)
      bytes.appendLittle(method.rawValue, 2)
      bytes.appendLittle(0, 2)
      bytes.appendLittle(0x0021, 2)
      bytes.appendLittle(checksum, 4)
      bytes.appendLittle(hasLargeSizes ? 0xFFFF_FFFF : compressedCount, 4)
      bytes.appendLittle(hasLargeSizes ? 0xFFFF_FFFF : count, 4)
      bytes.appendLittle(name.count, 2)
      bytes.appendLittle(extra.count, 2)
    }

    private func zip64(_ values: [Int]) -> [UInt8] {
      guard !values.isEmpty else { return [] }
      var bytes: [UInt8] = []
      bytes.appendLittle(1, 2)
      bytes.appendLittle(8 * values.count, 2)
      for value in values { bytes.appendLittle(value, 8) }
      return bytes
    }
  }
}
