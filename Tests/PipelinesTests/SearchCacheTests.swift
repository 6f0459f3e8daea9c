import Compression
import Foundation
import JSON
import Models
import Pipelines
import TestSupport
import Testing

/// A search that goes on where it stopped.
@Suite struct SearchCacheTests {
  private func run(
    _ path: String, cache: String, in folder: URL, ratio: Double = 3, seed: UInt64 = 0
  ) throws -> CompressionOutcome {
    try Compress.run(
      CompressionRequest(
        input: path, output: folder.appendingPathComponent("out.h5").path,
        source: .planning(PlanningOptions(target: .ratio(ratio))),
        data: CompressionData(dataset: try DigitsModel.digits(), choiceCount: 200),
        settings: FactorizationSettings(seed: seed), force: true, toolVersion: "test",
        searchCache: cache))
  }

  @Test func aSecondRunAndAStoppedOneGiveTheSamePlan() throws {
    try DigitsModel.withFile { folder, path in
      let cache = folder.appendingPathComponent("search.json").path
      let first = try run(path, cache: cache, in: folder)
      let text = try String(contentsOfFile: cache, encoding: .utf8)
      let parsed = try JSONValue(parsing: Array(text.utf8))
      let entries = try #require(parsed["measured"]?.array)
      #expect(entries.count > 3)
      let second = try run(path, cache: cache, in: folder)
      #expect(second.plan == first.plan)
      #expect(second.candidates == first.candidates)
      #expect(try String(contentsOfFile: cache, encoding: .utf8) == text)
      // Stopped after three plans: the rest is measured, and the answer is the same.
      var root = try #require(parsed.object)
      root["measured"] = .array(Array(entries.prefix(3)))
      try JSONValue.object(root).serialized().write(
        toFile: cache, atomically: true, encoding: .utf8)
      let resumed = try run(path, cache: cache, in: folder)
      #expect(resumed.plan == first.plan)
      #expect(try String(contentsOfFile: cache, encoding: .utf8) == text)
    }
  }

  @Test func aCacheOfAnotherSeedOrAnotherFileIsRefused() throws {
    try DigitsModel.withFile { folder, path in
      let cache = folder.appendingPathComponent("search.json").path
      _ = try run(path, cache: cache, in: folder)
      let other = #expect(throws: PipelineError.self) {
        try run(path, cache: cache, in: folder, seed: 1)
      }
      #expect(other?.description.contains("another model file, data set or seed") == true)
      try "{\"format\": \"modelc-plan\"}".write(toFile: cache, atomically: true, encoding: .utf8)
      #expect(throws: PipelineError.self) { try run(path, cache: cache, in: folder) }
    }
  }
}
