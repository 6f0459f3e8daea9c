import LinearAlgebra
import Models
import Programs
import Tensors
import Testing

@testable import Compression

@Suite struct InputPruningTests {
  private func statistics(_ samples: Tensor, of model: Model) throws -> Calibration {
    var accumulator = try CalibrationAccumulator(model, sites: model.kernelSites())
    accumulator.add(inputs: samples, to: "dense/kernel")
    return accumulator.calibration
  }

  /// 200 rows of 6 entries: entry 2 is constant, entry 4 is entry 0 plus entry 1.
  private func samples() -> Tensor {
    var generator = SeededGenerator(seed: 9)
    var values = Tensor.normal([200, 6], generator: &generator).elements
    for row in 0..<200 {
      values[row * 6 + 2] = 1.5
      values[row * 6 + 4] = values[row * 6] + values[row * 6 + 1]
    }
    return Tensor(shape: [200, 6], elements: values)
  }

  /// x·K + b of the first Dense layer, after its selection.
  private func outputs(_ model: Model, _ x: Tensor) throws -> Matrix {
    var x = x
    for layer in model.layers {
      if case .selection(let selection) = layer.kind {
        x = x.selecting(selection.positions, axis: 1)
      }
    }
    let dense = try #require(model.layers.first { $0.path == "dense" })
    let bias = try #require(dense.weight("bias")).reconstructed().elements
    let product = Matrix(x).multiplied(
      by: Matrix(try #require(dense.weight("kernel")).reconstructed()))
    return Matrix(
      rows: product.rows, columns: product.columns,
      elements: product.elements.enumerated().map { $1 + bias[$0 % product.columns] })
  }

  @Test func entriesThatOthersExplainGoWithoutLoss() throws {
    let model = try SampleModels.mlp([6, 5, 3])
    let x = samples()
    // Four of six entries carry all of the variance.
    let (pruned, reports) = try InputPruning(amount: .count(4)).applied(
      to: model, calibration: try statistics(x, of: model))
    let report = try #require(reports.first)
    #expect(report.path == "dense" && report.before == 6 && report.after == 4)
    #expect(pruned.layers.map(\.path) == ["input", "dense_inputs", "dense", "dense_1"])
    #expect(pruned.isSequential)
    try pruned.validate()
    for layer in pruned.layers { try layer.checkWeights() }
    #expect(try pruned.lowered().parameterCount == model.parameterCount - 2 * 5)
    guard case .selection(let selection) = pruned.layers[1].kind else {
      Issue.record("no selection")
      return
    }
    #expect(!selection.positions.contains(2))
    let kept = Set(selection.positions)
    guard kept.isSuperset(of: [3, 5]) else { return }
    // Whichever two of 0, 1 and 4 are left, they span the third.
    let difference = try outputs(model, x).tensor.relativeError(of: outputs(pruned, x).tensor)
    #expect(difference < 1e-4)
    #expect(try #require(report.outputError) < 1e-3)
  }

  @Test func refitIsTheLeastSquaresOne() throws {
    let model = try SampleModels.mlp([6, 5, 3])
    let x = samples()
    let (pruned, reports) = try InputPruning(amount: .count(2)).applied(
      to: model, calibration: try statistics(x, of: model))
    let whole = try outputs(model, x)
    func error(_ model: Model) throws -> Double {
      let other = try outputs(model, x)
      return zip(whole.elements, other.elements).reduce(0) {
        $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
      }
    }
    let least = try error(pruned)
    // No change of one weight or bias makes it smaller.
    for name in ["kernel", "bias"] {
      let index = try #require(pruned.layers[2].weights.firstIndex { $0.name == name })
      let tensor = try pruned.layers[2].weights[index].weight.reconstructed()
      for position in 0..<tensor.count {
        for step: Float in [-0.02, 0.02] {
          var changed = tensor
          changed.withMutableElements { $0[position] += step }
          var other = pruned
          other.layers[2].weights[index].weight = Weight(Parameter(changed))
          #expect(try error(other) > least)
        }
      }
    }
    // The report is that error relative to the variance of the output.
    var centred = 0.0
    for column in 0..<5 {
      let values = (0..<200).map { Double(whole.elements[$0 * 5 + column]) }
      let mean = values.reduce(0, +) / 200
      centred += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    let expected = (least / centred).squareRoot()
    #expect(abs(try #require(reports.first?.outputError) - expected) < 1e-3)
  }

  @Test func constantEntriesAreNotAlive() throws {
    let model = try SampleModels.mlp([6, 5, 3])
    let x = samples()
    let (pruned, reports) = try InputPruning(amount: .alive).applied(
      to: model, calibration: try statistics(x, of: model))
    #expect(reports.map(\.after) == [5])
    let difference = try outputs(model, x).tensor.relativeError(of: outputs(pruned, x).tensor)
    #expect(difference < 1e-5)
  }

  @Test func withoutDataRowsOfLeastNormGo() throws {
    var model = try SampleModels.mlp([6, 5, 3])
    var kernel = try #require(model.layers[1].weight("kernel")).reconstructed()
    kernel.withMutableElements { span in for column in 0..<5 { span[3 * 5 + column] = 0 } }
    model.layers[1].weights[0].weight = Weight(Parameter(kernel))
    let (pruned, reports) = try InputPruning(amount: .alive).applied(to: model)
    #expect(reports.map(\.after) == [5])
    #expect(
      pruned.layers[1].kind == .selection(Selection(inputs: 6, positions: [0, 1, 2, 4, 5])))
    let (half, _) = try InputPruning(amount: .share(0.5)).applied(to: model)
    #expect(half.layers[2].weight("kernel")?.denseShape == [3, 5])
    let (same, none) = try InputPruning(amount: .count(99)).applied(to: model)
    #expect(same.layers.count == model.layers.count && none.map(\.after) == [6])
  }

  @Test func hiddenLayersAndExcludedOnesAreLeftAlone() throws {
    let model = try SampleModels.mlp([6, 5, 3])
    #expect(model.prunableInputLayers == ["dense"])
    let (_, reports) = try InputPruning(amount: .count(2), exclude: [Glob("dense")])
      .applied(to: model)
    #expect(reports.isEmpty)
  }

  @Test func insertedLayersLeaveOtherCallsAsTheyAre() throws {
    var model = try SampleModels.mlp([6, 5, 3])
    model.outputs.append(.init(call: 1))
    model.insert(
      Layer(path: "new", kind: .selection(Selection(inputs: 5, positions: [0, 1, 2, 3, 4]))),
      before: 2)
    #expect(model.layers.map(\.path) == ["input", "dense", "new", "dense_1"])
    #expect(model.calls.map(\.layer) == [0, 1, 2, 3])
    #expect(model.outputs == [.init(call: 3), .init(call: 1)])
    try model.validate()
    #expect(try model.lowered().outputShapes == [[3], [5]])
  }
}
