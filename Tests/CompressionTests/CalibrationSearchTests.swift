import Models
import Tensors
import Testing

@testable import Compression

@Suite struct CalibrationSearchTests {
  private func planner(_ model: Model) throws -> Planner {
    let analyses = try KernelAnalyses(of: model, sites: model.kernelSites(), options: .init())
    return try Planner(model, analyses: analyses, options: PlanningOptions(target: .ratio(4)))
  }

  /// A loss that cares for the first layer only: its discarded rank counts.
  private func loss(_ planned: PlannedCompression) -> Double {
    switch planned.plan["dense/kernel"]?.action {
    case .factorize(_, let ranks)?: 88 - Double(ranks[0])
    default: 0
    }
  }

  @Test func searchLowersTheMeasuredLossWithinTheBudget() throws {
    let model = try SampleModels.mlp()
    let planner = try planner(model)
    let start = try planner.plan()
    var search = CalibrationSearch(planners: [planner], options: .init(firstFactor: 64)) {
      loss($0)
    }
    let best = try search.run()
    #expect(best.loss < loss(start))
    #expect(best.planned.parameterCount <= 21_015)
  }

  @Test func continuedSearchMeasuresNothingTwice() throws {
    let model = try SampleModels.mlp()
    let planner = try planner(model)
    var first = CalibrationSearch(planners: [planner]) { loss($0) }
    let best = try first.run()
    var count = 0
    var second = CalibrationSearch(planners: [planner], measured: first.measured) {
      count += 1
      return loss($0)
    }
    #expect(try second.run() == best)
    #expect(count == 0)
  }

  @Test func notANumberIsTheWorstLoss() throws {
    let model = try SampleModels.mlp()
    var search = CalibrationSearch(planners: [try planner(model)]) { _ in .nan }
    #expect(try search.run().loss == .infinity)
  }

  @Test func frontierFallsInSizeAndRisesInError() throws {
    let model = try SampleModels.mlp()
    let points = try planner(model).frontier(limit: 20)
    #expect(points.count <= 20)
    #expect(points.first?.parameterCount == 84_060)
    #expect(points.first?.estimatedError == 0)
    #expect(points.last?.parameterCount == 1254)
    for (larger, smaller) in zip(points, points.dropFirst()) {
      #expect(larger.parameterCount > smaller.parameterCount)
      #expect(larger.estimatedError < smaller.estimatedError)
    }
    let compressed = try points[points.count / 2].plan.applied(to: model)
    #expect(compressed.model.parameterCount == points[points.count / 2].parameterCount)
  }

  @Test func analyticRanksSeparateSignalFromNoise() throws {
    var generator = SeededGenerator(seed: 1)
    let signal = try SampleModels.matrix(120, 80, decay: 1, seed: 5)
    let noise = Tensor.normal([120, 80], standardDeviation: 0.005, generator: &generator)
    // Ten strong directions, the rest noise.
    let kernel = zip(signal.elements, noise.elements).map { $0 + $1 }
    var model = try SampleModels.mlp([120, 80, 10])
    model.layers[1].weights[0].weight = Weight(
      Parameter(Tensor(shape: [120, 80], elements: kernel)))
    let analyses = try KernelAnalyses(of: model, sites: model.kernelSites(), options: .init())
    let planner = try Planner(
      model, analyses: analyses,
      options: PlanningOptions(target: .ratio(1.2), allocation: .vbmf))
    let rank = try #require(planner.analyticRank(planner.kernels[0]))
    // σ_j = 1/j stands out of noise of about 0.005·(√120 + √80) = 0.1 up to j ≈ 10.
    #expect((7...13).contains(rank[0]))
    #expect(try planner.plan().compressionRatio >= 1.2)
  }
}
