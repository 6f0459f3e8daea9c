import Tensors

/// A tensor without its zeros: the other scalars in order, and how many zeros stand before each.
///
/// A gap is a byte: 0 … 254 zeros and then a scalar, or 255 zeros and no scalar. Zeros behind the
/// last scalar are not written. A zero is a scalar all of whose bits are zero, so −0 stays.
struct SparseValues: Sendable, Hashable {
  /// The gap that stands for zeros alone.
  static let filler: UInt8 = 255

  /// The bytes of the scalars that are not zero.
  let values: [UInt8]
  /// One byte a scalar, and the fillers between them.
  let gaps: [UInt8]

  /// The number of scalars that are not zero.
  let count: Int

  /// Takes the zeros out of `raw`.
  init(_ raw: RawTensor) {
    let size = raw.scalarType.byteCount
    let bytes = raw.bytes
    var values: [UInt8] = []
    var gaps: [UInt8] = []
    var gap = 0
    var count = 0
    for start in stride(from: 0, to: bytes.count, by: size) {
      let scalar = bytes[start..<start + size]
      if scalar.allSatisfy({ $0 == 0 }) {
        gap += 1
        continue
      }
      while gap >= Int(SparseValues.filler) {
        gaps.append(SparseValues.filler)
        gap -= Int(SparseValues.filler)
      }
      gaps.append(UInt8(gap))
      values += scalar
      gap = 0
      count += 1
    }
    self.values = values
    self.gaps = gaps
    self.count = count
  }

  /// Puts scalars back to their places.
  ///
  /// nil where the gaps ask for more or fewer scalars than there are, or lead outside of the shape.
  static func expanded(
    values: [UInt8], gaps: [UInt8], shape: Shape, scalarType: ScalarType
  ) -> [UInt8]? {
    let size = scalarType.byteCount
    var bytes = [UInt8](repeating: 0, count: shape.count * size)
    var position = 0
    var read = 0
    for gap in gaps {
      position += Int(gap)
      if gap == filler { continue }
      guard position < shape.count, read + size <= values.count else { return nil }
      for byte in 0..<size { bytes[position * size + byte] = values[read + byte] }
      read += size
      position += 1
    }
    return read == values.count && position <= shape.count ? bytes : nil
  }
}
