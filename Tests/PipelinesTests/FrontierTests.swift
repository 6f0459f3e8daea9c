import Compression
import Foundation
import Models
import Pipelines
import TestSupport
import Testing
import Training

/// What every size would cost, before anything is changed.
@Suite struct FrontierTests {
  private func frontier(
    _ path: String, data: CompressionData?, limit: Int = 10
  ) throws -> FrontierOutcome {
    try Frontier.run(
      CompressionRequest(
        input: path, output: "", source: .planning(PlanningOptions(target: .ratio(1))),
        data: data, toolVersion: "test"), limit: limit)
  }

  @Test func measuredPointsFallInSizeAndRiseInLoss() throws {
    try DigitsModel.withFile { _, path in
      let data = CompressionData(dataset: try DigitsModel.digits(), choiceCount: 200)
      let outcome = try frontier(path, data: data)
      #expect(outcome.points.count > 3 && outcome.points.count <= 10)
      #expect(outcome.triedCount > outcome.points.count)
      let whole = try #require(outcome.points.first)
      #expect(whole.estimate.parameterCount == outcome.before.parameterCount)
      #expect(whole.estimate.plan.kernels.allSatisfy { $0.action == .keep })
      for (larger, smaller) in zip(outcome.points, outcome.points.dropFirst()) {
        #expect(larger.estimate.parameterCount > smaller.estimate.parameterCount)
        let losses = (try #require(larger.choice).loss, try #require(smaller.choice).loss)
        // The model as it is stays in the list even where a smaller one measures better.
        #expect(losses.0 < losses.1 || larger.estimate.plan == whole.estimate.plan)
      }
    }
  }

  @Test func aPointsPlanGivesItsPointsSizeAndLoss() throws {
    try DigitsModel.withFile { folder, path in
      let data = CompressionData(dataset: try DigitsModel.digits(), choiceCount: 200)
      let outcome = try frontier(path, data: data)
      let point = try #require(outcome.point(reaching: 2))
      let written = try Compress.run(
        CompressionRequest(
          input: path, output: folder.appendingPathComponent("small.h5").path,
          source: .plan(point.estimate.plan), data: data, toolVersion: "test"))
      #expect(written.after?.parameterCount == point.estimate.parameterCount)
      #expect(written.report?.loss == point.report?.loss)
    }
  }

  @Test func explanationsAddUpAndNameWhatWasRefused() throws {
    try DigitsModel.withFile { _, path in
      let outcome = try frontier(path, data: nil)
      let point = try #require(outcome.point(reaching: 2))
      #expect(point.choice == nil)
      let explanations = outcome.explanations(of: point)
      #expect(explanations.map(\.path) == point.estimate.plan.kernels.map(\.path))
      let total = explanations.reduce(0) { $0 + $1.error }
      #expect(abs(total - point.estimate.estimatedError) <= 1e-9 * total)
      let shares = explanations.compactMap(\.errorShare).reduce(0, +)
      #expect(abs(shares - 1) <= 1e-9)
      for item in explanations {
        // Tucker-2 serves no matrix, and that is said.
        #expect(item.refusals.contains { $0.form == .tucker2 && !$0.reason.isEmpty })
        if let step = item.larger { #expect(step.parameterChange > 0 && step.errorChange < 0) }
        if let step = item.smaller { #expect(step.parameterChange < 0 && step.errorChange > 0) }
        if case .factorize = item.decision.action {
          #expect(item.parametersAfter < item.parametersBefore)
          #expect(item.refusals.contains { $0.form == .dense })
        }
      }
    }
  }
}
