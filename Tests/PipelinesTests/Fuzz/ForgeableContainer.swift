import Compression
import Foundation
import HDF5
import JSON
import Models
import Pipelines
import Tensors
import TestSupport

@testable import ModelFile

/// A container without a seal whose graph can be exchanged in memory, the digest made to fit.
struct ForgeableContainer: Sendable {
  private(set) var bytes: [UInt8]
  let graph: JSONValue
  private let graphOffset: Int
  private let digestOffset: Int

  private static let graphByteCount = 48 << 10
  private static let producer = "forger"

  /// Takes a container apart and writes it again, its graph in one run of bytes with room to spare.
  init(_ path: String) throws {
    let file = try HDF5File(reading: path)
    graph = try JSONValue(parsing: try file.dataset(Schema.Path.graph).readBytes())
    // Never beside the original: fixtures are read by other tests at the same time.
    let copy = FileManager.default.temporaryDirectory
      .appendingPathComponent("modelc-\(UUID().uuidString).h5").path
    defer { try? FileManager.default.removeItem(atPath: copy) }
    let writer = try HDF5Writer(creating: copy)
    try Self.copy(try file.group(Schema.Path.nodes), to: writer)
    try writer.writeDataset(
      Schema.Path.graph, extents: [Self.graphByteCount],
      datatype: .integer(size: 1, isSigned: false),
      bytes: [UInt8](repeating: 32, count: Self.graphByteCount))
    let digest = String(repeating: "d", count: 64)
    try writer.setAttribute("format", .text("modelc"))
    try writer.setAttribute("format_version", .integers([1, 0]))
    try writer.setAttribute("producer", .text(Self.producer))
    try writer.setAttribute("features", .text(""))
    try writer.setAttribute("digest", .text(digest))
    try writer.close()
    let written = [UInt8](try Data(contentsOf: URL(fileURLWithPath: copy)))
    let pattern = Array(digest.utf8)
    graphOffset = try HDF5File(reading: copy).dataset(Schema.Path.graph).contiguousOffset ?? 0
    digestOffset =
      written.indices.first { written[$0...].prefix(64).elementsEqual(pattern) } ?? 0
    bytes = written
    precondition(graphOffset > 0 && digestOffset > 0, "the copy is not as it was written")
    bytes = sealed(graph)
  }

  /// The file with another graph, if there is room for it.
  func sealed(_ graph: JSONValue) -> [UInt8] {
    var text = [UInt8](graph.serialized(allowsNonFinite: true).utf8)
    guard text.count <= Self.graphByteCount else { return bytes }
    text += [UInt8](repeating: 32, count: Self.graphByteCount - text.count)
    let digest = Digest.root(
      version: FormatVersion(major: 1, minor: 0), producer: Self.producer, features: "",
      graph: text)
    var result = bytes
    result.replaceSubrange(graphOffset..<graphOffset + text.count, with: text)
    result.replaceSubrange(digestOffset..<digestOffset + 64, with: digest.utf8)
    return result
  }

  private static func copy(_ group: HDF5Group, to writer: borrowing HDF5Writer) throws {
    for name in group.names {
      if try group.kind(name) == .group {
        try copy(try group.group(name), to: writer)
      } else {
        let dataset = try group.dataset(name)
        try writer.writeDataset(
          dataset.path, extents: dataset.extents, datatype: dataset.datatype,
          bytes: try dataset.readBytes())
      }
    }
  }
}

extension FuzzTarget {
  /// Keras models of every kind of layer, compressed.
  private static let sources = [
    "digits-cnn-k3.keras", "residual-k3.keras", "mobile-k3.keras", "merging-k3.keras",
    "advanced-activations-k3.keras", "conv-geometry-k3.keras", "nested-k3.keras", "lambda-k3.keras",
  ]

  private static func compressed(in folder: URL, layout: StorageOptions.Layout) throws -> [String] {
    try sources.compactMap { name in
      guard FileManager.default.fileExists(atPath: Fixtures.path("keras/\(name)")) else {
        return nil
      }
      let output = folder.appendingPathComponent("\(name).\(layout).h5").path
      let target = CompressionTarget.rank(try RankSpecification(parsing: "1/2"))
      do {
        _ = try Compress.run(
          CompressionRequest(
            input: Fixtures.path("keras/\(name)"), output: output,
            source: .planning(PlanningOptions(target: target)),
            storage: StorageOptions(compression: .none, layout: layout), force: true,
            toolVersion: "test"))
      } catch is PipelineError { return nil }
      return output
    }
  }

  /// Made once, for several readers take them.
  private static let containers = Result {
    try Fixtures.withTemporaryFolder { folder in
      try compressed(in: folder, layout: .open).map { try ForgeableContainer($0) }
        + [ForgeableContainer(Fixtures.path("malformed/accepted/plain.small.h5"))]
    }
  }

  static func forgeable() throws -> [ForgeableContainer] { try containers.get() }

  static func packed(in folder: URL) throws -> [[UInt8]] {
    try compressed(in: folder, layout: .packed).map {
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0)))
    }
  }
}
