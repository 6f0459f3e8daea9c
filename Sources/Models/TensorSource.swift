public import Tensors

/// A file that deferred parameters read their values from.
///
/// The conforming class owns one open descriptor; dropping the last parameter closes it.
public protocol TensorSource: Sendable {
  /// Reads the stored scalars under `key`; fails if the file no longer holds that shape and type.
  func readRaw(_ key: String, shape: Shape, scalarType: ScalarType) throws -> RawTensor
  /// Reads the values as Float, without a second copy where the file's type allows it.
  func readTensor(_ key: String, shape: Shape, scalarType: ScalarType) throws -> Tensor
}

extension TensorSource {
  /// Reads and converts; a source with a shorter way overrides it.
  public func readTensor(_ key: String, shape: Shape, scalarType: ScalarType) throws -> Tensor {
    try readRaw(key, shape: shape, scalarType: scalarType).tensor()
  }
}
