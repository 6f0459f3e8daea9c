import LinearAlgebra
import Models
import Tensors
import Testing

@testable import Compression

/// Every factorisation of the registry on every shape that it supports.
@Suite struct FactorizationTests {
  /// A kernel's shape, and the map that it reads.
  struct Sample: Sendable, CustomTestStringConvertible {
    let shape: Shape
    var map: Shape?
    var testDescription: String { "\(shape)" }

    var site: KernelSite {
      KernelSite(
        path: "layer/kernel", layerPath: "layer", shape: shape,
        structure: shape.order == 2 ? .matrix : .convolution(windowAxes: shape.order - 2),
        form: .dense, ranks: [], parameterCount: shape.count, byteCount: 4 * shape.count,
        scalarType: .float32, besideCount: shape.last, hasBias: true, inputPositions: 10,
        outputPositions: 10, mapShape: map)
    }
  }

  static let samples: [Sample] = [
    Sample(shape: [40, 12]), Sample(shape: [12, 40]), Sample(shape: [16, 16]),
    Sample(shape: [1, 9]), Sample(shape: [9, 1]), Sample(shape: [30, 8], map: [6, 5, 1]),
    Sample(shape: [1, 1, 10, 14]), Sample(shape: [3, 3, 6, 10]), Sample(shape: [3, 2, 10, 4]),
    Sample(shape: [5, 8, 6]), Sample(shape: [130, 110]),
  ]

