import LinearAlgebra
import Models
import Programs
import Tensors
import Testing

@testable import Compression

@Suite struct PruningTests {
  @Test(arguments: [0.0, 0.25, 0.5, 0.9, 1.0])
  func shareOfZerosIsTheOneAskedFor(sparsity: Double) throws {
    let model = try SampleModels.mlp([40, 20, 10])
    let (pruned, reports) = try MagnitudePruning(sparsity: sparsity).applied(to: model)
    for report in reports {
      #expect(report.zeroCount == Int(Double(report.count) * sparsity))
    }
    #expect(pruned.parameterCount == model.parameterCount)
    for reference in pruned.kernels where sparsity > 0 {
      #expect(pruned[reference].components.allSatisfy { $0.parameter.isMasked })
    }
  }

  @Test func smallestWeightsGoFirst() throws {
    let kernel = Tensor(shape: [2, 3], elements: [0.1, -5, 0.2, 3, -0.05, 1])
    let pruned = try MagnitudePruning.pruned(Weight(Parameter(kernel)), sparsity: 0.5)
    #expect(try pruned.reconstructed().elements == [0, -5, 0, 3, 0, 1])
  }

  @Test func globalThresholdSparesLargeWeights() throws {
    var model = try SampleModels.mlp([10, 10, 10])
    let small = Tensor(repeating: 0.01, shape: [10, 10])
    let large = Tensor(
      shape: [10, 10], elements: (0..<100).map { 1 + Float($0) })
    model.layers[1].weights[0].weight = Weight(Parameter(small))
    model.layers[2].weights[0].weight = Weight(Parameter(large))
    let (_, reports) = try MagnitudePruning(sparsity: 0.5, scope: .global).applied(to: model)
    #expect(reports.map(\.zeroCount) == [100, 0])
    let (_, perLayer) = try MagnitudePruning(sparsity: 0.5, exclude: [Glob("dense")])
      .applied(to: model)
    #expect(perLayer.map(\.zeroCount) == [50])
  }

