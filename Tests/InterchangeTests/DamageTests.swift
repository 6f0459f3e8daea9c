import Archives
import Foundation
import Interchange
import Models
import TestSupport
import Testing
import Tensors

@Suite struct DamageTests {
  /// Small files of both containers: one with contiguous data, one deflated.
  static let files = [
    "deferred-k2.h5", "deferred-k3.h5", "compiled-objects-k2.h5", "deferred-k2.keras",
  ]

  private func contents(_ file: String) throws -> [UInt8] {
    let data = FileManager.default.contents(atPath: Fixtures.path("keras/\(file)"))
    return [UInt8](try #require(data))
  }

  /// Opens a file and reads all of its values.
  private func use(_ path: String) throws {
    let imported = try FormatRegistry.open(path)
    try imported.validateValues(from: path, options: ReadOptions())
  }

  @Test(arguments: files)
  func truncatedFileIsRefusedAtEveryLength(file: String) throws {
    let bytes = try contents(file)
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("cut").path
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let handle = try #require(FileHandle(forUpdatingAtPath: path))
      for length in (0..<bytes.count).reversed() {
        try handle.truncate(atOffset: UInt64(length))
        #expect(throws: (any Error).self, "\(file) cut to \(length) bytes") { try use(path) }
      }
    }
  }

  /// Whatever a flipped byte does, the reader returns or throws.
  @Test(arguments: files)
  func flippedBytesNeverTrap(file: String) throws {
    let bytes = try contents(file)
    var generator = SeededGenerator(seed: 0x6B65_7261)
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("flipped").path
      for _ in 0..<300 {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          let index = Int.random(in: 0..<damaged.count, using: &generator)
          damaged[index] = UInt8.random(in: 0...255, using: &generator)
        }
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        try? use(path)
      }
    }
  }

  /// Weights of a stored member are read in place; their checksum still tells a flipped bit.
  @Test func flippedBitInStoredWeightsIsFound() throws {
    try Fixtures.withTemporaryFolder { folder in
      let inner = try contents("deferred-k2.keras")
      let archive = try ZipArchive(bytes: inner, name: "deferred-k2.keras")
      let path = folder.appendingPathComponent("stored.keras").path
      var writer = try ZipWriter(path: path)
      for entry in archive.entries { try writer.add(entry.name, try archive.read(entry)) }
      _ = try writer.finish()
      try use(path)
      let stored = try ZipArchive(path: path)
      let weights = try #require(stored["model.weights.h5"])
      let imported = try FormatRegistry.open(path)
      let kernel = try #require(imported.model.layers.last?.weight("kernel"))
      let values = try kernel.components[0].parameter.raw().bytes
      var bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
      let range = weights.offset..<weights.offset + weights.count
      let place = try #require(
        range.first { bytes[$0..<min($0 + values.count, range.upperBound)].elementsEqual(values) })
      bytes[place] ^= 1
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      #expect(throws: ArchiveError.self) { try use(path) }
    }
  }
}
