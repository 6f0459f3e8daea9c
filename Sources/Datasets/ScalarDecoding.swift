import CVector
import Tensors

/// Stored scalars to scaled Float, in one pass.
enum ScalarDecoding {
  /// Decodes as many scalars as `output` has room for; `bytes` must hold exactly those.
  static func decode(
    _ bytes: Span<UInt8>, of type: ScalarType, scaling: SampleScaling,
    into output: inout MutableSpan<Float>
  ) {
    precondition(bytes.count == output.count * type.byteCount, "byte count does not match")
    switch type {
    case .uint8: decodeBytes(bytes, scale: scaling.scale, offset: scaling.offset, into: &output)
    case .float32: decodeFloats(bytes, scaling: scaling, into: &output)
    default: decodeOthers(bytes, of: type, scaling: scaling, into: &output)
    }
  }

  /// Asks the processor for bytes that will be decoded soon.
  static func prefetch(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return }
      // A prefetch reads nothing; the range is the span's own.
      unsafe modelc_prefetch(bytes.count, start)
    }
  }

  private static func decodeBytes(
    _ bytes: Span<UInt8>, scale: Float, offset: Float, into output: inout MutableSpan<Float>
  ) {
    let count = output.count
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe output.withUnsafeMutableBufferPointer { values in
        guard let source = bytes.baseAddress, let target = values.baseAddress
        else { return }
        // Both hold `count` elements, by the precondition of `decode`.
        unsafe modelc_scale_bytes(count, source, scale, offset, target)
      }
    }
  }

  private static func decodeFloats(
    _ bytes: Span<UInt8>, scaling: SampleScaling, into output: inout MutableSpan<Float>
  ) {
    let raw = unsafe bytes.bytes
    for index in output.indices {
      // In bounds by the precondition above; Float has no forbidden bit patterns.
      output[index] = unsafe raw.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: Float.self)
    }
    guard scaling != .identity else { return }
    for index in output.indices { output[index] = output[index] * scaling.scale + scaling.offset }
  }

  private static func decodeOthers(
    _ bytes: Span<UInt8>, of type: ScalarType, scaling: SampleScaling,
    into output: inout MutableSpan<Float>
  ) {
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in bytes.indices { copy.append(bytes[index]) }
    let values = ScalarCoding.decode(copy, of: type, count: output.count)
    let isIdentity = scaling == .identity
    for index in output.indices {
      output[index] = isIdentity ? values[index] : values[index] * scaling.scale + scaling.offset
    }
  }
}
