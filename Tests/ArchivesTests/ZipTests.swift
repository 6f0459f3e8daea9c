import Archives
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ZipTests {
  @Test(arguments: ["plain.zip", "zip64-local.zip", "streamed.zip"])
  func archivesOfPythonAreRead(name: String) throws {
    let fromFile = try ZipArchive(path: Fixtures.path("archives/\(name)"))
    let inMemory = try ZipArchive(bytes: fixture("archives/\(name)"), name: name)
    #expect(fromFile.entries == inMemory.entries)
    #expect(fromFile.entries.count >= 2)
    for entry in fromFile.entries {
      let content = entry.name.hasPrefix("empty") || entry.isFolder ? [] : text
      #expect(try fromFile.read(entry) == content)
      #expect(try inMemory.read(entry.name) == content)
      if entry.method == .stored && !entry.isFolder {
        #expect(try fromFile.read(7..<14, ofStored: entry) == Array(content[7..<14]))
      }
    }
    #expect(fromFile["nothing"] == nil)
    let missing = message { try fromFile.read("nothing") }
    #expect(missing.hasSuffix("\(name): no entry 'nothing'"))
  }

  @Test func namesAndMethodsAreReported() throws {
    let archive = try ZipArchive(path: Fixtures.path("archives/plain.zip"))
    #expect(
      archive.entries.map(\.name)
        == ["folder/", "folder/stored.txt", "deflated.txt", "é日.txt", "empty.txt"])
    #expect(archive["folder/stored.txt"]?.method == .stored)
    #expect(archive["deflated.txt"]?.method == .deflated)
    #expect(try ZipArchive(path: Fixtures.path("archives/empty.zip")).entries.isEmpty)
  }

  struct Lie: Sendable, CustomTestStringConvertible {
    var file: String
    var message: String
    var testDescription: String { file }

    static let all: [Lie] = {
      // JSONSerialization, so that this test depends on nothing it does not test.
      guard
        let bytes = try? Data(
          contentsOf: URL(fileURLWithPath: Fixtures.path("malformed/zip/expected.json"))),
        let object = try? JSONSerialization.jsonObject(with: bytes) as? [String: String]
      else { return [] }
      return object.map { Lie(file: $0.key, message: $0.value) }.sorted { $0.file < $1.file }
    }()
  }

  @Test func thereIsAFilePerLie() { #expect(Lie.all.count >= 50) }

  @Test(arguments: Lie.all) func everyLieIsRefusedByName(lie: Lie) {
    let path = Fixtures.path("malformed/zip/\(lie.file)")
    let found = message {
      let archive = try ZipArchive(path: path)
      for entry in archive.entries { _ = try archive.read(entry) }
    }
    #expect(found == "\(path): \(lie.message)")
  }

  @Test func truncationAtEveryByteIsRefused() throws {
    let bytes = try fixture("malformed/zip/honest.zip")
    _ = try ZipArchive(bytes: bytes, name: "honest")
    for count in 0..<bytes.count {
      #expect(throws: ArchiveError.self, "\(count)") {
        try ZipArchive(bytes: Array(bytes[..<count]), name: "cut")
      }
    }
  }

  @Test(arguments: ["plain.zip", "zip64-local.zip", "streamed.zip"])
  func mutationsNeverTrapNorReturnOtherContent(name: String) throws {
    let bytes = try fixture("archives/\(name)")
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<10_000 {
      var mutated = bytes
      for _ in 0...Int(generator.next() % 3) {
        mutated[Int(generator.next() % UInt64(bytes.count))] = UInt8(
          truncatingIfNeeded: generator.next())
      }
      guard let archive = try? ZipArchive(bytes: mutated, name: name) else { continue }
      for entry in archive.entries where !entry.isFolder {
        guard let content = try? archive.read(entry, limit: 1 << 20) else { continue }
        #expect(content == text || content.isEmpty)
      }
    }
  }

  @Test func limitsHold() throws {
    let path = Fixtures.path("archives/plain.zip")
    var limits = ZipLimits()
    limits.entryCount = 4
    #expect(
      message { try ZipArchive(path: path, limits: limits) }
        == "\(path): 5 entries, at most 4 are read")
    let archive = try ZipArchive(path: path)
    #expect(
      message { try archive.read("deflated.txt", limit: 299) }
        == "\(path): deflated.txt: 300 bytes, at most 299 are read")
  }

  @Test func whatIsWrittenIsReadBackAndTheSameEveryTime() throws {
    var generator = SeededGenerator(seed: 4)
    let contents = [0, 1, 1000, 400_000].map { count in
      (0..<count).map { _ in UInt8(generator.next() % 5) }
    }
    func write(_ writer: consuming ZipWriter) throws -> [UInt8] {
      for (index, content) in contents.enumerated() {
        try writer.add("é/stored\(index)", content)
        try writer.add("deflated\(index)", content, method: .deflated)
      }
      return try writer.finish()
    }
    let bytes = try write(ZipWriter())
    #expect(try write(ZipWriter()) == bytes)
    let archive = try ZipArchive(bytes: bytes, name: "written")
    #expect(archive.entries.count == 8)
    for (index, content) in contents.enumerated() {
      #expect(try archive.read("é/stored\(index)") == content)
      #expect(try archive.read("deflated\(index)") == content)
    }
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("x.zip").path
      let inMemory = try write(ZipWriter(path: path))
      #expect(inMemory.isEmpty)
      let inFile = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      #expect(inFile == bytes)
    }
  }

  @Test func namesThatLeadElsewhereAreNotWritten() throws {
    for name in ["../x", "/x", "a\\b", "", "a//b"] {
      #expect(throws: ArchiveError.self) {
        var writer = ZipWriter()
        try writer.add(name, [])
      }
    }
    #expect(throws: ArchiveError.self) {
      var writer = ZipWriter()
      try writer.add("a", [])
      try writer.add("a", [])
    }
  }

  @Test func seventyThousandEntriesMakeAZip64ArchiveThatReadsBack() throws {
    var writer = ZipWriter()
    for index in 0..<70_000 { try writer.add("\(index)", []) }
    let bytes = try writer.finish()
    var limits = ZipLimits()
    limits.entryCount = 100_000
    #expect(try ZipArchive(bytes: bytes, name: "many", limits: limits).entries.count == 70_000)
  }
}
