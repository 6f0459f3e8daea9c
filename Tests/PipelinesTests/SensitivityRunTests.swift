import Compression
import Foundation
import Models
import Datasets
import Programs
import Tensors
import TestSupport
import Testing
import Training

@testable import Pipelines

/// What each kernel can lose, on real data.
@Suite struct SensitivityRunTests {
  private func request(
    _ path: String, axis: SensitivityAnalysis.Axis, output: String = "",
    tolerances: [(pattern: Glob, tolerance: Double)] = []
  ) throws -> SensitivityRequest {
    SensitivityRequest(
      CompressionRequest(
        input: path, output: output, source: .planning(PlanningOptions(target: .ratio(1))),
        data: CompressionData(dataset: try DigitsModel.digits(), choiceCount: 200),
        toolVersion: "test"), axis: axis, tolerance: 0.01, tolerances: tolerances)
  }

  @Test(arguments: SensitivityAnalysis.Axis.allCases)
  func everyKernelIsMeasuredAndTheModelFollows(axis: SensitivityAnalysis.Axis) throws {
    try DigitsModel.withFile { folder, path in
      let output = folder.appendingPathComponent("knees.h5").path
      let outcome = try Sensitivity.run(request(path, axis: axis, output: output))
      #expect(outcome.kernels.map(\.path) == ["dense/kernel", "dense_1/kernel", "dense_2/kernel"])
      for kernel in outcome.kernels {
        #expect(!kernel.points.isEmpty)
        #expect(kernel.unchanged.loss == outcome.unchanged.loss)
        #expect(kernel.spectra.isEmpty == (axis != .rank))
        if axis == .prune, let most = kernel.points.first, let least = kernel.points.last {
          #expect(most.loss > least.loss)
          #expect(abs(least.loss - kernel.unchanged.loss) < 0.2)
        }
      }
      let small = try OpenedModel(output).wholeModel()
      let bound = try BoundData(
        DigitsModel.digits(), to: small, program: small.lowered(), requested: nil)
      #expect(try #require(small.evaluated(on: bound).accuracy) > 0.8)
      #expect((outcome.plan != nil) == (axis == .rank))
      if axis == .rank { #expect(small.parameterCount == outcome.parameterCount) }
    }
  }

  @Test func aToleranceOfItsOwnMovesOneKneeOnly() throws {
    try DigitsModel.withFile { _, path in
      let common = try Sensitivity.run(request(path, axis: .rank))
      let special = try Sensitivity.run(
        request(path, axis: .rank, tolerances: [(try Glob("dense"), 0.5)]))
      #expect(special.tolerances == [0.5, 0.01, 0.01])
      let sizes = [common, special].map { $0.knee(0)?.parameterCount ?? Int.max }
      #expect(sizes[1] < sizes[0])
      #expect(special.knee(1) == common.knee(1))
    }
  }

  @Test func theRestAloneGivesTheLossOfTheWhole() throws {
    let model = try OpenedModel(Fixtures.path("keras/digits-cnn-k2.h5")).wholeModel()
    let program = try model.lowered()
    let data = try BoundData(
      DigitsModel.digits(limit: 200), to: model, program: program,
      requested: .init(scale: 1 / 16))
    let evaluation = RestEvaluation(model, on: data, threads: 1)
    for reference in model.kernels {
      let full = model[reference].kind == .dense ? model[reference].denseShape.last : 1
      var changed = model
      let plan = CompressionPlan(kernels: [
        .init(
          path: reference.path, action: .factorize(.lowRank, ranks: [max(1, full / 2)]))
      ])
      if let made = try? plan.applied(to: model) { changed = made.model }
      for candidate in [model, changed] {
        let whole = try candidate.evaluated(on: data)
        let rest = try evaluation.evaluate(candidate, kernel: reference.path)
        #expect(abs(whole.loss - rest.loss) <= 1e-6 * max(whole.loss, 1e-3), "\(reference.path)")
        #expect(whole.correctCount == rest.correctCount)
      }
    }
  }

  @Test func theNarrowestPlaceOfAResidualNetworkIsCrossedByOneValue() throws {
    var builder = ProgramBuilder()
    let input = builder.input([4], name: "x")
    let first = builder.parameter(name: "a", shape: [4, 4])
    let second = builder.parameter(name: "b", shape: [4, 4])
    let before = try builder.append(.activation(.relu()), input, origin: "relu")
    let left = try builder.append(.matmul(first), before, origin: "a")
    let right = try builder.append(.matmul(second), left, origin: "b")
    let sum = try builder.append(.elementwise(.add), operands: [before, right], origin: "sum")
    let program = builder.finish(outputs: [sum])
    // Between `a` and `b` two values are alive: the only narrow place is before `a`.
    let narrow = try #require(program.narrowPosition(upTo: 2))
    #expect(narrow.position == 1)
    #expect(narrow.value == before)
    #expect(program.rest(from: 1, input: before).instructions.map(\.origin) == ["a", "b", "sum"])
    #expect(program.narrowPosition(upTo: 0)?.value == input)
  }
}
