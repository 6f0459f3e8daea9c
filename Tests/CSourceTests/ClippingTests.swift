import CSource
import Foundation
import Models
import Programs
import Tensors
import Testing

/// ReLUs behind int8 products whose codes other values share.
@Suite struct ClippingTests {
  /// Rounding to codes costs these networks up to 5.3 % of the largest output, most where relu6
  /// shares the range of larger values; a lost clip costs nearly every input more, up to 14 % to
  /// several times the output.
  private static let tolerance = 0.06
  private static let relu = ActivationFunction.relu()
  private static let relu6 = ActivationFunction.relu(maximum: 6)

  /// Two products with activations, laid end to end before a third.
  private static func joined(_ left: ActivationFunction, _ right: ActivationFunction) -> Model {
    SmallNetwork.model(
      [
        (SmallNetwork.input([8]), []),
        (SmallNetwork.dense("a", 8, 6, left, size: 8), [0]),
        (SmallNetwork.dense("b", 8, 6, right, size: 8), [0]),
        (Layer(path: "both", kind: .concatenate(Concatenate())), [1, 2]),
        (SmallNetwork.dense("c", 12, 4), [3]),
      ], outputs: [4])
  }

  /// The same of images, pooled on the way.
  private static let pooled = SmallNetwork.model(
    [
      (SmallNetwork.input([8, 8, 1]), []),
      (SmallNetwork.convolution("a", 1, 4, relu), [0]), (SmallNetwork.maxPooling("p"), [1]),
      (SmallNetwork.convolution("b", 1, 4), [0]), (SmallNetwork.maxPooling("q"), [3]),
      (Layer(path: "both", kind: .concatenate(Concatenate())), [2, 4]),
      (SmallNetwork.convolution("c", 8, 3), [5]),
    ], outputs: [6])

  /// A ReLU behind a normalisation that no product takes in.
  private static let mapped = SmallNetwork.model(
    [
      (SmallNetwork.input([8]), []),
      (SmallNetwork.dense("a", 8, 6), [0]),
      (Layer(path: "root", kind: .merge(Merge(operation: .add))), [1, 1]),
      (
        Layer(
          path: "scale", kind: .rescaling(Rescaling(scale: [2], offset: [-0.5]))), [2]
      ),
      (Layer(path: "relu", kind: .activation(ActivationLayer(function: relu))), [3]),
      (SmallNetwork.dense("b", 8, 6), [0]),
      (Layer(path: "both", kind: .concatenate(Concatenate())), [4, 5]),
      (SmallNetwork.dense("c", 12, 4), [6]),
    ], outputs: [7])

  static let networks: [(name: String, model: Model)] = [
    ("relu and linear", joined(relu, .linear)), ("linear and relu", joined(.linear, relu)),
    ("relu6 and relu", joined(relu6, relu)), ("relu6 and linear", joined(relu6, .linear)),
    ("relu and relu", joined(relu, relu)), ("pooled", pooled), ("mapped", mapped),
  ]

  private static func export(_ model: Model) throws -> (CSource, CSource.Constants) {
    let export = try CSource(model, options: .init(quantizesActivations: true))
    let examples = (1...60).map {
      EngineAgreementTests.inputs(export.program, seed: UInt64($0))
    }
    return (
      export, try export.constants(ranges: SmallNetwork.ranges(export, model, on: examples))
    )
  }

  @Test(arguments: networks.map(\.name))
  func int8KeepsClipsBeforeAConcatenation(name: String) throws {
    let model = try #require(Self.networks.first { $0.name == name }).model
    let (export, constants) = try Self.export(model)
    let interpreter = DeviceInterpreter(export, constants)
    for seed in 1...20 {
      let inputs = EngineAgreementTests.inputs(export.program, seed: UInt64(seed))
      let expected = try EngineAgreementTests.engine(model, export.program, inputs)
      #expect(EngineAgreementTests.distance(interpreter.run(inputs), expected) <= Self.tolerance)
    }
  }

  @Test(arguments: [("relu and relu", 0), ("relu and linear", 1), ("relu6 and relu", 1)])
  func onlyAClipThatItsRangeLacksHasATable(name: String, count: Int) throws {
    let model = try #require(Self.networks.first { $0.name == name }).model
    let (export, constants) = try Self.export(model)
    let source = try export.texts(constants, headerName: "model.h").source
    #expect(source.components(separatedBy: "  lookup(").count - 1 == count)
  }
}
