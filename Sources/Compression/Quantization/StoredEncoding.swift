import Models
public import Tensors

/// How the scalars of kernels and factors are stored.
public enum StoredEncoding: String, Sendable, Hashable, CaseIterable {
  /// Four bytes.
  case float32
  /// Two bytes, 11 bits of precision, up to 65,504.
  case float16
  /// Two bytes, 8 bits of precision, Float's range.
  case bfloat16
  /// One byte and a float32 scale per output channel.
  case int8

  /// The stored scalar's type.
  public var scalarType: ScalarType {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .int8: .int8
    }
  }

  /// The bytes that a tensor takes, scales included.
  func byteCount(of shape: Shape) -> Int {
    shape.count * scalarType.byteCount + (self == .int8 ? 4 * shape.last : 0)
  }

  /// The encoding in which factors of a kernel of this type are stored unless another is asked
  /// for: the kernel's own 16-bit type, else float32.
  static func factors(of scalarType: ScalarType) -> StoredEncoding {
    switch scalarType {
    case .float16: .float16
    case .bfloat16: .bfloat16
    default: .float32
    }
  }

  /// Reads an encoding's name.
  /// - Throws: `SpecificationError` with the nearest name.
  public init(parsing text: String) throws(SpecificationError) {
    guard let encoding = StoredEncoding(rawValue: text.lowercased()) else {
      let names = StoredEncoding.allCases.map(\.rawValue)
      throw SpecificationError(
        "--dtype",
        "'\(text)' is not one of \(names.joined(separator: ", "))"
          + NearestName.hint(text, among: names))
    }
    self = encoding
  }
}
