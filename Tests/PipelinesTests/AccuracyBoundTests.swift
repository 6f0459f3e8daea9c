import Compression
import Foundation
import Models
import Pipelines
import TestSupport
import Testing
import Training

/// The smallest model that holds an accuracy.
@Suite struct AccuracyBoundTests {
  private func run(
    _ points: Double, _ path: String, in folder: URL, epochs: Int = 0
  ) throws -> CompressionOutcome {
    try Compress.run(
      CompressionRequest(
        input: path, output: folder.appendingPathComponent("\(points)-\(epochs).h5").path,
        source: .planning(PlanningOptions(target: .maximumAccuracyDrop(points: points))),
        data: CompressionData(
          dataset: try DigitsModel.digits(), choiceCount: 200, finetuneEpochs: epochs),
        toolVersion: "test", isExplained: true))
  }

  @Test func theBoundHoldsOnBothPartsAndMorePointsGiveNoLargerModel() throws {
    try DigitsModel.withFile { folder, path in
      var last = Int.max
      for points in [1.0, 5, 20] {
        let outcome = try run(points, path, in: folder)
        let bound = try #require(outcome.accuracyBound)
        // Half an example is no drop.
        #expect(bound.after >= bound.threshold - 0.5 / Double(bound.count))
        #expect(
          bound.validationAfter
            >= bound.validationBefore - points / 100 - 0.5 / Double(bound.validationCount))
        #expect(bound.count == 200 && bound.validationCount == 200)
        let after = try #require(outcome.after)
        #expect(after.parameterCount < outcome.before.parameterCount)
        #expect(after.parameterCount <= last)
        #expect(outcome.report?.accuracy == bound.validationAfter)
        #expect(!outcome.explanations.isEmpty)
        last = after.parameterCount
      }
    }
  }

  @Test func recoveryIsPartOfTheChoice() throws {
    try DigitsModel.withFile { folder, path in
      let tuned = try run(2, path, in: folder, epochs: 4)
      #expect(tuned.history.count == 4)
      let bound = try #require(tuned.accuracyBound)
      #expect(bound.after >= bound.threshold - 0.5 / Double(bound.count))
      // What was validated is what was written: it was not trained again.
      #expect(tuned.report?.accuracy == bound.validationAfter)
      #expect(try #require(tuned.after).parameterCount < tuned.before.parameterCount)
    }
  }

  @Test func aDryRunGivesThePlanOfTheRun() throws {
    try DigitsModel.withFile { folder, path in
      let real = try run(3, path, in: folder)
      let dry = try Compress.plan(
        CompressionRequest(
          input: path, output: folder.appendingPathComponent("none.h5").path,
          source: .planning(PlanningOptions(target: .maximumAccuracyDrop(points: 3))),
          data: CompressionData(dataset: try DigitsModel.digits(), choiceCount: 200),
          toolVersion: "test"))
      #expect(dry.plan == real.plan)
      #expect(dry.accuracyBound == real.accuracyBound)
      #expect(!real.candidates.isEmpty)
    }
  }

  @Test func withoutDataItIsRefused() throws {
    try DigitsModel.withFile { folder, path in
      let error = #expect(throws: PipelineError.self) {
        try Compress.run(
          CompressionRequest(
            input: path, output: folder.appendingPathComponent("out.h5").path,
            source: .planning(PlanningOptions(target: .maximumAccuracyDrop(points: 1))),
            toolVersion: "test"))
      }
      #expect(error?.description.contains("--data") == true)
    }
  }
}
