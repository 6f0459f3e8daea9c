import Models
import Tensors
import Testing

@testable import Compression

@Suite struct PlanningTests {
  private func plan(
    _ model: Model, _ target: CompressionTarget, allocation: AllocationChoice = .global,
    include: [Glob] = [], exclude: [Glob] = [], encoding: StoredEncoding? = nil,
    forms: FormChoice = .automatic
  ) throws -> (planned: PlannedCompression, analyses: KernelAnalyses) {
    let analyses = try KernelAnalyses(
      of: model, sites: model.kernelSites(), options: .init(forms: forms))
    let planner = try Planner(
      model, analyses: analyses,
      options: PlanningOptions(
        target: target, allocation: allocation, forms: forms, include: include, exclude: exclude,
        encoding: encoding))
    return (try planner.plan(), analyses)
  }

  @Test(arguments: [("1/2", 48_410), ("1/4", 24_180), ("1/8", 11_728)])
  func halvedRanksHaveThePublishedCounts(rank: String, parameters: Int) throws {
    let model = try SampleModels.mlp()
    let (planned, analyses) = try plan(model, .rank(RankSpecification(parsing: rank)))
    #expect(planned.parameterCount == parameters)
    let compressed = try planned.plan.applied(to: model, analyses: analyses)
    #expect(compressed.model.parameterCount == parameters)
  }

  @Test(arguments: [1.0, 1.5, 2, 4, 8, 16, 32], [AllocationChoice.global, .uniform])
  func everyParameterCountsTowardsTheRatio(
    ratio: Double, allocation: AllocationChoice
  ) throws {
    let model = try SampleModels.mlp()
    let (planned, analyses) = try plan(model, .ratio(ratio), allocation: allocation)
    let compressed = try planned.plan.applied(to: model, analyses: analyses)
    #expect(compressed.model.parameterCount == planned.parameterCount)
    #expect(Double(compressed.model.parameterCount) * ratio <= 84_060)
    #expect(planned.compressionRatio >= ratio)
    try compressed.model.validate()
  }

  @Test func globalRanksHaveTheLeastError() throws {
    let model = try SampleModels.mlp()
    let (planned, analyses) = try plan(model, .ratio(4))
    let budget = 84_060 / 4 - 160
    var best = Double.infinity
    func error(_ path: String, _ rank: Int, _ full: Int) -> Double {
      guard let prepared = analyses[path]?.prepared.first, rank <= full else { return 0 }
      return -naturalLogarithm(
        1 - prepared.discardedEnergy(ranks: [rank]) / prepared.energy)
    }
    // One beyond the largest saving rank stands for dense.
    for first in 1...89 {
      for second in 1...34 {
        for third in 1...9 {
          let cost =
            (first <= 88 ? first * 884 : 78_400) + (second <= 33 ? second * 150 : 5000)
            + (third <= 8 ? third * 60 : 500)
          if cost > budget { continue }
          best = min(
            best,
            error("dense/kernel", first, 88) + error("dense_1/kernel", second, 33)
              + error("dense_2/kernel", third, 8))
        }
      }
    }
    #expect(planned.isExact)
    #expect(abs(planned.estimatedError - best) <= 1e-12 * best)
  }

  @Test func unreachableRatioNamesOneThatWorks() throws {
    let model = try SampleModels.mlp()
    let error = #expect(throws: CompressionError.self) { try plan(model, .ratio(1000)) }
    // 884 + 150 + 60 + 160 parameters are the least: 84,060 ÷ 1254 = 67.03…
    #expect(error?.description.contains("67.03") == true, "\(error?.description ?? "")")
    let (planned, _) = try plan(model, .ratio(67.03))
    #expect(planned.parameterCount == 1254)
  }

  @Test func budgetsOfParametersAndBytesHold() throws {
    let model = try SampleModels.mlp()
    #expect(try plan(model, .maximumParameters(9000)).planned.parameterCount <= 9000)
    let (planned, analyses) = try plan(model, .maximumBytes(20_000), encoding: .int8)
    #expect(planned.byteCount <= 20_000)
    let compressed = try planned.plan.applied(to: model, analyses: analyses)
    #expect(compressed.model.byteCount == planned.byteCount)
  }

  @Test func multiplicationBudgetHolds() throws {
    let model = try SampleModels.cnn()
    let dense = model.structure().multiplications.values.reduce(0, +)
    let (planned, analyses) = try plan(model, .maximumMultiplications(dense / 2))
    let compressed = try planned.plan.applied(to: model, analyses: analyses)
    let after = compressed.model.structure().multiplications.values.reduce(0, +)
    #expect(after == planned.multiplications)
    #expect(after <= dense / 2)
  }