  @Test func theScopeOfATensorSparesNoFactor() throws {
    let model = try SampleModels.mlp([30, 20, 10])
    let small = try CompressionPlan(kernels: [
      .init(path: "dense/kernel", action: .factorize(.lowRank, ranks: [5]))
    ]).applied(to: model).model
    let (pruned, _) = try MagnitudePruning(sparsity: 0.4, scope: .tensor).applied(to: small)
    for component in try #require(pruned.layers[1].weight("kernel")).components {
      let tensor = try component.parameter.tensor()
      let zeros = tensor.elements.count { $0 == 0 }
      #expect(zeros == Int(Double(tensor.count) * 0.4), "\(component.name)")
    }
  }

  @Test func prunedFactorsAreNotRotated() throws {
    let model = try SampleModels.mlp([30, 20, 10])
    let small = try CompressionPlan(kernels: [
      .init(path: "dense/kernel", action: .factorize(.lowRank, ranks: [5]))
    ]).applied(to: model).model
    let pruned = try MagnitudePruning(sparsity: 0.5, scope: .tensor).applied(to: small).model
    let again = try pruned.balanced().canonicalised()
    let (before, after) = (pruned.layers[1].weights[0].weight, again.layers[1].weights[0].weight)
    for (one, other) in zip(before.components, after.components) {
      #expect(try one.parameter.raw() == other.parameter.raw())
      #expect(other.parameter.isMasked)
    }
  }

  @Test func int8ScalesStay() throws {
    var generator = SeededGenerator(seed: 4)
    let kernel = Tensor.normal([30, 4], generator: &generator)
    let stored = try Quantizer(.int8).encode(Weight(Parameter(kernel)))
    let pruned = try MagnitudePruning.pruned(stored, sparsity: 0.5)
    #expect(
      pruned.components[0].parameter.encoding == stored.components[0].parameter.encoding)
    let (before, after) = (try stored.reconstructed(), try pruned.reconstructed())
    for (old, new) in zip(before.elements, after.elements) { #expect(new == 0 || new == old) }
  }

  /// Dense layers with ReLU-like tanh: y = tanh(xK + b), the last one linear.
  private func forward(_ model: Model, _ x: Matrix) throws -> Matrix {
    var value = x
    let denses = model.layers.filter { if case .dense = $0.kind { true } else { false } }
    for (index, layer) in denses.enumerated() {
      let bias = try #require(layer.weight("bias")).reconstructed().elements
      let product = value.multiplied(
        by: Matrix(try #require(layer.weight("kernel")).reconstructed()))
      value = Matrix(
        rows: product.rows, columns: product.columns,
        elements: product.elements.enumerated().map { position, element in
          let sum = element + bias[position % product.columns]
          return index < denses.count - 1 ? sum / (1 + abs(sum)) : sum
        })
    }
    return value
  }

  @Test func deadNeuronsGoWithoutChangingTheOutput() throws {
    var model = try SampleModels.mlp([12, 9, 7, 4])
    // Neurons 2 and 5 of the first layer are read by nobody.
    var second = try #require(model.layers[2].weight("kernel")).reconstructed().elements
    for row in [2, 5] { for column in 0..<7 { second[row * 7 + column] = 0 } }
    model.layers[2].weights[0].weight = Weight(Parameter(Tensor(shape: [9, 7], elements: second)))
    let (pruned, reports) = try StructuredPruning(amount: .dead).applied(to: model)
    #expect(reports.map(\.after) == [7, 7])
    #expect(pruned.layers[1].weight("kernel")?.denseShape == [12, 7])
    #expect(pruned.layers[2].weight("kernel")?.denseShape == [7, 7])
    try pruned.validate()
    _ = try pruned.lowered()
    var generator = SeededGenerator(seed: 3)
    let x = Matrix(Tensor.normal([20, 12], generator: &generator))
    let difference = try forward(model, x).tensor.relativeError(of: forward(pruned, x).tensor)
    #expect(difference < 1e-6)
  }

  @Test func shapesShrinkThroughConvolutionsNormalisationAndFlatten() throws {
    func vector(_ count: Int, _ value: Float) -> Weight {
      Weight(Parameter(Tensor(repeating: value, shape: [count])))
    }
    let model = Model.sequential(
      name: "cnn",
      layers: [
        Layer(path: "input", kind: .input(Input(shape: [8, 8, 2]))),
        try SampleModels.convolution("conv", window: [3, 3], 2, 8, seed: 1),
        Layer(
          path: "norm", kind: .batchNormalization(BatchNormalization()),
          weights: [
            .init("gamma", vector(8, 1)), .init("beta", vector(8, 0)),
            .init("moving_mean", vector(8, 0)), .init("moving_variance", vector(8, 1)),
          ]),
        try SampleModels.convolution("conv_1", window: [3, 3], 8, 6, seed: 2),
        Layer(path: "flatten", kind: .reshaping(.flatten(.channelsLast))),
        try SampleModels.dense("dense", 8 * 8 * 6, 10, activation: .softmax, seed: 4),
      ])
    #expect(model.channelGroups.map(\.path) == ["conv", "conv_1"])
    let (pruned, reports) = try StructuredPruning(amount: .share(0.5)).applied(to: model)
    #expect(reports.map(\.after) == [4, 3])
    #expect(pruned.layers[2].weight("gamma")?.denseShape == [4])
    #expect(pruned.layers[3].weight("kernel")?.denseShape == [3, 3, 4, 3])
    #expect(pruned.layers[5].weight("kernel")?.denseShape == [8 * 8 * 3, 10])
    try pruned.validate()
    let program = try pruned.lowered()
    #expect(program.parameterCount == pruned.parameterCount)
  }

  @Test func flattenedRowsFollowTheirChannels() throws {
    // One pointwise convolution without anything in between: the product is known.
    var convolution = try SampleModels.convolution("conv", window: [1, 1], 2, 3, seed: 1)
    convolution.kind = .convolution(Convolution(filters: 3, window: Window(size: [1, 1])))
    let model = Model.sequential(
      name: "m",
      layers: [
        Layer(path: "input", kind: .input(Input(shape: [2, 2, 2]))), convolution,
        Layer(path: "flatten", kind: .reshaping(.flatten(.channelsLast))),
        try SampleModels.dense("dense", 12, 4, activation: .linear, seed: 4),
      ])
    let group = try #require(model.channelGroups.first)
    var pruned = model
    try group.keep([0, 2], in: &pruned, calibration: nil)
    let before = try #require(model.layers[3].weight("kernel")).reconstructed()
    let after = try #require(pruned.layers[3].weight("kernel")).reconstructed()
    for position in 0..<4 {
      for (new, old) in [(0, 0), (1, 2)] {
        for column in 0..<4 {
          #expect(
            after.elements[(position * 2 + new) * 4 + column]
              == before.elements[(position * 3 + old) * 4 + column])
        }
      }
    }
  }

  @Test func calibratedBiasReplacesConstantNeurons() throws {
    let model = try SampleModels.mlp([6, 5, 3])
    // Neuron 1 always puts out 2, the others vary about 0.
    var generator = SeededGenerator(seed: 2)
    var samples = Tensor.normal([100, 5], generator: &generator).elements
    for row in 0..<100 { samples[row * 5 + 1] = 2 }
    var accumulator = try CalibrationAccumulator(model, sites: model.kernelSites())
    accumulator.add(
      inputs: Tensor(shape: [100, 5], elements: samples), to: "dense_1/kernel")
    let (pruned, reports) = try StructuredPruning(amount: .share(0.2)).applied(
      to: model, calibration: accumulator.calibration)
    #expect(reports.map(\.after) == [4])
    let kernel = try #require(model.layers[2].weight("kernel")).reconstructed().elements
    let bias = try #require(pruned.layers[2].weight("bias")).reconstructed().elements
    for column in 0..<3 { #expect(abs(bias[column] - 2 * kernel[3 + column]) < 1e-5) }
  }

  @Test func factorisedKernelsLoseChannelsToo() throws {
    let model = try SampleModels.mlp([12, 9, 7, 4])
    let plan = CompressionPlan(kernels: [
      .init(path: "dense/kernel", action: .factorize(.lowRank, ranks: [3])),
      .init(path: "dense_1/kernel", action: .factorize(.lowRank, ranks: [2])),
    ])
    let small = try plan.applied(to: model).model
    let (pruned, _) = try StructuredPruning(amount: .share(0.34)).applied(to: small)
    #expect(pruned.layers[1].weight("kernel")?.denseShape == [12, 6])
    #expect(pruned.layers[2].weight("kernel")?.denseShape == [6, 5])
    try pruned.validate()
    _ = try pruned.lowered()
  }

  @Test func lastLayerAndBranchesAreLeftAlone() throws {
    let model = try SampleModels.mlp([12, 9, 4])
    #expect(model.channelGroups.map(\.path) == ["dense"])
    var branched = model
    // The hidden layer's output is the model's second output, too.
    branched.outputs.append(.init(call: 1))
    #expect(branched.channelGroups.isEmpty)
  }
}
