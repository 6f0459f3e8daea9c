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
      shape: shape, scalarType: scalarType,
      bytes: try store.bytes(of: entry.values, place: entry.place))
    if !allowsNonFinite { try check(raw, entry) }
    return raw
  }

  private func check(_ raw: RawTensor, _ entry: Entry) throws {
    if let (index, value) = raw.firstNonFinite {
      throw ModelFileError(
        file: file, place: entry.place, reason: .nonFinite(index: index, value: value))
    }
    guard entry.isVariance else { return }
    if let (index, value) = raw.firstNegative {
      throw ModelFileError(
        file: file, place: entry.place, reason: .negative(index: index, value: value))
    }
  }
}
