import Archives
import HDF5
import Tensors

/// The values of a packed file, decoded as a whole: such files are small.
struct PackedStore: ValueStore {
  private let file: String
  private let values: [String: [UInt8]]
  private let digests: [String: [UInt8]]
  private let shares: [String: Int]

  func identity(of values: StoredGraph.Values, place: String) throws -> UInt64 {
    // Places come from the order of the table and never meet.
    UInt64(values.path.dropFirst(PackedStore.prefix.utf8.count)) ?? .max
  }

  func bytes(of values: StoredGraph.Values, place: String) throws -> [UInt8] {
    guard let bytes = self.values[values.path], let stored = digests[values.path] else {
      preconditionFailure("no packed tensor '\(values.path)'")
    }
    let computed = Array(Digest.bytes(bytes).prefix(PackedLayout.digestByteCount))
    guard computed == stored else {
      throw ModelFileError(
        file: file, place: "\(Schema.Path.packed) (\(place))",
        reason: .digest(
          stored: Digest.hexadecimal(of: stored), computed: Digest.hexadecimal(of: computed)))
    }
    return bytes
  }

  func storedByteCount(of values: StoredGraph.Values, place: String) throws -> Int {
    shares[values.path] ?? 0
  }

  /// The start of the paths that stand for places in the packed data set.
  static let prefix = "\(Schema.Path.packed)#"

  /// Decodes the parts and cuts them into the values that the graph lists.
  init(_ packed: PackedReading, graph: StoredGraph) throws {
    file = packed.file
    let all = graph.allValues.map(\.values)
    guard packed.digests.count == all.count else {
      throw packed.refuse(
        "the graph lists \(all.count) tensors, there are \(packed.digests.count) digests")
    }
    var values: [String: [UInt8]] = [:]
    var shares: [String: Int] = [:]
    for (index, size) in PackedLayout.elementSizes.enumerated() {
      let own = all.filter { $0.type.byteCount == size }
      let (total, overflow) = own.reduce((0, false)) { sum, value in
        let (next, overflow) = sum.0.addingReportingOverflow(value.byteCount)
        return (next, sum.1 || overflow)
      }
      guard !overflow, total <= PackedLayout.byteLimit else {
        throw packed.refuse(
          "tensors of more than \(PackedLayout.byteLimit) bytes are not packed")
      }
      let part = try packed.decoded(part: index + 1, byteCount: total)
      let bytes = PackedLayout.unshuffled(part, elementSize: size)
      var start = 0
      for value in own {
        values[value.path] = Array(bytes[start..<start + value.byteCount])
        shares[value.path] =
          total == 0 ? 0 : packed.storedByteCount(part: index + 1) * value.byteCount / total
        start += value.byteCount
      }
    }
    self.values = values
    self.shares = shares
    digests = Dictionary(
      zip(all.map(\.path), packed.digests), uniquingKeysWith: { first, _ in first })
  }
}

extension StoredGraph {
  /// The graph of a packed file, each value with a path that stands for its place.
  func numbered() -> StoredGraph {
    var graph = self
    var count = 0
    func number(_ values: inout Values) {
      values.path = "\(PackedStore.prefix)\(count)"
      count += 1
    }
    for layer in graph.layers.indices {
      for weight in graph.layers[layer].weights.indices {
        var stored = graph.layers[layer].weights[weight]
        for component in stored.components.indices {
          number(&stored.components[component].values)
          if var gaps = stored.components[component].gaps {
            number(&gaps)
            stored.components[component].gaps = gaps
          }
          if var scales = stored.components[component].scales {
            number(&scales)
            stored.components[component].scales = scales
          }
        }
        for spectrum in stored.spectra.indices { number(&stored.spectra[spectrum].values) }
        graph.layers[layer].weights[weight] = stored
      }
    }
    return graph
  }
}
