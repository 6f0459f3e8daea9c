public import Tensors

/// One stored tensor of a model: its values are resident, or deferred to the file they lie in.
///
/// A deferred parameter is read at each call of ``raw()`` or ``tensor()`` and never cached, so a
/// pass over a model holds about one layer at a time.
public struct Parameter: Sendable {
  /// How the stored scalars stand for the weights.
  public enum Encoding: Sendable, Hashable {
    /// The scalars are the weights.
    case plain
    /// Symmetric int8 per output channel (the last axis): w = q · scale.
    case int8(scales: [Float])
  }

  private enum Storage: Sendable {
    case resident(RawTensor)
    case deferred(any TensorSource, key: String)
  }

  /// The extents.
  public let shape: Shape
  /// The type of the stored scalars.
  public let scalarType: ScalarType
  /// How the scalars stand for the weights.
  public let encoding: Encoding
  /// Whether zeros are pruned connections that training must leave at zero.
  public var isMasked = false
  private let storage: Storage

  /// A parameter that holds its values.
  public init(_ raw: RawTensor, encoding: Encoding = .plain, isMasked: Bool = false) {
    if case .int8(let scales) = encoding {
      precondition(raw.scalarType == .int8 && scales.count == raw.shape.last, "one scale a channel")
    }
    self.shape = raw.shape
    self.scalarType = raw.scalarType
    self.encoding = encoding
    self.isMasked = isMasked
    self.storage = .resident(raw)
  }

  /// A parameter that holds computed values, encoded as `scalarType`.
  public init(_ tensor: Tensor, as scalarType: ScalarType = .float32) {
    self.init(RawTensor(tensor, as: scalarType))
  }

  /// A parameter whose values stay in `source` until they are needed.
  public init(
    deferredTo source: any TensorSource, key: String, shape: Shape, scalarType: ScalarType,
    encoding: Encoding = .plain, isMasked: Bool = false
  ) {
    self.shape = shape
    self.scalarType = scalarType
    self.encoding = encoding
    self.isMasked = isMasked
    self.storage = .deferred(source, key: key)
  }

  /// The number of stored scalars; an encoding's scales are not parameters.
  public var count: Int { shape.count }

  /// The bytes of the stored scalars and, for int8, of the float32 scales.
  public var byteCount: Int {
    let scales = if case .int8(let scales) = encoding { 4 * scales.count } else { 0 }
    return count * scalarType.byteCount + scales
  }

  /// The name of the encoding in tables, such as `float32` or `int8`.
  public var encodingName: String { scalarType.rawValue }

  /// The stored scalars, read from the file if they are deferred.
  /// - Throws: what the source throws.
  public func raw() throws -> RawTensor {
    switch storage {
    case .resident(let raw): return raw
    case .deferred(let source, let key):
      return try source.readRaw(key, shape: shape, scalarType: scalarType)
    }
  }

  /// The weights as Float, decoded and, for int8, scaled.
  /// - Throws: what the source throws.
  public func tensor() throws -> Tensor {
    var tensor: Tensor
    switch storage {
    case .resident(let raw): tensor = raw.tensor()
    case .deferred(let source, let key):
      tensor = try source.readTensor(key, shape: shape, scalarType: scalarType)
    }
    guard case .int8(let scales) = encoding else { return tensor }
    let channels = scales.count
    tensor.withMutableElements { span in
      for index in span.indices { span[index] *= scales[index % channels] }
    }
    return tensor
  }

  /// The same parameter with its values in memory.
  public func resident() throws -> Parameter {
    if case .resident = storage { return self }
    return Parameter(try raw(), encoding: encoding, isMasked: isMasked)
  }

  /// New values for the same shape, stored in this parameter's type where that is a float type.
  ///
  /// An int8 parameter becomes float32: quantisation is decided anew, not repeated blindly.
  public func replacing(with tensor: Tensor) -> Parameter {
    precondition(tensor.count == shape.count, "\(tensor.shape) for \(shape)")
    let type = scalarType.isFloatingPoint ? scalarType : .float32
    var parameter = Parameter(tensor.reshaped(to: shape), as: type)
    parameter.isMasked = isMasked
    return parameter
  }
}
