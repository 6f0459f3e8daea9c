import HDF5
import Tensors

/// Where a container keeps its values: data sets of their own, or one packed data set.
protocol ValueStore: Sendable {
  /// Compares what the graph says with what is there, and reads nothing.
  ///
  /// Two values have the same number exactly when they lie in the same place.
  func identity(of values: StoredGraph.Values, place: String) throws -> UInt64
  /// The stored bytes, compared with their digest.
  func bytes(of values: StoredGraph.Values, place: String) throws -> [UInt8]
  /// Stored float32 values without a second copy, compared with their digest.
  func floats(of values: StoredGraph.Values, place: String) throws -> [Float]
  /// The bytes that the values take in the file.
  func storedByteCount(of values: StoredGraph.Values, place: String) throws -> Int
}

extension ValueStore {
  /// Decodes the bytes; a store with a shorter way has its own.
  func floats(of values: StoredGraph.Values, place: String) throws -> [Float] {
    let bytes = try bytes(of: values, place: place)
    return RawTensor(shape: values.shape, scalarType: values.type, bytes: bytes).tensor().elements
  }
}

/// Each tensor is a data set under the path that the graph gives.
struct OpenStore: ValueStore {
  let file: HDF5File

  func identity(of values: StoredGraph.Values, place: String) throws -> UInt64 {
    try dataset(values, place).objectAddress
  }

  func bytes(of values: StoredGraph.Values, place: String) throws -> [UInt8] {
    let bytes = try dataset(values, place).readBytes()
    try compare(Digest.hexadecimal(bytes), values, place)
    return bytes
  }

  func floats(of values: StoredGraph.Values, place: String) throws -> [Float] {
    let floats = try dataset(values, place).readFloats()
    try compare(Digest.hexadecimal(floats), values, place)
    return floats
  }

  private func compare(_ computed: String, _ values: StoredGraph.Values, _ place: String) throws {
    guard computed == values.digest else {
      throw refuse(values, place, .digest(stored: values.digest, computed: computed))
    }
  }

  func storedByteCount(of values: StoredGraph.Values, place: String) throws -> Int {
    try dataset(values, place).storedBytes
  }

  /// The data set, its type and shape compared before any value is read.
  private func dataset(_ values: StoredGraph.Values, _ place: String) throws -> HDF5Dataset {
    let dataset = try file.dataset(values.path)
    guard dataset.datatype == values.type.stored else {
      let expected =
        values.type == .bfloat16 ? "bfloat16 as uint16" : "\(values.type.stored)"
      throw refuse(values, place, .type(expected: expected, found: "\(dataset.datatype)"))
    }
    guard dataset.extents == values.shape.extents else {
      throw refuse(
        values, place, .shape(expected: values.shape.extents, found: dataset.extents))
    }
    return dataset
  }

  private func refuse(
    _ values: StoredGraph.Values, _ place: String, _ reason: ModelFileError.Reason
  ) -> ModelFileError {
    ModelFileError(file: file.name, place: "\(values.path) (\(place))", reason: reason)
  }
}

extension ScalarType {
  /// The HDF5 type in which the container stores scalars of this type, little endian.
  ///
  /// HDF5 has no bfloat16 and no bool of its own: their bits are stored as unsigned integers.
  var stored: HDF5Datatype {
    switch self {
    case .float16: .float(.float16)
    case .float32: .float(.float32)
    case .float64: .float(.float64)
    case .bfloat16: .integer(size: 2, isSigned: false)
    case .bool: .integer(size: 1, isSigned: false)
    case .int8, .int16, .int32, .int64: .integer(size: byteCount, isSigned: true)
    case .uint8, .uint16, .uint32, .uint64: .integer(size: byteCount, isSigned: false)
    }
  }
}
