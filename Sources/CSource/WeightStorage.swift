import Models
import Tensors

/// How the weights of products lie in the C file; biases and scales are always float32.
public enum WeightStorage: String, Sendable, Hashable, CaseIterable {
  /// Four bytes.
  case float32
  /// Two bytes, widened when they are used.
  case float16
  /// Two bytes, the upper half of a float.
  case bfloat16
  /// One byte, and a float32 scale per output channel.
  case int8

  /// The bytes of one weight.
  public var byteCount: Int {
    switch self {
    case .float32: 4
    case .float16, .bfloat16: 2
    case .int8: 1
    }
  }

  /// The suffix of C functions that read such weights.
  var suffix: String {
    switch self {
    case .float32: "f32"
    case .float16: "f16"
    case .bfloat16: "bf16"
    case .int8: "i8"
    }
  }

  /// The C type of one weight.
  var cType: String {
    switch self {
    case .float32: "float"
    case .float16, .bfloat16: "uint16_t"
    case .int8: "int8_t"
    }
  }

  /// The storage in which a stored tensor keeps its own values.
  init(_ parameter: Parameter) {
    switch parameter.scalarType {
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case .int8: self = .int8
    default: self = .float32
    }
  }
}