  private func kernel(_ shape: Shape, seed: UInt64 = 4) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor.normal(shape, generator: &generator)
  }

  private func fitting(_ sample: Sample) -> [any Factorization] {
    Factorizations.all.map { $0.init() }.filter { $0.obstacle(to: sample.site) == nil }
  }

  @Test(arguments: samples)
  func fullRankReproducesTheKernel(sample: Sample) throws {
    let kernel = kernel(sample.shape)
    #expect(!fitting(sample).isEmpty || sample.shape == [1, 9])
    for factorization in fitting(sample) {
      let ranks = sample.site.fullRanks(type(of: factorization).form)
      let result = try factorization.factorize(
        kernel, at: sample.site, ranks: ranks, statistics: nil, weighting: .none,
        settings: FactorizationSettings())
      #expect(kernel.relativeError(of: try result.weight.reconstructed()) < 2e-5)
    }
  }

  @Test(arguments: samples)
  func parametersAreKnownBeforehand(sample: Sample) throws {
    let kernel = kernel(sample.shape)
    for factorization in fitting(sample) {
      let ranks = sample.site.fullRanks(type(of: factorization).form).map { max(1, $0 / 2) }
      let result = try factorization.factorize(
        kernel, at: sample.site, ranks: ranks, statistics: nil, weighting: .none,
        settings: FactorizationSettings())
      #expect(
        result.weight.parameterCount == factorization.parameterCount(at: sample.site, ranks: ranks))
      #expect(result.weight.ranks == ranks)
      #expect(result.weight.denseShape == sample.shape)
    }
  }

  @Test(arguments: samples)
  func errorFallsWithTheRankAndIsPredicted(sample: Sample) throws {
    let kernel = kernel(sample.shape)
    for factorization in fitting(sample) {
      let prepared = try factorization.prepare(
        kernel, at: sample.site, statistics: nil, weighting: .none,
        settings: FactorizationSettings())
      let full = sample.site.fullRanks(prepared.form)
      var last = Double.infinity
      for share in [4, 3, 2, 1] {
        var ranks = full.map { max(1, $0 / share) }
        if prepared.form == .tensorised { ranks[2] = min(ranks[2], ranks[0] * ranks[1]) }
        let weight = try prepared.factorize(kernel, ranks: ranks).weight
        let error = try ResidualError.measure(weight, against: kernel)
        #expect(error <= last + 1e-6)
        last = error
        let predicted = (prepared.discardedEnergy(ranks: ranks) / prepared.energy).squareRoot()
        // Iteration may only improve on what planning predicted.
        #expect(error <= predicted + 1e-4)
        if prepared.form == .lowRank { #expect(abs(error - predicted) < 1e-4) }
      }
    }
  }

  @Test(arguments: [1, 3, 8, 11])
  func lowRankErrorIsEckartYoungs(rank: Int) throws {
    let tensor = try SampleModels.matrix(30, 12, seed: 3)
    let sample = Sample(shape: [30, 12])
    let weight = try TruncatedSVDFactorization().factorize(
      tensor, at: sample.site, ranks: [rank], statistics: nil, weighting: .none,
      settings: FactorizationSettings()
    ).weight
    let squares = (0..<12).map { SampleModels.sigma($0) * SampleModels.sigma($0) }
    let expected = (squares[rank...].reduce(0, +) / squares.reduce(0, +)).squareRoot()
    #expect(abs(try ResidualError.measure(weight, against: tensor) - expected) < 1e-5)
    let record = try #require(weight.record)
    #expect(record.basis == .svd)
    for (value, index) in zip(record.spectra[0].values, 0...) {
      #expect(abs(value - SampleModels.sigma(index)) < 1e-4)
    }
  }

  @Test func randomisedRouteIsTakenWhenForced() throws {
    let tensor = try SampleModels.matrix(60, 40, seed: 3)
    let sample = Sample(shape: [60, 40])
    let weight = try TruncatedSVDFactorization().factorize(
      tensor, at: sample.site, ranks: [5], statistics: nil, weighting: .none,
      settings: FactorizationSettings(svd: .randomized, seed: 7)
    ).weight
    #expect(weight.record?.route?.contains("randomized") == true)
    let again = try TruncatedSVDFactorization().factorize(
      tensor, at: sample.site, ranks: [5], statistics: nil, weighting: .none,
      settings: FactorizationSettings(svd: .randomized, seed: 7)
    ).weight
    #expect(try weight.reconstructed() == again.reconstructed())
  }

  @Test(arguments: samples)
  func zeroKernelHasNoError(sample: Sample) throws {
    let kernel = Tensor.zeros(sample.shape)
    for factorization in fitting(sample) {
      let prepared = try factorization.prepare(
        kernel, at: sample.site, statistics: nil, weighting: .none,
        settings: FactorizationSettings())
      let ranks = sample.site.fullRanks(prepared.form).map { _ in 1 }
      let weight = try prepared.factorize(kernel, ranks: ranks).weight
      #expect(try weight.reconstructed() == kernel)
    }
  }

  @Test(arguments: samples)
  func notFiniteKernelIsRefusedByName(sample: Sample) throws {
    var elements = kernel(sample.shape).elements
    elements[elements.count / 2] = .nan
    let broken = Tensor(shape: sample.shape, elements: elements)
    for factorization in fitting(sample) {
      let error = #expect(throws: CompressionError.self) {
        try factorization.factorize(
          broken, at: sample.site, ranks: sample.site.fullRanks(type(of: factorization).form),
          statistics: nil, weighting: .none, settings: FactorizationSettings())
      }
      #expect(error == .notFinite(path: "layer/kernel"))
    }
  }

  @Test(arguments: samples)
  func ranksBeyondTheKernelAreRefused(sample: Sample) throws {
    let kernel = kernel(sample.shape)
    for factorization in fitting(sample) {
      let full = sample.site.fullRanks(type(of: factorization).form)
      for ranks in [full.map { $0 + 1 }, full.map { _ in 0 }, full + [1, 1], []] {
        #expect(throws: CompressionError.self) {
          try factorization.factorize(
            kernel, at: sample.site, ranks: ranks, statistics: nil, weighting: .none,
            settings: FactorizationSettings())
        }
      }
    }
  }

  @Test func iterationImprovesOnItsStart() throws {
    let sample = Sample(shape: [3, 3, 16, 20])
    let tensor = kernel(sample.shape)
    func error(sweeps: Int) throws -> Double {
      let weight = try Tucker2Factorization().factorize(
        tensor, at: sample.site, ranks: [6, 7], statistics: nil, weighting: .none,
        settings: FactorizationSettings(maximumSweeps: sweeps, tolerance: 0)
      ).weight
      return try ResidualError.measure(weight, against: tensor)
    }
    let start = try error(sweeps: 0)
    let last = try error(sweeps: 10)
    #expect(last < start)
    #expect(try error(sweeps: 1) <= start)
  }

  @Test func everyFactorizationHasItsNameAndForm() throws {
    let names = Factorizations.all.map { $0.identifier }
    #expect(Set(names).count == names.count)
    for name in names { #expect(try type(of: Factorizations.named(name)).identifier == name) }
    let error = #expect(throws: SpecificationError.self) { try Factorizations.named("tucker") }
    #expect(error?.description.contains("did you mean 'tucker2'?") == true)
  }
}
