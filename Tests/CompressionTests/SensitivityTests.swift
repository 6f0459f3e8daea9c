import Models
import Tensors
import Testing

@testable import Compression

@Suite struct SensitivityTests {
  /// A loss that is the squared relative error of the changed kernel.
  private func analysis(
    _ model: Model, _ axis: SensitivityAnalysis.Axis, tolerance: Double = 0.01
  ) throws -> SensitivityAnalysis {
    let analyses = try KernelAnalyses(
      of: model, sites: model.kernelSites(), options: .init(forms: .automatic))
    return SensitivityAnalysis(
      model, analyses: analyses, axis: axis, tolerance: tolerance
    ) { reference, changed in
      let error = try model[reference].reconstructed().relativeError(
        of: changed[reference].reconstructed())
      return (loss: 1 + error * error, accuracy: nil)
    }
  }

  @Test func kneeIsTheSmallestRankWhoseLaterGainsAreSmall() throws {
    let model = try SampleModels.mlp([60, 40, 10])
    let tolerance = 0.01
    let result = try analysis(model, .rank, tolerance: tolerance).run(model.kernels[0])
    let knee = try #require(result.knee(tolerance: tolerance))
    // σ_j = 1/j: rank j gains σ_j²/Σσ², below 1 % from j = 8 on; the rest is 1.6 %.
    let energy = (0..<40).reduce(0.0) { $0 + SampleModels.sigma($1) * SampleModels.sigma($1) }
    let expected = (1..<40).first { rank in
      SampleModels.sigma(rank) * SampleModels.sigma(rank) / energy < tolerance
    }
    guard case .ranks(.lowRank, let ranks) = knee.setting else {
      Issue.record("\(knee.setting)")
      return
    }
    #expect(abs(ranks[0] - (expected ?? 0)) <= 1)
    for (smaller, larger) in zip(result.points, result.points.dropFirst()) {
      #expect(smaller.loss >= larger.loss - 1e-6)
    }
  }

  @Test func planOfTheKneesIsApplied() throws {
    let model = try SampleModels.mlp([60, 40, 10])
    let analysis = try analysis(model, .rank)
    let results = try model.kernels.map { try analysis.run($0) }
    let plan = CompressionPlan(
      knees: results, tolerance: 0.01, tolerances: ["dense_1/kernel": 1e-9])
    #expect(plan["dense/kernel"]?.action != .keep)
    #expect(plan["dense_1/kernel"]?.action == .keep)
    let small = try plan.applied(to: model).model
    #expect(small.parameterCount < model.parameterCount)
  }

  @Test func pruningAndEncodingAreMeasured() throws {
    let model = try SampleModels.mlp([60, 40, 10])
    let pruned = try analysis(model, .prune).run(model.kernels[0])
    #expect(pruned.points.first?.setting == .sparsity(0.98))
    for (sparser, denser) in zip(pruned.points, pruned.points.dropFirst()) {
      #expect(sparser.relativeError > denser.relativeError)
    }
    let encoded = try analysis(model, .dtype).run(model.kernels[0])
    #expect(
      encoded.points.map(\.setting) == [
        .encoding(.int8), .encoding(.bfloat16), .encoding(.float16),
      ])
    #expect(encoded.points[0].byteCount < encoded.points[1].byteCount)
  }

  @Test func measuredLossesSteerTheAllocation() throws {
    let model = try SampleModels.mlp([60, 40, 30, 10])
    let analyses = try KernelAnalyses(of: model, sites: model.kernelSites(), options: .init())
    let planner = try Planner(
      model, analyses: analyses, options: PlanningOptions(target: .ratio(3)))
    // Only the second kernel matters.
    let analysis = SensitivityAnalysis(model, analyses: analyses, axis: .rank) {
      reference, changed in
      let error = try model[reference].reconstructed().relativeError(
        of: changed[reference].reconstructed())
      return (loss: reference.path == "dense_1/kernel" ? 1 + error * error : 1, accuracy: nil)
    }
    let steered = try planner.using(model.kernels.map { try analysis.run($0) }).plan()
    let estimated = try planner.plan()
    func parameters(_ planned: PlannedCompression) throws -> Int {
      let small = try planned.plan.applied(to: model, analyses: analyses).model
      return try #require(small.layers[2].weight("kernel")).parameterCount
    }
    #expect(steered.compressionRatio >= 3)
    #expect(try parameters(steered) > parameters(estimated))
  }
}
