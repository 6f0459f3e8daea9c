import Models
import Tensors

/// The values of one weight of a Keras file, checked each time that they are read.
///
/// NaN and ∞ are refused, and values below 0 among variances, before anything is computed.
struct KerasValues: TensorSource {
  let source: KerasSource
  /// The weight's path in the model, `conv2/kernel`.
  let place: String
  /// Whether the values are variances.
  let isVariance: Bool

  func readRaw(_ key: String, shape: Shape, scalarType: ScalarType) throws -> RawTensor {
    let raw = try source.readRaw(key, shape: shape, scalarType: scalarType)
    if let found = raw.firstNonFinite { throw nonFinite(found) }
    if isVariance, let found = raw.firstNegative { throw negative(found) }
    return raw
  }

  func readTensor(_ key: String, shape: Shape, scalarType: ScalarType) throws -> Tensor {
    guard scalarType == .float32, !isVariance else {
      return try readRaw(key, shape: shape, scalarType: scalarType).tensor()
    }
    let tensor = try source.readTensor(key, shape: shape, scalarType: scalarType)
    if let found = tensor.firstNonFinite { throw nonFinite(found) }
    return tensor
  }

  private func nonFinite(_ found: (index: Int, value: String)) -> KerasError {
    source.failure(
      place, "expected finite values, found \(found.value) at element \(found.index)",
      advice: "pass --allow-nonfinite to let it through")
  }

  private func negative(_ found: (index: Int, value: String)) -> KerasError {
    source.failure(
      place, "expected variances from 0, found \(found.value) at element \(found.index)",
      advice: "pass --allow-nonfinite to let it through")
  }
}
