import CSource
import Models
import Programs
import Tensors
import Testing

/// Numbers that C has no literals for.
@Suite struct NonFiniteTests {
  private static func model(_ kernel: [Float], as type: ScalarType = .float32) -> Model {
    .sequential(
      name: "small",
      layers: [SmallNetwork.input([kernel.count]), SmallNetwork.dense("d", kernel, as: type)])
  }

  /// Every storage, with and without int8 activations.
  private static func everyOption() -> [CSource.Options] {
    WeightStorage.allCases.map { .init(storage: $0) } + [.init(quantizesActivations: true)]
  }

  /// What refuses an export with ranges of 0 … 1; nil if nothing does.
  private static func refusal(_ model: Model, _ options: CSource.Options) throws -> CSourceError? {
    do {
      let export = try CSource(model, options: options)
      _ = try export.constants(ranges: Self.ranges(export, 1))
      return nil
    } catch let error as CSourceError { return error }
  }

  private static func ranges(_ export: CSource, _ maximum: Float) -> ActivationRanges {
    var ranges = ActivationRanges()
    for value in export.measuredValues {
      var range = ActivationRanges.Range(channels: export.program.shape(of: value).last)
      range.minimum = range.minimum.map { _ in 0 }
      range.maximum = range.maximum.map { _ in maximum }
      ranges.ranges[value] = range
    }
    return ranges
  }

  /// The second NaN is one that rounding to bfloat16 would carry into the sign.
  @Test(arguments: [Float.nan, Float(bitPattern: 0x7FFF_FFFF), .infinity, -.infinity])
  func aWeightThatIsNotFiniteIsRefusedInEveryStorage(bad: Float) throws {
    for options in Self.everyOption() {
      let error = try #require(try Self.refusal(Self.model([1, bad, 2]), options))
      #expect(error.place == "d/kernel" && error.reason.contains("must be finite"))
    }
  }

  @Test func aWeightBeyondItsStorageIsRefused() throws {
    let largest = Self.model([1, .greatestFiniteMagnitude])
    #expect(try Self.refusal(largest, .init(storage: .float32)) == nil)
    for storage in [WeightStorage.float16, .bfloat16] {
      let error = try #require(try Self.refusal(largest, .init(storage: storage)))
      #expect(error.reason.contains("beyond \(storage)'s"))
    }
  }

  @Test(arguments: [
    ActivationFunction.elu(alpha: .infinity), .relu(maximum: .infinity, negativeSlope: 0.1),
    .relu(negativeSlope: .nan), .relu(maximum: .nan),
  ])
  func aSettingThatIsNotFiniteIsRefused(function: ActivationFunction) {
    let model = Model.sequential(
      name: "small", layers: [SmallNetwork.input([4]), SmallNetwork.dense("d", 4, 2, function)])
    #expect { try CSource(model) } throws: { error in
      (error as? CSourceError)?.reason.contains("must be finite") == true
    }
  }

  @Test func rangesOfTheLeastNumbersGiveFiniteScales() throws {
    let model = Model.sequential(
      name: "small",
      layers: [
        SmallNetwork.input([4]), SmallNetwork.dense("a", 4, 3, .relu()),
        SmallNetwork.dense("b", 3, 3), SmallNetwork.dense("c", 3, 2),
      ])
    let export = try CSource(model, options: .init(quantizesActivations: true))
    let constants = try export.constants(ranges: Self.ranges(export, 8 * .leastNonzeroMagnitude))
    let source = try export.texts(constants, headerName: "model.h").source
    #expect(!source.contains("inf") && !source.contains("nan"))
    #expect(DeviceInterpreter(export, constants).run([[0, 0, 0, 0]])[0].allSatisfy { $0.isFinite })
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func anExampleThatIsNotFiniteIsRefused(bad: Float) throws {
    let export = try CSource(Self.model([1, 2]))
    let constants = try export.constants()
    let good = SelfTestExample(inputs: [[1, 1]], outputs: [[3]])
    for example in [
      SelfTestExample(inputs: [[1, bad]], outputs: [[3]]),
      SelfTestExample(inputs: [[1, 1]], outputs: [[bad]]),
    ] {
      #expect {
        try export.texts(constants, headerName: "model.h", examples: [good, example])
      } throws: { error in
        (error as? CSourceError)?.place == "self-test example 2"
      }
    }
  }

  @Test func inputsThatAreNoNumbersBecomeCodes() throws {
    let model = Model.sequential(
      name: "small",
      layers: [
        SmallNetwork.input([4]), SmallNetwork.dense("a", 4, 3, .relu()),
        SmallNetwork.dense("b", 3, 2),
      ])
    let export = try CSource(model, options: .init(quantizesActivations: true))
    let constants = try export.constants(ranges: Self.ranges(export, 1))
    let interpreter = DeviceInterpreter(export, constants)
    // C's comparison takes NaN for the least code, and so must what predicts its accuracy.
    let least = interpreter.run([[-.infinity, 0, .infinity, 1]])
    #expect(interpreter.run([[.nan, 0, .infinity, 1]]) == least)
    #expect(least[0].allSatisfy { $0.isFinite })
  }
}
