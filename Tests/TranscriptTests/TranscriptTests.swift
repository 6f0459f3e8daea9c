import Foundation
import TestSupport
import Testing

@Suite struct TranscriptTests {
  static let names: [String] = {
    let folder = Fixtures.path("transcripts")
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".txt") }.sorted()
  }()

  @Test func thereAreTranscripts() {
    #expect(!Self.names.isEmpty)
  }

  @Test(arguments: names)
  func modelcPrintsWhatTheTranscriptSays(name: String) throws {
    let text = try String(contentsOfFile: Fixtures.path("transcripts/\(name)"), encoding: .utf8)
    try Fixtures.withTemporaryFolder { folder in
      try FileManager.default.createSymbolicLink(
        atPath: folder.appendingPathComponent("Fixtures").path,
        withDestinationPath: Fixtures.path(""))
      for step in Transcript(text).steps {
        let (output, exitCode) = try Binary.run(step.command, in: folder)
        #expect(exitCode == step.exitCode, "\(step.command): \(output)")
        let found = trimmed(
          output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        let expected = trimmed(step.expected)
        #expect(found.count == expected.count, "\(step.command):\n\(output)")
        for (left, right) in zip(found, expected) {
          #expect(LooseComparison.matches(left, right), "\(step.command)")
        }
      }
    }
  }

  @Test(arguments: [
    ("error 0.679 x", "error 0.680 x", true), ("error 0.679 x", "error 0.690 x", false),
    ("rank 17", "rank 18", false), ("4.06× · 212 ms", "4.06× · 1.2 s", true),
    ("a   b", "a b", true), ("(346.2 KiB", "(346.3 KiB", true), ("file x", "file y", false),
  ])
  func onlyMeasuredDigitsMayDiffer(left: String, right: String, isSame: Bool) {
    #expect(LooseComparison.matches(left, right) == isSame)
  }

  private func trimmed(_ lines: [String]) -> [String] {
    var lines = lines
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
