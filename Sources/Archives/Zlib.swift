internal import CZlib

/// Deflate compression of whole buffers.
public enum Zlib {
  /// What surrounds the deflate data.
  public enum Format: Sendable, Hashable {
    /// Nothing: as zip entries have it.
    case raw
    /// zlib's header and Adler-32: as HDF5 chunks have it.
    case zlib
  }

  /// Compresses a buffer; the same bytes and level give the same result with one zlib version.
  public static func compress(
    _ bytes: [UInt8], format: Format = .zlib, level: Int = 6
  ) -> [UInt8] {
    deflated(bytes, windowBits: format == .raw ? -15 : 15, level: level)
  }

  /// Decompresses a buffer that must hold exactly one stream.
  ///
  /// - Throws: `.corrupt`, `.truncated`, or `.tooLarge` when more than `limit` bytes come out.
  public static func decompress(
    _ bytes: [UInt8], format: Format = .zlib, limit: Int, place: String = "deflate stream"
  ) throws(ArchiveError) -> [UInt8] {
    var inflater = Inflater(format == .raw ? .raw : .zlib)
    var result: [UInt8] = []
    var position = 0
    let chunkCount = min(max(bytes.count * 4, 1 << 12), 1 << 20)
    while true {
      var step = Inflater.Step(consumed: 0, produced: 0, outcome: .ongoing)
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: chunkCount) { buffer, initialized in
        step = unsafe bytes.withUnsafeBytes { input in
          // `position` never passes the end: zlib consumes at most what it is offered.
          unsafe inflater.step(
            from: UnsafeRawBufferPointer(rebasing: input[position...]),
            into: UnsafeMutableRawBufferPointer(buffer))
        }
        initialized = step.produced
      }
      position += step.consumed
      guard result.count + step.produced <= limit else {
        throw ArchiveError(.tooLarge(result.count + step.produced, limit: limit), at: place)
      }
      result.append(contentsOf: chunk)
      switch step.outcome {
      case .finished:
        guard position == bytes.count else {
          throw ArchiveError(
            .corrupt("\(bytes.count - position) bytes follow the compressed data"), at: place)
        }
        return result
      case .corrupt(let reason):
        throw ArchiveError(.corrupt("the compressed data is damaged: \(reason)"), at: place)
      case .ongoing:
        if step.consumed == 0 && step.produced == 0 {
          throw ArchiveError(
            .truncated(needed: bytes.count + 1, available: bytes.count), at: place)
        }
      }
    }
  }

  /// The CRC-32 of gzip and zip, of bytes that follow others whose CRC-32 is `start`.
  public static func crc32(_ bytes: [UInt8], after start: UInt32 = 0) -> UInt32 {
    // zlib reads exactly the count given.
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe UInt32(
        truncatingIfNeeded: crc32_z(
          uLong(start), buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count))
    }
  }

  /// Deflates a whole buffer with the given window bits, zlib's choice of wrapper.
  static func deflated(_ bytes: [UInt8], windowBits: Int32, level: Int) -> [UInt8] {
    precondition((0...9).contains(level), "deflate level \(level)")
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    defer { unsafe stream.deallocate() }
    unsafe stream.initialize(to: z_stream())
    let started = unsafe modelc_deflate_init(stream, Int32(level), windowBits)
    precondition(started == Z_OK, "zlib cannot start: out of memory or a version mismatch")
    defer { unsafe deflateEnd(stream) }
    var result: [UInt8] = []
    var status = Z_OK
    unsafe bytes.withUnsafeBytes { input in
      var offset = 0
      while status != Z_STREAM_END {
        let count = min(input.count - offset, 1 << 30)
        // zlib reads `count` bytes from `offset`, which lie inside the buffer.
        unsafe stream.pointee.next_in = unsafe input.baseAddress.map {
          unsafe UnsafeMutableRawPointer(mutating: $0 + offset)
            .assumingMemoryBound(to: UInt8.self)
        }
        unsafe stream.pointee.avail_in = UInt32(count)
        let isLast = offset + count == input.count
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, initialized in
          unsafe stream.pointee.next_out = buffer.baseAddress
          unsafe stream.pointee.avail_out = UInt32(buffer.count)
          status = unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          initialized = unsafe buffer.count - Int(stream.pointee.avail_out)
        }
        unsafe offset += count - Int(stream.pointee.avail_in)
        result.append(contentsOf: chunk)
        precondition(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR)
      }
    }
    return result
  }
}
