internal import CZlib

/// One running decompression; closes its zlib state exactly once.
@safe struct Inflater: ~Copyable {
  /// What surrounds the deflate data, as zlib's window bits.
  enum Wrapper: Int32 {
    case raw = -15
    case zlib = 15
    case gzip = 31
  }

  /// How far one step came.
  struct Step {
    var consumed: Int
    var produced: Int
    var outcome: Outcome
  }

  /// How one step ended.
  enum Outcome: Equatable {
    case ongoing, finished
    case corrupt(String)
  }

  // zlib keeps the address of its stream, so the stream lives on the heap.
  private let stream: UnsafeMutablePointer<z_stream>

  init(_ wrapper: Wrapper) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe modelc_inflate_init(stream, wrapper.rawValue)
    precondition(status == Z_OK, "zlib cannot start: out of memory or a version mismatch")
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Starts over on the next member.
  mutating func reset() { unsafe inflateReset(stream) }

  /// Inflates as much as input and output allow.
  mutating func step(
    from input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Step {
    let inputCount = min(input.count, 1 << 30)
    let outputCount = min(output.count, 1 << 30)
    // zlib reads the input only; its pointer type merely lacks the const.
    unsafe stream.pointee.next_in = unsafe UnsafeMutableRawPointer(mutating: input.baseAddress)?
      .assumingMemoryBound(to: UInt8.self)
    unsafe stream.pointee.avail_in = UInt32(inputCount)
    unsafe stream.pointee.next_out = unsafe output.baseAddress?
      .assumingMemoryBound(to: UInt8.self)
    unsafe stream.pointee.avail_out = UInt32(outputCount)
    let status = unsafe inflate(stream, Z_NO_FLUSH)
    let consumed = unsafe inputCount - Int(stream.pointee.avail_in)
    let produced = unsafe outputCount - Int(stream.pointee.avail_out)
    let outcome: Outcome =
      switch status {
      case Z_OK, Z_BUF_ERROR: .ongoing
      case Z_STREAM_END: .finished
      case Z_NEED_DICT: .corrupt("needs a preset dictionary")
      default:
        // zlib's messages are static strings, or null.
        unsafe .corrupt(
          stream.pointee.msg.map { unsafe String(cString: $0) } ?? "zlib status \(status)")
      }
    return Step(consumed: consumed, produced: produced, outcome: outcome)
  }
}
