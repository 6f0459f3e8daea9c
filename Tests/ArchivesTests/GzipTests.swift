import Archives
import Foundation
import Tensors
import TestSupport
import Testing

let text = [UInt8](String(repeating: "hello, archive\n", count: 20).utf8)

func fixture(_ name: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: Fixtures.path(name))))
}

@Suite struct GzipTests {
  @Test(arguments: [
    ("one.gz", text), ("two-members.gz", text + [UInt8]("second\n".utf8)), ("padded.gz", text),
  ])
  func filesOfPythonAreRead(name: String, content: [UInt8]) throws {
    #expect(try Gzip.decompress(fixture("archives/\(name)"), limit: 1000) == content)
    let reader = try GzipReader(path: Fixtures.path("archives/\(name)"), limit: 1000)
    var pieces: [UInt8] = []
    while true {
      let piece = try reader.read(upTo: 7)
      if piece.isEmpty { break }
      pieces += piece
    }
    #expect(pieces == content)
    #expect(reader.position == content.count)
  }

  @Test func compressionIsReversible() throws {
    var generator = SeededGenerator(seed: 1)
    for count in [0, 1, 100, 300_000, 1_100_000] {
      let bytes = (0..<count).map { _ in UInt8(generator.next() % 7) }
      let packed = Gzip.compress(bytes)
      #expect(Gzip.recognizes(packed))
      #expect(try Gzip.decompress(packed, limit: count) == bytes)
      #expect(Gzip.compress(bytes) == packed)
      for format in [Zlib.Format.raw, .zlib] {
        let packed = Zlib.compress(bytes, format: format)
        #expect(try Zlib.decompress(packed, format: format, limit: count) == bytes)
      }
    }
  }

  @Test func truncationAtEveryByteIsRefused() throws {
    let bytes = try fixture("archives/two-members.gz")
    let boundary = try fixture("archives/one.gz").count
    for count in 0..<bytes.count where count != boundary {
      let error = #expect(throws: ArchiveError.self) {
        try Gzip.decompress(Array(bytes[..<count]), limit: 1000)
      }
      guard case .truncated = error?.problem else {
        Issue.record("\(count): \(String(describing: error))")
        continue
      }
    }
    let stream = Zlib.compress(text)
    for count in 0..<stream.count {
      #expect(throws: ArchiveError.self) {
        try Zlib.decompress(Array(stream[..<count]), limit: 1000)
      }
    }
  }

  @Test func damageAndLiesAreNamed() throws {
    let one = try fixture("archives/one.gz")
    var damaged = one
    damaged[damaged.count - 5] ^= 1
    #expect(
      message { try Gzip.decompress(damaged, limit: 1000) }
        == "gzip data: the gzip data is damaged: incorrect data check")
    damaged = one
    damaged[damaged.count - 1] ^= 1
    #expect(
      message { try Gzip.decompress(damaged, limit: 1000) }
        == "gzip data: the gzip data is damaged: incorrect length check")
    #expect(
      message { try Gzip.decompress(one + [7], limit: 1000) }
        == "gzip data: 1 bytes that are no gzip data follow at byte \(one.count)")
    #expect(
      message { try Gzip.decompress(one, limit: 299) }
        == "gzip data: 300 bytes, at most 299 are read")
    #expect(
      message { try Gzip.decompress([UInt8]("<html>".utf8), limit: 299) }
        == "gzip data: the gzip data is damaged: incorrect header check")
    #expect(
      message { try Zlib.decompress(Zlib.compress(text) + [0], limit: 1000) }
        == "deflate stream: 1 bytes follow the compressed data")
  }

  @Test func aBombStopsAtTheLimit() {
    let bomb = Gzip.compress([UInt8](repeating: 0, count: 50_000_000))
    #expect(throws: ArchiveError.self) { try Gzip.decompress(bomb, limit: 1_000_000) }
  }

  @Test func filesThatCannotBeReadAreNamed() throws {
    #expect(
      message { _ = try GzipReader(path: "/nonexistent/x.gz", limit: 1) }
        == "/nonexistent/x.gz: cannot open: no such file or directory")
    try Fixtures.withTemporaryFolder { folder in
      #expect(
        message { _ = try GzipReader(path: folder.path, limit: 1) }
          == "\(folder.path): not a regular file")
    }
  }

  @Test func mutationsNeverTrap() throws {
    var generator = SeededGenerator(seed: 2)
    let bytes = try fixture("archives/two-members.gz")
    for _ in 0..<20_000 {
      var mutated = bytes
      for _ in 0...Int(generator.next() % 3) {
        mutated[Int(generator.next() % UInt64(bytes.count))] = UInt8(
          truncatingIfNeeded: generator.next())
      }
      _ = try? Gzip.decompress(mutated, limit: 100_000)
    }
  }
}

/// The message of the error that `body` throws.
func message<Result>(_ body: () throws -> Result) -> String {
  do {
    _ = try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}
