import HDF5
import Models
import Tensors

/// The open file from which a model's deferred tensors are read, each checked against its digest.
final class ContainerSource: TensorSource {
  /// What is asked of a tensor when it is read.
  struct Entry: Sendable {
    /// The tensor's place in messages, `conv2/kernel/core`.
    let place: String
    let values: StoredGraph.Values
    /// Whether negative values are refused, as for a variance.
    let isVariance: Bool
  }

  private let file: HDF5File
  private let allowsNonFinite: Bool
  private let entries: [String: Entry]

  init(_ file: HDF5File, entries: [String: Entry], allowsNonFinite: Bool) {
    self.file = file
    self.entries = entries
    self.allowsNonFinite = allowsNonFinite
  }

  /// Reads the stored bytes under a data set's path; digest and finiteness are checked each time.
  func readRaw(_ key: String, shape: Shape, scalarType: ScalarType) throws -> RawTensor {
    guard let entry = entries[key] else { preconditionFailure("no tensor '\(key)'") }
    let dataset = try StoredValues(entry.values, in: file, place: entry.place)
    let raw = RawTensor(shape: shape, scalarType: scalarType, bytes: try dataset.bytes())
    if !allowsNonFinite { try check(raw, entry) }
    return raw
  }

  private func check(_ raw: RawTensor, _ entry: Entry) throws {
    if let (index, value) = raw.firstNonFinite {
      throw ModelFileError(
        file: file.name, place: entry.place, reason: .nonFinite(index: index, value: value))
    }
    guard entry.isVariance else { return }
    let values = raw.tensor().elements
    if let index = values.firstIndex(where: { $0 < 0 }) {
      throw ModelFileError(
        file: file.name, place: entry.place,
        reason: .negative(index: index, value: "\(values[index])"))
    }
  }
}

/// A data set that the graph names, its type and shape compared before any value is read.
struct StoredValues {
  private let values: StoredGraph.Values
  private let dataset: HDF5Dataset
  private let place: String

  /// - Throws: `HDF5Error` if there is no such data set; `ModelFileError` if it is another than
  ///   the graph says.
  init(_ values: StoredGraph.Values, in file: HDF5File, place: String) throws {
    self.values = values
    self.place = "\(values.path) (\(place))"
    dataset = try file.dataset(values.path)
    guard dataset.datatype == values.type.stored else {
      throw ModelFileError(
        file: file.name, place: self.place,
        reason: .type(
          expected: values.type == .bfloat16 ? "bfloat16 as uint16" : "\(values.type.stored)",
          found: "\(dataset.datatype)"))
    }
    guard dataset.extents == values.shape.extents else {
      throw ModelFileError(
        file: file.name, place: self.place,
        reason: .shape(expected: values.shape.extents, found: dataset.extents))
    }
  }

  /// The address that tells whether two paths lead to one object.
  var objectAddress: UInt64 { dataset.objectAddress }

  /// The bytes that the values take in the file.
  var storedByteCount: Int { get throws { try dataset.storedBytes } }

  /// The stored bytes.
  /// - Throws: `.digest` if they are not those that were written.
  func bytes() throws -> [UInt8] {
    let bytes = try dataset.readBytes()
    let computed = Digest.hexadecimal(bytes)
    guard computed == values.digest else {
      throw ModelFileError(
        file: dataset.fileName, place: place,
        reason: .digest(stored: values.digest, computed: computed))
    }
    return bytes
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
