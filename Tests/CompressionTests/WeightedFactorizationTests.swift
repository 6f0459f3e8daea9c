import LinearAlgebra
import Models
import Programs
import Tensors
import Testing

@testable import Compression

/// Closed forms against the definition: the sample mean of the squared output error.
@Suite struct WeightedFactorizationTests {
  /// What calibration data may look like.
  enum Inputs: String, CaseIterable, Sendable {
    case plain, constantFeatures, fewSamples, dependentFeatures, zero
  }

  struct Case {
    let site: KernelSite
    let kernel: Tensor
    let bias: [Double]
    let inputs: DoubleMatrix
    let statistics: KernelStatistics
  }

  /// A Dense kernel [rows × outputs] on a map, with samples and what they accumulate to.
  private func make(
    _ kind: Inputs, map: Shape = [4, 3, 1], outputs: Int = 7, seed: UInt64 = 1,
    gradients: Bool = false
  ) throws -> Case {
    var generator = SeededGenerator(seed: seed)
    let rows = map.count
    let count = kind == .fewSamples ? 5 : 200
    var samples = Tensor.normal([count, rows], generator: &generator).elements
    for sample in 0..<count {
      for row in 0..<rows {
        let index = sample * rows + row
        // Unequal variances and a mean that is not zero.
        samples[index] = samples[index] * Float(row % 4 + 1) / 2 + Float(row % 3)
        switch kind {
        case .constantFeatures where row % 3 == 0: samples[index] = 0.5
        case .dependentFeatures where row > 0 && row % 2 == 1:
          samples[index] = 2 * samples[index - 1]
        case .zero: samples[index] = 0
        default: break
        }
      }
    }
    let kernel = Tensor.normal([rows, outputs], generator: &generator)
    var accumulator = KernelAccumulator(kernel: kernel)
    // In two parts, which must add up.
    let cut = count / 3 * rows
    var second = KernelAccumulator(kernel: kernel)
    accumulator.add(inputs: samples.span.extracting(0..<cut))
    second.add(inputs: samples.span.extracting(cut..<samples.count))
    if gradients {
      let values = Tensor.normal([count, outputs], generator: &generator).elements
        .enumerated().map { Float($0 % outputs + 1) * $1 }
      accumulator.add(outputGradients: values.span)
    }
    accumulator.merge(second)
    let site = KernelSite(
      path: "dense/kernel", layerPath: "dense", shape: [rows, outputs], structure: .matrix,
      form: .dense, ranks: [], parameterCount: rows * outputs, byteCount: 4 * rows * outputs,
      scalarType: .float32, besideCount: outputs, hasBias: true, inputPositions: 1,
      outputPositions: 1, mapShape: map)
    return Case(
      site: site, kernel: kernel, bias: [Double](repeating: 0, count: outputs),
      inputs: DoubleMatrix(Matrix(rows: count, columns: rows, elements: samples)),
      statistics: try #require(accumulator.statistics))
  }

  /// E‖(x − μ)(K − K̂)‖² over the samples; the bias takes up the mean.
  private func outputError(_ item: Case, _ weight: Weight) throws -> Double {
    let approximation = DoubleMatrix(try weight.reconstructed())
    let difference = DoubleMatrix(
      rows: approximation.rows, columns: approximation.columns,
      elements: zip(DoubleMatrix(item.kernel).elements, approximation.elements).map { $0 - $1 })
    return squared(item, difference)
  }

  private func squared(_ item: Case, _ difference: DoubleMatrix) -> Double {
    let count = item.inputs.rows
    let centred = DoubleMatrix(
      rows: count, columns: item.inputs.columns,
      elements: item.inputs.elements.enumerated().map { index, value in
        value - item.statistics.mean[index % item.inputs.columns]
      })
    return centred.multiplied(by: difference).squaredNorm / Double(count)
  }

  @Test(arguments: Inputs.allCases, [1, 2, 4])
  func predictedErrorIsTheMeasuredOne(kind: Inputs, rank: Int) throws {
    let item = try make(kind)
    let prepared = try WeightedSVD(
      item.kernel, at: item.site, statistics: item.statistics, weighting: .activations,
      settings: FactorizationSettings())
    let weight = try prepared.factorize(item.kernel, ranks: [rank]).weight
    let measured = try outputError(item, weight)
    let predicted = prepared.discardedEnergy(ranks: [rank])
    #expect(abs(measured - predicted) <= 1e-5 * prepared.energy + 1e-12)
  }

  @Test(arguments: Inputs.allCases)
  func whitenedFactorsAreTheMinimiser(kind: Inputs) throws {
    let item = try make(kind, seed: 3)
    let rank = 2
    let prepared = try WeightedSVD(
      item.kernel, at: item.site, statistics: item.statistics, weighting: .activations,
      settings: FactorizationSettings())
    let optimum = prepared.discardedEnergy(ranks: [rank])
    // Brute force: alternating least squares from several random starts, each of which only needs
    // the samples, finds nothing better.
    var generator = SeededGenerator(seed: 8)
    let moment = try #require(item.statistics.inputMoment(centred: true))
    let kernel = DoubleMatrix(item.kernel)
    var best = Double.infinity
    for _ in 0..<5 {
      var right = DoubleMatrix(
        Matrix(Tensor.normal([rank, item.kernel.shape[1]], generator: &generator)))
      for _ in 0..<200 {
        // left = K·Rᵀ(RRᵀ)⁻¹ is optimal for any weighting of the inputs.
        let gram = right.gram(.rows)
        let left = try Cholesky(gram).solve(right.multiplied(by: kernel, transposingOther: true))
          .transposed()
        // right = (LᵀAL)⁻¹LᵀAK.
        let weighted = moment.multiplied(by: left)
        let normal = left.multiplied(by: weighted, transposingSelf: true).symmetrized()
        guard normal.diagonal.reduce(0, +) > 0 else { break }
        right = try Cholesky(normal).solve(
          weighted.multiplied(by: kernel, transposingSelf: true))
        let difference = left.multiplied(by: right)
        best = min(
          best,
          squared(
            item,
            DoubleMatrix(
              rows: kernel.rows, columns: kernel.columns,
              elements: zip(kernel.elements, difference.elements).map { $0 - $1 })))
      }
    }
    #expect(optimum <= best * (1 + 1e-6) + 1e-9 || best == .infinity)
    // The search comes near the optimum, so that the comparison says something.
    if kind == .plain { #expect(best <= optimum * 1.05) }
    let plain = try TruncatedSVDFactorization().factorize(
      item.kernel, at: item.site, ranks: [rank], statistics: nil, weighting: .none,
      settings: FactorizationSettings())
    #expect(optimum <= (try outputError(item, plain.weight)) + 1e-9)
  }

  @Test func prefixesOfWeightedFactorsAreOptimal() throws {
    let item = try make(.plain)
    let prepared = try WeightedSVD(
      item.kernel, at: item.site, statistics: item.statistics, weighting: .activations,
      settings: FactorizationSettings())
    let weight = try prepared.factorize(item.kernel, ranks: [5]).weight
    guard case .lowRank(let form) = weight else {
      Issue.record("\(weight.kind)")
      return
    }
    #expect(form.record.basis == .weighted)
    let again = try RetargetedLowRank(form, at: item.site)
    let cut = try again.factorize(Tensor.zeros([0]), ranks: [2]).weight
    let expected = prepared.discardedEnergy(ranks: [2])
    #expect(abs(try outputError(item, cut) - expected) <= 1e-5 * prepared.energy)
    #expect(abs(again.discardedEnergy(ranks: [2]) - expected) <= 1e-5 * prepared.energy)
  }

  @Test func twoSidedErrorIsMeasuredInTheCurvature() throws {
    let item = try make(.plain, gradients: true)
    let settings = FactorizationSettings(damping: 0.3)
    let prepared = try WeightedSVD(
      item.kernel, at: item.site, statistics: item.statistics, weighting: .kfac,
      settings: settings)
    let weight = try prepared.factorize(item.kernel, ranks: [3]).weight
    let root = try #require(try item.statistics.curvatureRoot(damping: 0.3)).root
    let difference = DoubleMatrix(
      rows: item.kernel.shape[0], columns: item.kernel.shape[1],
      elements: zip(
        DoubleMatrix(item.kernel).elements, DoubleMatrix(try weight.reconstructed()).elements
      ).map { $0 - $1 })
    let measured = squared(item, difference.multiplied(by: root))
    #expect(abs(measured - prepared.discardedEnergy(ranks: [3])) <= 1e-5 * prepared.energy)
  }

  @Test(arguments: Inputs.allCases, [Weighting.none, .activations, .kfac])
  func tensorisedErrorIsTheMeasuredOneOrLess(kind: Inputs, weighting: Weighting) throws {
    let item = try make(kind, map: [6, 5, 1], gradients: true)
    let prepared = try PreparedTensorised(
      item.kernel, at: item.site, statistics: item.statistics, weighting: weighting,
      settings: FactorizationSettings())
    let ranks = [4, 3, 5]
    let weight = try prepared.factorize(item.kernel, ranks: ranks).weight
    #expect(weight.ranks == ranks)
    #expect(weight.parameterCount == item.site.parameterCount(.tensorised, ranks: ranks))
    guard weighting == .activations else { return }
    // Alternating least squares starts from what planning predicts.
    let measured = try outputError(item, weight)
    #expect(measured <= prepared.discardedEnergy(ranks: ranks) + 1e-5 * prepared.energy + 1e-12)
  }

  @Test func tensorisedAtFullRanksIsExact() throws {
    let item = try make(.plain, map: [4, 3, 1])
    let prepared = try PreparedTensorised(
      item.kernel, at: item.site, statistics: item.statistics, weighting: .activations,
      settings: FactorizationSettings())
    let weight = try prepared.factorize(item.kernel, ranks: [4, 3, 7]).weight
    #expect(item.kernel.relativeError(of: try weight.reconstructed()) < 1e-4)
  }

  @Test func channelFactorJoinsWhereTheMapHasChannels() throws {
    let item = try make(.plain, map: [3, 3, 6])
    let prepared = try PreparedTensorised(
      item.kernel, at: item.site, statistics: item.statistics, weighting: .activations,
      settings: FactorizationSettings())
    #expect(prepared.candidates(limit: 512).contains { $0.ranks.count == 4 })
    let weight = try prepared.factorize(item.kernel, ranks: [2, 2, 3, 4]).weight
    #expect(weight.components.map(\.name).contains("channel_factor"))
    let measured = try outputError(item, weight)
    #expect(measured <= prepared.discardedEnergy(ranks: [2, 2, 3, 4]) + 1e-5 * prepared.energy)
  }

  @Test func alternatingNeverRaisesTheError() throws {
    let item = try make(.plain, map: [6, 5, 1])
    let moment = try #require(item.statistics.inputMoment(centred: true))
    let problem = SeparableProblem(
      layout: ModeLayout(extents: [6, 5, 1]), axes: [0, 1], moment: moment,
      kernel: DoubleMatrix(item.kernel))
    for ofKernel in [false, true] {
      let start = try problem.bases(ofKernel: ofKernel).map { $0.firstColumns(3) }
      let first = try problem.solved(start, rank: 3).error
      let last = try problem.alternating(from: start, rank: 3)
      #expect(last.error < first)
      #expect(last.sweeps >= 1)
    }
  }

  @Test func weightedTuckerHasNoMoreOutputErrorThanPlain() throws {
    let model = try SampleModels.cnn()
    let site = try #require(model.kernelSites().first { $0.path == "conv_1/kernel" })
    let reference = try #require(model.kernels.first { $0.path == "conv_1/kernel" })
    let kernel = try model[reference].reconstructed()
    var generator = SeededGenerator(seed: 5)
    let samples = Tensor.normal([400, site.rows], generator: &generator).elements
      .enumerated().map { Float($0 % site.rows % 5 + 1) * $1 }
    var accumulator = KernelAccumulator(kernel: kernel)
    accumulator.add(inputs: samples.span)
    let statistics = try #require(accumulator.statistics)
    let moment = try #require(statistics.inputMoment(centred: true))
    func error(_ weight: Weight) throws -> Double {
      let rebuilt = try weight.reconstructed()
      let difference = DoubleMatrix(
        rows: site.rows, columns: site.columns,
        elements: zip(kernel.elements, rebuilt.elements).map { Double($0) - Double($1) })
      let weighted = moment.multiplied(by: difference)
      return zip(weighted.elements, difference.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let settings = FactorizationSettings()
    let prepared = try Tucker2Factorization().prepare(
      kernel, at: site, statistics: statistics, weighting: .activations, settings: settings)
    let weighted = try prepared.factorize(kernel, ranks: [4, 6]).weight
    let plain = try Tucker2Factorization().factorize(
      kernel, at: site, ranks: [4, 6], statistics: nil, weighting: .none, settings: settings
    ).weight
    #expect(try error(weighted) < error(plain))
    #expect(try error(weighted) <= prepared.discardedEnergy(ranks: [4, 6]) * (1 + 1e-4))
  }

  @Test func biasTakesUpTheMeanError() throws {
    let model = try SampleModels.mlp([12, 9, 5])
    var generator = SeededGenerator(seed: 2)
    let samples = Tensor.normal([300, 12], generator: &generator).elements.map { $0 + 2 }
    let sites = model.kernelSites()
    var accumulator = try CalibrationAccumulator(model, sites: sites)
    accumulator.add(
      inputs: Tensor(shape: [300, 12], elements: samples), to: "dense/kernel")
    let calibration = accumulator.calibration
    let plan = CompressionPlan(kernels: [
      .init(
        path: "dense/kernel", action: .factorize(.lowRank, ranks: [2]), weighting: .activations)
    ])
    let compressed = try plan.applied(to: model, calibration: calibration).model
    // The mean output is what it was.
    func meanOutput(_ model: Model) throws -> [Double] {
      let layer = model.layers[1]
      let weight = try #require(layer.weight("kernel"))
      let bias = try #require(layer.weight("bias")).reconstructed().elements
      let mean = try #require(calibration["dense/kernel"]).mean
      return zip(try weight.applied(to: mean), bias).map { $0 + Double($1) }
    }
    for (before, after) in zip(try meanOutput(model), try meanOutput(compressed)) {
      #expect(abs(before - after) < 1e-5)
    }
  }

  @Test func outputsStandInForVeryWideInputs() throws {
    let item = try make(.plain)
    var wide = KernelAccumulator(kernel: item.kernel, widestInput: 4)
    let rows = item.inputs.elements.map { Float($0) }
    wide.add(inputs: rows.span)
    let statistics = try #require(wide.statistics)
    #expect(statistics.covariance == nil)
    let narrow = try WeightedSVD(
      item.kernel, at: item.site, statistics: item.statistics, weighting: .activations,
      settings: FactorizationSettings())
    let prepared = try WeightedSVD(
      item.kernel, at: item.site, statistics: statistics, weighting: .activations,
      settings: FactorizationSettings())
    for rank in 1...6 {
      #expect(
        abs(
          narrow.discardedEnergy(ranks: [rank]) - prepared.discardedEnergy(ranks: [rank]))
          <= 1e-4 * narrow.energy)
    }
  }

  @Test func kernelWithoutStatisticsIsKept() throws {
    let model = try SampleModels.mlp([12, 9, 5])
    let analyses = try KernelAnalyses(
      of: model, sites: model.kernelSites(), calibration: Calibration(kernels: [:], sampleCount: 0),
      options: .init(weighting: .activations))
    #expect(analyses.kernels.allSatisfy { $0.prepared.isEmpty })
    let planner = try Planner(
      model, analyses: analyses, options: PlanningOptions(target: .energy(0.5)))
    let planned = try planner.plan()
    #expect(planned.plan.kernels.allSatisfy { $0.action == .keep })
    #expect(planned.plan.kernels[0].reason.contains("calibration saw no inputs"))
  }

  @Test func patchesFollowTheGeometry() throws {
    let model = try SampleModels.cnn()
    let site = try #require(model.kernelSites().first { $0.path == "conv/kernel" })
    let image = Tensor(shape: [1, 3, 3, 1], elements: (1...9).map { Float($0) })
    let rows = PatchRows(
      image, site: site,
      geometry: .init(padding: .init(top: 1, left: 1, bottom: 1, right: 1))
    ).rows(limit: 100)
    #expect(rows.count == 9 * 9)
    #expect(Array(rows[0..<9]) == [0, 0, 0, 0, 1, 2, 0, 4, 5])
    #expect(Array(rows[36..<45]) == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(Array(rows[72..<81]) == [5, 6, 0, 8, 9, 0, 0, 0, 0])
  }
}
