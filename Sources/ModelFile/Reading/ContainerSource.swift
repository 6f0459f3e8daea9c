import Models
import Tensors

/// The open file from which a model's deferred tensors are read, each checked against its digest.
final class ContainerSource: TensorSource {
  /// What is asked of a tensor when it is read.
  struct Entry: Sendable {
    /// The tensor's place in messages, `conv2/kernel/core`.
    let place: String
    let values: StoredGraph.Values
    /// The gaps between the values, where zeros are left out.
    let gaps: StoredGraph.Values?
    /// Whether negative values are refused, as for a variance.
    let isVariance: Bool
  }

  private let file: String
  private let store: any ValueStore
  private let allowsNonFinite: Bool
  private let entries: [String: Entry]

  init(
    file: String, store: any ValueStore, entries: [String: Entry], allowsNonFinite: Bool
  ) {
    self.file = file
    self.store = store
    self.entries = entries
    self.allowsNonFinite = allowsNonFinite
  }

  /// Reads the stored bytes under a path; digest and finiteness are checked each time.
  func readRaw(_ key: String, shape: Shape, scalarType: ScalarType) throws -> RawTensor {
    guard let entry = entries[key] else { preconditionFailure("no tensor '\(key)'") }
    let raw = RawTensor(
      shape: shape, scalarType: scalarType, bytes: try bytes(entry, shape, scalarType))
    if !allowsNonFinite { try check(raw, entry) }
    return raw
  }

  /// Reads float32 values without a second copy; others are decoded.
  func readTensor(_ key: String, shape: Shape, scalarType: ScalarType) throws -> Tensor {
    guard scalarType == .float32, let entry = entries[key], entry.gaps == nil else {
      return try readRaw(key, shape: shape, scalarType: scalarType).tensor()
    }
    let floats = try store.floats(of: entry.values, place: entry.place)
    if !allowsNonFinite {
      if let index = floats.firstIndex(where: { !$0.isFinite }) {
        throw refuse(entry, .nonFinite(index: index, value: "\(floats[index])"))
      }
      try checkVariance(floats, entry)
    }
    return Tensor(shape: shape, elements: floats)
  }

  /// The stored bytes, zeros put back where they were left out.
  private func bytes(_ entry: Entry, _ shape: Shape, _ scalarType: ScalarType) throws -> [UInt8] {
    let stored = try store.bytes(of: entry.values, place: entry.place)
    guard let gaps = entry.gaps else { return stored }
    guard
      let bytes = SparseValues.expanded(
        values: stored, gaps: try store.bytes(of: gaps, place: "\(entry.place) gaps"),
        shape: shape, scalarType: scalarType)
    else {
      throw refuse(
        entry,
        .form(
          "the gaps do not place \(entry.values.shape.count) scalars in the \(shape.count) of "
            + "[\(shape)]"))
    }
    return bytes
  }

  private func check(_ raw: RawTensor, _ entry: Entry) throws {
    if let (index, value) = raw.firstNonFinite {
      throw refuse(entry, .nonFinite(index: index, value: value))
    }
    if entry.isVariance { try checkVariance(raw.tensor().elements, entry) }
  }

  private func checkVariance(_ values: [Float], _ entry: Entry) throws {
    guard entry.isVariance, let index = values.firstIndex(where: { $0 < 0 }) else { return }
    throw refuse(entry, .negative(index: index, value: "\(values[index])"))
  }

  private func refuse(_ entry: Entry, _ reason: ModelFileError.Reason) -> ModelFileError {
    ModelFileError(file: file, place: entry.place, reason: reason)
  }
}
