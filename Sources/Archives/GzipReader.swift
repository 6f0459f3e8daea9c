/// Reads a gzip file front to back without holding it in memory.
///
/// All members are read as one stream; each one's CRC and length are checked. Zero bytes after the
/// last member are padding, anything else there is an error.
public final class GzipReader {
  /// The decompressed bytes handed out so far.
  public private(set) var position = 0
  private let source: ByteSource
  private let limit: Int
  private var inflater = Inflater(.gzip)
  private var input: [UInt8] = []
  private var inputPosition = 0
  private var offset = 0
  private var hasEnded = false

  /// Opens a file.
  ///
  /// - Throws: ``ArchiveError``, also `.tooLarge` from a later read of more than `limit` bytes.
  public convenience init(path: String, limit: Int) throws(ArchiveError) {
    self.init(source: .file(try RandomAccessFile(path: path)), limit: limit)
  }

  package init(source: ByteSource, limit: Int) {
    self.source = source
    self.limit = limit
  }

  /// Reads up to `count` bytes; fewer only at the end, none after it.
  public func read(upTo count: Int) throws(ArchiveError) -> [UInt8] {
    var failure: ArchiveError?
    let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(ArchiveError) {
        initialized = try unsafe read(into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }

  /// Reads exactly `count` bytes.
  ///
  /// - Throws: `.truncated` if the data ends earlier.
  public func read(exactly count: Int) throws(ArchiveError) -> [UInt8] {
    let start = position
    let result = try read(upTo: count)
    guard result.count == count else {
      throw ArchiveError(
        .truncated(needed: start + count, available: position), at: source.name)
    }
    return result
  }

  /// Reads all that is left.
  public func readAll() throws(ArchiveError) -> [UInt8] {
    var result: [UInt8] = []
    while true {
      let chunk = try read(upTo: 1 << 20)
      if chunk.isEmpty { return result }
      result.append(contentsOf: chunk)
    }
  }

  private func read(into output: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
    var produced = 0
    while produced < output.count && !hasEnded {
      if inputPosition == input.count { try refill() }
      let step = unsafe input.withUnsafeBytes { input in
        // Both positions stay inside their buffers: zlib takes at most what it is offered.
        unsafe inflater.step(
          from: UnsafeRawBufferPointer(rebasing: input[inputPosition...]),
          into: UnsafeMutableRawBufferPointer(rebasing: output[produced...]))
      }
      inputPosition += step.consumed
      produced += step.produced
      position += step.produced
      guard position <= limit else {
        throw ArchiveError(.tooLarge(position, limit: limit), at: source.name)
      }
      switch step.outcome {
      case .finished: try nextMember()
      case .corrupt(let reason):
        throw ArchiveError(.corrupt("the gzip data is damaged: \(reason)"), at: source.name)
      case .ongoing: continue
      }
    }
    return produced
  }

  private func refill() throws(ArchiveError) {
    guard offset < source.count else {
      throw ArchiveError(
        .truncated(needed: source.count + 1, available: source.count), at: source.name)
    }
    let end = min(offset + (1 << 18), source.count)
    input = try source.bytes(offset..<end)
    inputPosition = 0
    offset = end
  }

  /// After a member: another one, padding, or the end.
  private func nextMember() throws(ArchiveError) {
    if inputPosition == input.count && offset < source.count { try refill() }
    guard inputPosition < input.count else {
      hasEnded = true
      return
    }
    if input[inputPosition] == 0x1F {
      inflater.reset()
      return
    }
    let start = offset - (input.count - inputPosition)
    while true {
      guard input[inputPosition...].allSatisfy({ $0 == 0 }) else {
        throw ArchiveError(
          .corrupt("\(source.count - start) bytes that are no gzip data follow at byte \(start)"),
          at: source.name)
      }
      inputPosition = input.count
      guard offset < source.count else { break }
      try refill()
    }
    hasEnded = true
  }
}
