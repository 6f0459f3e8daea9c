import HDF5
import JSON
import Models
import Tensors

/// An open container whose root and graph have been checked; no tensor has been read.
struct Container: Sendable {
  let file: HDF5File
  let version: FormatVersion
  let producer: String
  let features: [String]
  let digest: String
  let graph: StoredGraph
  /// Where the values lie.
  let store: any ValueStore

  /// Opens a container and checks version, features, digest and graph, in this order.
  /// - Throws: `HDF5Error` or `ModelFileError` naming the place and both sides.
  init(_ file: HDF5File) throws {
    self.file = file
    let root = try Root(file)
    version = root.version
    producer = root.producer
    features = root.features
    if features.contains(Schema.Feature.packed) {
      let packed = try PackedReading(file)
      digest = Digest.root(
        version: version, producer: producer, features: root.featureText, graph: packed.content)
      graph = try Container.parse(packed.graph, of: file, root).numbered()
      store = try PackedStore(packed, graph: graph)
      try refuseBomb()
      return
    }
    digest = try root.digest(file)
    let bytes = try Container.graphBytes(file)
    let computed = Digest.root(
      version: version, producer: producer, features: root.featureText, graph: bytes)
    guard computed == digest else {
      throw ModelFileError(
        file: file.name, place: "\(Schema.Path.graph) and root attributes",
        reason: .digest(stored: digest, computed: computed))
    }
    graph = try Container.parse(bytes, of: file, root)
    store = OpenStore(file: file)
    try refuseBomb()
  }

  /// Compares the bytes of all tensors with the file's size, before any is read.
  private func refuseBomb() throws {
    var total = graph.expandedByteCount
    for (place, values) in graph.allValues {
      let (sum, overflow) = total.addingReportingOverflow(values.byteCount)
      total = overflow ? Int.max : sum
      let limits = ReadOptions(maximumByteCount: Int.max)
      if let problem = limits.refusal(declaring: total, in: file.fileSize) {
        throw ModelFileError(file: file.name, place: place, reason: .size(problem))
      }
    }
  }

  private static func graphBytes(_ file: HDF5File) throws -> [UInt8] {
    let dataset = try file.dataset(Schema.Path.graph)
    func refuse(_ reason: ModelFileError.Reason) -> ModelFileError {
      ModelFileError(file: file.name, place: Schema.Path.graph, reason: reason)
    }
    guard case .integer(size: 1, isSigned: false, _) = dataset.datatype else {
      throw refuse(.type(expected: "uint8", found: "\(dataset.datatype)"))
    }
    guard dataset.extents.count == 1 else {
      throw refuse(.shape(expected: [dataset.count], found: dataset.extents))
    }
    guard dataset.byteCount <= Schema.Limit.graphByteCount else {
      throw refuse(
        .tooLarge(declared: dataset.byteCount, limit: Schema.Limit.graphByteCount))
    }
    return try dataset.readBytes()
  }

  static func parse(_ bytes: [UInt8], of file: HDF5File, _ root: Root) throws -> StoredGraph {
    func refuse(_ problem: String) -> ModelFileError {
      ModelFileError(file: file.name, place: Schema.Path.graph, reason: .graph(problem))
    }
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: bytes) } catch {
      throw refuse("\(error)")
    }
    do throws(JSONMismatch) {
      return try GraphDecoding(
        isStrict: root.version.minor <= Schema.version.minor,
        isPacked: root.features.contains(Schema.Feature.packed),
        allowsSparse: root.features.contains(Schema.Feature.sparse)
      ).graph(JSONCursor(value))
    } catch {
      throw refuse("\(error)")
    }
  }

  /// The root group's attributes, checked one by one.
  struct Root {
    let version: FormatVersion
    let producer: String
    let featureText: String
    var features: [String] { featureText.split(separator: " ").map(String.init) }
    private let group: HDF5Group

    init(_ file: HDF5File) throws {
      group = try file.root
      guard Root.isContainer(group) else {
        throw ModelFileError(file: file.name, place: "", reason: .notAContainer)
      }
      let name = Schema.Attribute.formatVersion
      guard let attribute = try group.attribute(name), case .integer = attribute.datatype,
        case let numbers = try attribute.integers(), numbers.count == 2,
        numbers.allSatisfy({ $0 >= 0 })
      else {
        throw Root.refusal(
          file, name, .attribute(expected: "two integers, major and minor"))
      }
      version = FormatVersion(major: numbers[0], minor: numbers[1])
      guard version.major == Schema.version.major else {
        throw Root.refusal(file, name, .version(found: version, known: Schema.version))
      }
      featureText = try Root.text(Schema.Attribute.features, of: group, file)
      producer = try Root.text(Schema.Attribute.producer, of: group, file)
      let unknown = features.filter { !Schema.knownFeatures.contains($0) }
      guard unknown.isEmpty else {
        throw Root.refusal(file, Schema.Attribute.features, .features(unknown))
      }
    }

    /// The digest over the graph and these attributes, which only open files state.
    func digest(_ file: HDF5File) throws -> String {
      let digest = try Root.text(Schema.Attribute.digest, of: group, file)
      guard Digest.isHexadecimal(digest) else {
        throw Root.refusal(
          file, Schema.Attribute.digest, .attribute(expected: "64 hexadecimal digits"))
      }
      return digest
    }

    /// Whether the root group says that it is a container; never fails.
    static func isContainer(_ root: HDF5Group) -> Bool {
      (try? root.attribute(Schema.Attribute.format)?.string()) == Schema.format
    }

    private static func text(
      _ name: String, of group: HDF5Group, _ file: HDF5File
    ) throws -> String {
      guard let attribute = try group.attribute(name), attribute.count == 1,
        case .fixedString = attribute.datatype
      else { throw refusal(file, name, .attribute(expected: "one string of fixed size")) }
      return try attribute.string()
    }

    private static func refusal(
      _ file: HDF5File, _ name: String, _ reason: ModelFileError.Reason
    ) -> ModelFileError {
      ModelFileError(file: file.name, place: "/@\(name)", reason: reason)
    }
  }
}
