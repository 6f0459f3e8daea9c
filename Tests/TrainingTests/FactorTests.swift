import Models
import Programs
import Tensors
import Testing

@testable import Training

/// Factorised weights are trained as the factors that they are.
@Suite struct FactorTests {
  private static func parameter(_ shape: Shape, _ generator: inout SeededGenerator) -> Parameter {
    Parameter(
      Tensor.normal(
        shape, standardDeviation: 1 / Double(shape.extents[max(shape.order - 2, 0)]).squareRoot(),
        generator: &generator))
  }

  /// A net on 4×4×2 images whose kernels have the given form.
  static func model(_ kind: Weight.Kind) throws -> Model {
    var model = try ModelArchitecture.make(
      "cnn:6s-dense5,activation=tanh", inputShape: [4, 4, 2], classCount: 3, seed: 4)
    var generator = SeededGenerator(seed: 6)
    for index in model.layers.indices where !model.layers[index].weights.isEmpty {
      let shape = model.layers[index].weights[0].weight.denseShape
      let isConvolution = shape.order == 4
      let components: [(String, Shape)]
      switch kind {
      case .dense: continue
      case .lowRank:
        let inner = Array(shape.extents.dropLast())
        let ones = shape.extents.dropLast(2).map { _ in 1 }
        components = [("left", Shape(inner + [2])), ("right", Shape(ones + [2, shape.last]))]
      case .tucker2:
        guard isConvolution else { continue }
        components = [
          ("input_factor", [1, 1, 2, 2]), ("core", [3, 3, 2, 3]), ("output_factor", [1, 1, 3, 6]),
        ]
      case .tensorised:
        guard shape[0] == 96 else { continue }
        components = [
          ("height_factor", [4, 2]), ("width_factor", [4, 3]), ("channel_factor", [6, 4]),
          ("left", [24, 2]), ("right", [2, 5]),
        ]
      }
      model.layers[index].weights[0].weight = try Weight(
        kind: kind, denseShape: shape,
        components: components.map { Component($0.0, parameter($0.1, &generator)) }, record: nil)
    }
    return model
  }

  @Test(arguments: Weight.Kind.allCases)
  func gradientsOfFactorsAreFiniteDifferences(kind: Weight.Kind) throws {
    let net = try Net(try FactorTests.model(kind))
    let data = blobs(count: 5, shape: [4, 4, 2])
    let gradients = try net.gradients(data).gradients
    #expect(kind == .dense || net.program.parameters.count > 6)
    for (index, declaration) in net.program.parameters.enumerated() {
      let values = net.parameters[index].elements
      let places = Array(stride(from: 0, to: values.count, by: max(values.count / 5, 1)))
      let expected = try finiteDifferences(of: values, at: places, step: 1e-2) { moved in
        var other = net
        other.parameters[index].elements = moved
        return try other.gradients(data).loss
      }
      let scale = gradients[index].map { abs($0) }.max() ?? 0
      #expect(scale > 0, "\(declaration.name)")
      for (place, wanted) in zip(places, expected) {
        // h² of the differences and the rounding of a Float loss ÷ h.
        #expect(
          abs(Double(gradients[index][place]) - wanted) <= 2e-3 * Double(scale) + 2e-5,
          "\(declaration.name)[\(place)]")
      }
    }
  }

  @Test(arguments: Weight.Kind.allCases)
  func trainingKeepsTheForm(kind: Weight.Kind) throws {
    let net = try Net(try FactorTests.model(kind))
    let data = blobs(count: 120, shape: [4, 4, 2])
    let options = TrainingOptions(
      schedule: LearningRateSchedule(base: 5e-3), batchSize: 20, epochs: 4)
    let state = try net.trainer(options).finish(on: data)
    #expect(state.history[3].loss < 0.7 * state.history[0].loss)
    let trained = try net.model.replacingParameters(of: net.program, with: state.parameters)
    #expect(trained.parameterCount == net.model.parameterCount)
    for (before, after) in zip(net.model.layers, trained.layers) {
      #expect(before.weights.map(\.weight.kind) == after.weights.map(\.weight.kind))
      #expect(before.weights.map(\.weight.ranks) == after.weights.map(\.weight.ranks))
    }
    for (old, new) in zip(net.parameters, state.parameters) { #expect(old != new) }
  }
}