  @Test func excludedLayersAreKept() throws {
    let model = try SampleModels.mlp()
    let (planned, _) = try plan(model, .ratio(2), exclude: [Glob("dense_*")])
    #expect(planned.plan["dense_1/kernel"]?.action == .keep)
    #expect(planned.plan["dense_2/kernel"]?.action == .keep)
    #expect(planned.plan["dense/kernel"]?.action != .keep)
    let (included, _) = try plan(model, .ratio(2), include: [Glob("dense")])
    #expect(included.plan["dense_1/kernel"]?.action == .keep)
  }

  @Test func patternWithoutMatchSuggestsALayer() throws {
    let model = try SampleModels.mlp()
    let error = #expect(throws: SpecificationError.self) {
      try plan(model, .ratio(2), exclude: [Glob("dense_7")])
    }
    #expect(error?.description.contains("did you mean 'dense") == true)
  }

  @Test func rankThatDoesNotSaveKeepsTheLayerWithTheReason() throws {
    let model = try SampleModels.mlp()
    let (planned, _) = try plan(
      model, .rank(RankSpecification(parsing: "dense=50,dense_2=9")))
    #expect(planned.plan["dense/kernel"]?.action == .factorize(.lowRank, ranks: [50]))
    #expect(planned.plan["dense_1/kernel"]?.action == .keep)
    #expect(planned.plan["dense_2/kernel"]?.action == .keep)
    #expect(planned.plan["dense_2/kernel"]?.reason == "rank 9 would need 550 of 510")
  }

  @Test func energyAndErrorThresholdsHoldPerKernel() throws {
    let model = try SampleModels.mlp()
    let (energetic, analyses) = try plan(model, .energy(0.9))
    let first = try energetic.plan.applied(to: model, analyses: analyses)
    for report in first.reports {
      #expect(try #require(report.relativeError) <= (0.1).squareRoot() + 1e-5)
    }
    let (bounded, _) = try plan(model, .maximumError(0.2))
    let second = try bounded.plan.applied(to: model, analyses: analyses)
    #expect(second.model.parameterCount < model.parameterCount)
    for report in second.reports { #expect(try #require(report.relativeError) <= 0.2 + 1e-5) }
  }

  @Test func convolutionsTakeTheBetterForm() throws {
    let model = try SampleModels.cnn()
    let (planned, analyses) = try plan(model, .ratio(3))
    #expect(planned.plan["conv/kernel"]?.action == .keep)
    let compressed = try planned.plan.applied(to: model, analyses: analyses)
    #expect(compressed.model.parameterCount == planned.parameterCount)
    #expect(compressed.model.parameterCount * 3 <= model.parameterCount)
    let tucker = try plan(model, .ratio(1.15), forms: .only(.tucker2)).planned
    for decision in tucker.plan.kernels {
      if case .factorize(let form, _) = decision.action { #expect(form == .tucker2) }
    }
  }

  @Test func halfRanksOfConvolutionsHalveBothChannels() throws {
    let model = try SampleModels.cnn()
    let (planned, _) = try plan(model, .rank(RankSpecification(parsing: "1/2")))
    #expect(planned.plan["conv_1/kernel"]?.action == .factorize(.tucker2, ranks: [4, 6]))
    #expect(planned.plan["point/kernel"]?.action == .factorize(.lowRank, ranks: [3]))
    #expect(planned.plan["dense/kernel"]?.action == .factorize(.lowRank, ranks: [5]))
  }

  /// One input channel behind a 3×3 window can tell nine outputs apart.
  @Test func sharesOfFewChannelsDoNotAskForMoreOutputsThanTheCoreHas() throws {
    let model = Model.sequential(
      name: "cnn",
      layers: [
        Layer(path: "input", kind: .input(Input(shape: [8, 8, 2]))),
        try SampleModels.convolution("conv", window: [3, 3], 2, 64, seed: 1),
      ])
    let (planned, _) = try plan(
      model, .rank(RankSpecification(parsing: "1/2")), forms: .only(.tucker2))
    #expect(planned.plan["conv/kernel"]?.action == .factorize(.tucker2, ranks: [1, 9]))
  }

  @Test func planOfAnotherFileIsRefused() throws {
    let model = try SampleModels.mlp()
    let plan = CompressionPlan(sourceDigest: "0123456789abcdef", kernels: [])
    let error = #expect(throws: CompressionError.self) {
      try plan.applied(to: model, options: ApplyOptions(sourceDigest: "fedcba9876543210"))
    }
    #expect(error?.description.contains("0123456789ab") == true)
  }

  @Test func planForAMissingKernelSuggestsOne() throws {
    let model = try SampleModels.mlp()
    let plan = CompressionPlan(kernels: [.init(path: "dense_9/kernel", action: .keep)])
    let error = #expect(throws: CompressionError.self) { try plan.applied(to: model) }
    #expect(error?.description.contains("did you mean 'dense") == true)
  }
}
