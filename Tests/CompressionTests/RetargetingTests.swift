import Models
import Tensors
import Testing

@testable import Compression

/// Compressing a compressed model again starts from its factors.
@Suite struct RetargetingTests {
  private func compressed(
    _ model: Model, _ target: CompressionTarget
  ) throws -> CompressedModel {
    let analyses = try KernelAnalyses(of: model, sites: model.kernelSites(), options: .init())
    let planned = try Planner(
      model, analyses: analyses, options: PlanningOptions(target: target)
    ).plan()
    return try planned.plan.applied(to: model, analyses: analyses)
  }

  @Test func secondStepEqualsTheDirectOne() throws {
    let model = try SampleModels.mlp()
    let first = try compressed(model, .rank(RankSpecification(parsing: "1/2"))).model
    let second = try compressed(first, .rank(RankSpecification(parsing: "dense=12"))).model
    let direct = try compressed(model, .rank(RankSpecification(parsing: "dense=12"))).model
    let one = try #require(second.layers[1].weight("kernel"))
    let two = try #require(direct.layers[1].weight("kernel"))
    #expect(one.ranks == [12])
    #expect(try two.reconstructed().relativeError(of: one.reconstructed()) < 1e-4)
    // The error is still that against the first kernel.
    let (left, right) = (one.record?.relativeError, two.record?.relativeError)
    #expect(abs(try #require(left) - #require(right)) < 1e-4)
  }

  @Test func ratioCountsFromTheCompressedModel() throws {
    let model = try compressed(SampleModels.mlp(), .ratio(2)).model
    let again = try compressed(model, .ratio(2)).model
    #expect(again.parameterCount * 2 <= model.parameterCount)
    #expect(again.parameterCount * 4 <= 84_060)
  }

  @Test func tuckerCoreIsReduced() throws {
    let model = try SampleModels.cnn()
    let half = try compressed(model, .rank(RankSpecification(parsing: "conv_1=6x8"))).model
    let third = try compressed(half, .rank(RankSpecification(parsing: "conv_1=3x5"))).model
    let direct = try compressed(model, .rank(RankSpecification(parsing: "conv_1=3x5"))).model
    func error(_ candidate: Model) throws -> Double {
      let kernel = try #require(model.layers[2].weight("kernel")).reconstructed()
      let weight = try #require(candidate.layers[2].weight("kernel"))
      #expect(weight.ranks == [3, 5])
      return kernel.relativeError(of: try weight.reconstructed())
    }
    #expect(try error(third) <= error(direct) * 1.02)
    let recorded = third.layers[2].weight("kernel")?.record?.relativeError
    #expect(abs(try #require(recorded) - error(third)) < 0.02)
  }

  @Test func sameRanksKeepTheBytes() throws {
    let model = try compressed(SampleModels.mlp(), .rank(RankSpecification(parsing: "1/4"))).model
    let again = try compressed(model, .rank(RankSpecification(parsing: "1/4"))).model
    for (before, after) in zip(model.layers, again.layers) {
      for (one, two) in zip(before.weights, after.weights) {
        for (left, right) in zip(one.weight.components, two.weight.components) {
          #expect(try left.parameter.raw() == right.parameter.raw())
        }
      }
    }
  }

  @Test func anotherFormOfACompressedKernelIsRefused() throws {
    let model = try compressed(SampleModels.mlp(), .ratio(2)).model
    let plan = CompressionPlan(kernels: [
      .init(path: "dense/kernel", action: .factorize(.tensorised, ranks: [4, 4, 4]))
    ])
    let error = #expect(throws: CompressionError.self) { try plan.applied(to: model) }
    #expect(error?.description.contains("expand the model first") == true)
  }

  @Test func expansionRebuildsDenseKernels() throws {
    let model = try SampleModels.cnn()
    let small = try compressed(model, .ratio(3)).model
    let dense = try small.expanded()
    #expect(dense.parameterCount == model.parameterCount)
    #expect(dense.layers.map(\.path) == model.layers.map(\.path))
    for reference in dense.kernels {
      #expect(dense[reference].kind == .dense)
      #expect(try dense[reference].reconstructed() == small[reference].reconstructed())
    }
  }

  @Test func untouchedTensorsKeepTheirBytes() throws {
    let model = try SampleModels.mlp()
    let small = try compressed(model, .rank(RankSpecification(parsing: "dense=5"))).model
    for layer in [2, 3] {
      for (before, after) in zip(model.layers[layer].weights, small.layers[layer].weights) {
        #expect(
          try before.weight.components[0].parameter.raw()
            == after.weight.components[0].parameter.raw())
      }
    }
  }

  @Test func workOnTwoThreadsGivesTheSameBytes() throws {
    let model = try SampleModels.cnn()
    let analyses = try KernelAnalyses(of: model, sites: model.kernelSites(), options: .init())
    let plan = try Planner(
      model, analyses: analyses, options: PlanningOptions(target: .ratio(3))
    ).plan().plan
    let one = try plan.applied(to: model, options: ApplyOptions(threads: 1)).model
    let two = try plan.applied(to: model, options: ApplyOptions(threads: 2)).model
    for (left, right) in zip(one.kernels, two.kernels) {
      for (a, b) in zip(one[left].components, two[right].components) {
        #expect(try a.parameter.raw() == b.parameter.raw())
      }
    }
  }
}
