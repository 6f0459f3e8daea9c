import Compression
import Datasets
import Foundation
import Models
import Pipelines
import Tensors
import TestSupport
import Testing
import Training

/// Data that say little: nothing traps, everything stays finite, the budget is met.
@Suite struct PoorDataTests {
  enum Kind: String, CaseIterable, Sendable { case oneClass, constantInputs, fewExamples, black }

  private func data(_ kind: Kind) throws -> Dataset {
    let digits = try DigitsModel.digits()
    switch kind {
    case .oneClass:
      let labels = try #require(digits.labels)
      return digits.subset(labels.indices.filter { labels[$0] == 3 })
    case .fewExamples: return digits.subset(0..<30)
    case .constantInputs:
      let row = try digits.batch(0..<1, scaling: .identity).inputs.elements
      return Dataset(
        name: "constant",
        inputs: Tensor(
          shape: [120, 8, 8], elements: Array(repeating: row, count: 120).flatMap { $0 }),
        labels: (0..<120).map { $0 % 10 })
    case .black:
      return Dataset(
        name: "black", inputs: Tensor.zeros([120, 8, 8]), labels: (0..<120).map { $0 % 10 })
    }
  }

  @Test(arguments: Kind.allCases, CompressionData.WeightingChoice.allCases)
  func compressionMeetsTheBudgetAndStaysFinite(
    kind: Kind, weighting: CompressionData.WeightingChoice
  ) throws {
    try DigitsModel.withFile { folder, path in
      let output = folder.appendingPathComponent("out.h5").path
      let outcome = try Compress.run(
        CompressionRequest(
          input: path, output: output, source: .planning(PlanningOptions(target: .ratio(2))),
          data: CompressionData(
            dataset: try data(kind), scaling: .init(scale: 1 / 16), choiceCount: 20,
            weighting: weighting), toolVersion: "test"))
      let after = try #require(outcome.after)
      #expect(after.parameterCount * 2 <= outcome.before.parameterCount)
      let small = try OpenedModel(output).wholeModel()
      for layer in small.layers {
        for named in layer.weights {
          for component in named.weight.components {
            let values: [Float] = try component.parameter.tensor().elements
            #expect(values.allSatisfy { $0.isFinite }, "\(layer.path)/\(named.name)")
          }
        }
      }
      #expect(try #require(outcome.report).loss.isFinite)
    }
  }

  @Test(arguments: Weighting.allCases)
  func aZeroKernelCostsNothingUnderAnyWeighting(weighting: Weighting) throws {
    var model = try DigitsModel.trained.get()
    let reference = model.kernels[0]
    model[reference] = Weight(Parameter(Tensor.zeros(model[reference].denseShape)))
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("zero.h5").path
      _ = try ModelWriting.write(model, to: path)
      let choice: CompressionData.WeightingChoice =
        switch weighting {
        case .none: .none
        case .activations: .activations
        case .kfac: .kfac
        }
      let outcome = try Compress.run(
        CompressionRequest(
          input: path, output: folder.appendingPathComponent("out.h5").path,
          source: .planning(PlanningOptions(target: .ratio(1.5))),
          data: CompressionData(
            dataset: try DigitsModel.digits(limit: 300), choiceCount: 20, weighting: choice),
          toolVersion: "test"))
      let report = try #require(outcome.reports.first { $0.path == reference.path })
      #expect((report.relativeError ?? 0) == 0)
      #expect(report.parametersAfter < report.parametersBefore)
    }
  }
}
