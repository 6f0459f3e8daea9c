import Compression
import Foundation
import HDF5
import ModelFile
import Pipelines
import TestSupport
import Testing

/// One changed byte of a container, its Keras view included, is found and its place named.
@Suite struct FlippedByteTests {
  private static func container(_ layout: StorageOptions.Layout) throws -> [UInt8] {
    try Fixtures.withTemporaryFolder { folder in
      let output = folder.appendingPathComponent("out.h5").path
      _ = try Compress.run(
        CompressionRequest(
          input: Fixtures.path("malformed/accepted/earliest.h5"), output: output,
          source: .planning(
            PlanningOptions(target: .rank(try RankSpecification(parsing: "2")))),
          storage: StorageOptions(layout: layout), toolVersion: "test"))
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: output)))
    }
  }

  private static func places(_ bytes: [UInt8]) -> [String] {
    do {
      return ModelFileVerifier.verify(try HDF5File(bytes: bytes, name: "out.h5")).findings
        .map(\.place)
    } catch {
      return ["the file itself"]
    }
  }

  @Test(arguments: [StorageOptions.Layout.open, .packed], [UInt8(0x01), 0xFF])
  func aChangedByteAnywhereIsFound(layout: StorageOptions.Layout, change: UInt8) throws {
    var bytes = try Self.container(layout)
    #expect(Self.places(bytes).isEmpty)
    var counts: [String: Int] = [:]
    #if DEBUG
      let step = 11
    #else
      let step = 1
    #endif
    for index in stride(from: 0, to: bytes.count, by: step) {
      bytes[index] ^= change
      let found = Self.places(bytes)
      #expect(!found.isEmpty, "byte \(index)")
      counts[found.first ?? "not found", default: 0] += 1
      bytes[index] ^= change
    }
    for (place, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      print("verify \(layout) ^\(change): \(count) × \(place.isEmpty ? "/" : place)")
    }
  }

  @Test func aChangedByteOfEachTensorNamesIt() throws {
    var bytes = try Self.container(.open)
    let file = try HDF5File(bytes: bytes, name: "out.h5")
    var count = 0
    func visit(_ group: HDF5Group) throws {
      for name in group.names {
        if try group.kind(name) == .group {
          try visit(try group.group(name))
          continue
        }
        let dataset = try group.dataset(name)
        let start = try #require(dataset.contiguousOffset)
        for index in start..<start + dataset.byteCount {
          bytes[index] ^= 0x10
          let places = Self.places(bytes)
          #expect(places.count == 1 && places[0].hasPrefix(dataset.path), "\(places)")
          bytes[index] ^= 0x10
          count += 1
        }
      }
    }
    try visit(try file.group("/nodes"))
    #expect(count > 100)
  }
}
