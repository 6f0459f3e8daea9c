/// A tensor as it is stored: shape, scalar type and bytes, row-major and little endian.
///
/// This is the stored truth; ``Tensor`` is the view to compute with. Two raw tensors are equal
/// when their bytes are, so that NaN and −0 survive a comparison.
public struct RawTensor: Sendable, Hashable {
  /// The extents.
  public let shape: Shape
  /// The type of one scalar.
  public let scalarType: ScalarType
  /// `shape.count × scalarType.byteCount` bytes.
  public let bytes: [UInt8]

  /// Makes a raw tensor; `bytes` must have exactly the size that shape and type ask for.
  public init(shape: Shape, scalarType: ScalarType, bytes: [UInt8]) {
    precondition(
      bytes.count == shape.count * scalarType.byteCount,
      "\(bytes.count) bytes for \(shape) of \(scalarType.rawValue)")
    self.shape = shape
    self.scalarType = scalarType
    self.bytes = bytes
  }

  /// Encodes a computing tensor; values are rounded to nearest even, integers are clamped.
  public init(_ tensor: Tensor, as scalarType: ScalarType = .float32) {
    self.init(
      shape: tensor.shape, scalarType: scalarType,
      bytes: ScalarCoding.encode(tensor.elements, as: scalarType))
  }

  /// The values as Float; float64 and large integers are rounded to nearest.
  public func tensor() -> Tensor {
    Tensor(
      shape: shape, elements: ScalarCoding.decode(bytes, of: scalarType, count: shape.count))
  }
}
