import CZlib

/// Inflation of zlib streams to a size known beforehand.
enum Deflate {
  /// The largest ratio that deflate can reach.
  static let maximumRatio: UInt64 = 1032

  /// Inflates a whole zlib stream, refusing more than `limit` bytes.
  static func inflate(_ input: [UInt8], atMost limit: Int) throws(HDF5Error.Reason) -> [UInt8] {
    guard input.count <= Int(UInt32.max), limit <= Int(UInt32.max) else {
      throw .decoding(filter: "deflate", detail: "a chunk of \(input.count) bytes")
    }
    var stream = unsafe z_stream()
    var status: Int32 = Z_OK
    // zlib reads `avail_in` bytes of `input` and writes at most `avail_out` bytes of the new array;
    // both pointers live for the call.
    let output = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
      unsafe input.withUnsafeBufferPointer { source in
        unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        unsafe stream.avail_in = UInt32(source.count)
        unsafe stream.next_out = buffer.baseAddress
        unsafe stream.avail_out = UInt32(limit)
        status = unsafe modelc_inflate_init(&stream, 15)
        guard status == Z_OK else { return }
        status = unsafe CZlib.inflate(&stream, Z_FINISH)
        initialized = unsafe Int(stream.total_out)
        unsafe inflateEnd(&stream)
      }
    }
    guard status == Z_STREAM_END else {
      let detail = status == Z_BUF_ERROR ? "ends early or holds too much" : "zlib status \(status)"
      throw .decoding(filter: "deflate", detail: detail)
    }
    return output
  }
}
