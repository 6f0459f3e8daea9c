import Compression
import Datasets
import Foundation
import Interchange
import Models
import Pipelines
import TestSupport
import Testing

/// One lie per file: each is refused with one line, and nothing is left behind.
@Suite struct HostileFileTests {
  /// Compresses as `modelc compress FILE --rank 2 -o OUTPUT` does.
  private static func compress(_ input: String, to output: String) throws {
    _ = try Compress.run(
      CompressionRequest(
        input: input, output: output,
        source: .planning(
          PlanningOptions(target: .rank(try RankSpecification(parsing: "2")))),
        toolVersion: "test"))
  }

  private static func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func everyFileHasAnExpectedMessageAndTheOtherWayRound() throws {
    // Whatever is no script or page is a model file, of any format.
    let other = [".py", ".md", ".json"]
    let files = try FileManager.default.contentsOfDirectory(atPath: Fixtures.path("malformed"))
      .filter { name in name.contains(".") && !other.contains { name.hasSuffix($0) } }
      .map { $0.hasSuffix(".gz") ? String($0.dropLast(3)) : $0 }
    #expect(files.sorted() == HostileFile.all.map(\.name))
    #expect(files.count > 200)
  }

  @Test(.timeLimit(.minutes(1)), arguments: HostileFile.all)
  func aLieIsRefusedWithItsLine(file: HostileFile) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = try file.copy(to: folder)
      let output = folder.appendingPathComponent("out.h5").path
      let opening = Self.message { _ = try FormatRegistry.open(path) }
      let compression = Self.message { try Self.compress(path, to: output) }
      let expected = file.message.replacing(file.name, with: path)
      switch file.command {
      case "inspect": #expect(opening == expected && compression == expected)
      case "compress": #expect(opening == nil && compression == expected)
      default:
        #expect(opening == nil && compression == nil)
        let running = Self.message {
          _ = try FormatRegistry.open(path).model.lowered()
        }
        #expect(running.map { "\(path): \($0)" } == expected)
        return
      }
      #expect(!expected.contains { $0.isNewline })
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [file.name])
    }
  }

  @Test(arguments: HostileFile.accepted)
  func anOddityThatIsValidIsAccepted(name: String) throws {
    try Fixtures.withTemporaryFolder { folder in
      let output = folder.appendingPathComponent("out.h5").path
      try Self.compress(Fixtures.path("malformed/accepted/\(name)"), to: output)
      _ = try FormatRegistry.open(output).model.validateValues()
    }
  }

  @Test(
    .enabled(if: !HostileFile.crashingLibhdf5.isEmpty), .timeLimit(.minutes(1)),
    arguments: HostileFile.crashingLibhdf5)
  func aFileThatCrashesLibhdf5IsReadOrRefused(path: String) throws {
    try Fixtures.withTemporaryFolder { folder in
      let output = folder.appendingPathComponent("out.h5").path
      let refusal = Self.message { try Self.compress(path, to: output) }
      #expect(refusal.map { !$0.contains { $0.isNewline } && !$0.isEmpty } ?? true)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == (refusal == nil ? ["out.h5"] : []))
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: HostileFile.data)
  func aLieOfADataSetIsRefusedWithItsLine(file: HostileFile) throws {
    let path = Fixtures.path("malformed/data/\(file.name)")
    var options = DatasetOptions()
    options.requiresLabels = !file.name.hasSuffix(".idx")
    let message = Self.message { _ = try DatasetLoader.load(path, options: options) }
    #expect(message == file.message.replacing(file.name, with: path))
  }

  @Test func everyDataSetThatLiesHasAnExpectedMessage() throws {
    let files = try FileManager.default.contentsOfDirectory(
      atPath: Fixtures.path("malformed/data")
    ).filter { $0 != "expected.json" }
    #expect(files.sorted() == HostileFile.data.map(\.name))
  }

  @Test(arguments: ["kernel-nan", "bias-infinite", "variance-negative"])
  func valuesThatAreNoNumbersMayBeLetThrough(name: String) throws {
    let path = Fixtures.path("malformed/\(name).h5")
    let options = ReadOptions(allowsNonFinite: true)
    let model = try FormatRegistry.open(path, options: options).model
    for layer in model.layers {
      for named in layer.weights {
        for component in named.weight.components { _ = try component.parameter.raw() }
      }
    }
    #expect(throws: ModelError.self) { try model.validateValues() }
  }
}
