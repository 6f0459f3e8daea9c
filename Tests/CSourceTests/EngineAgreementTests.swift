import CSource
import Execution
import Foundation
import Interchange
import Models
import Programs
import Tensors
import TestSupport
import Testing

/// What the C file computes, step by step, against the engine.
@Suite struct EngineAgreementTests {
  /// Keras fixtures of the two main generations.
  static let fixtures: [String] = {
    let folder = Fixtures.path("keras")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix("-k2.h5") || $0.hasSuffix("-k3.keras") }.sorted()
  }()

  static func model(_ name: String) throws -> Model {
    try FormatRegistry.open(Fixtures.path("keras/" + name), options: ReadOptions()).model
  }

  /// The export of a model, or nil where it is refused for a reason that names a place.
  static func export(_ model: Model, _ options: CSource.Options = .init()) throws -> CSource? {
    do { return try CSource(model, options: options) } catch let error as LoweringError {
      #expect(error.description.contains(": "))
    } catch let error as CSourceError {
      #expect(!error.place.isEmpty && !error.reason.isEmpty)
    } catch let error as ModelError {
      #expect(!error.place.isEmpty)
    }
    return nil
  }

  /// Inputs between 0 and 1 for every input of a program.
  static func inputs(_ program: Program, seed: UInt64) -> [[Float]] {
    var generator = SeededGenerator(seed: seed)
    return program.inputs.map { input in
      (0..<input.shape.count).map { _ in Float(generator.uniform()) }
    }
  }

  static func engine(_ model: Model, _ program: Program, _ inputs: [[Float]]) throws -> [[Float]] {
    let executor = try InferenceExecutor(
      program, parameters: try model.parameterValues(for: program), capacity: 1)
    let tensors = zip(program.inputs, inputs).map { input, values in
      Tensor(shape: Shape([1] + input.shape.extents), elements: values)
    }
    return try executor.run(tensors).map(\.elements)
  }

  /// max |difference| ÷ max |reference|.
  static func distance(_ found: [[Float]], _ expected: [[Float]]) -> Double {
    let largest = expected.joined().map { Double(abs($0)) }.max() ?? 0
    let difference = zip(found.joined(), expected.joined()).map { Double(abs($0 - $1)) }.max() ?? 0
    return difference / max(largest, 1e-30)
  }

  @Test func mostFixturesCanBeExported() throws {
    let exported = try Self.fixtures.filter { name in
      guard let model = try? Self.model(name), !model.calls.isEmpty else { return false }
      return try Self.export(model) != nil
    }
    #expect(exported.count >= 40, "\(exported)")
  }

  @Test(arguments: fixtures)
  func floatOutputsAreTheEngines(name: String) throws {
    guard let model = try? Self.model(name), !model.calls.isEmpty,
      let export = try Self.export(model)
    else { return }
    let interpreter = DeviceInterpreter(export, try export.constants())
    for seed in 1...2 {
      let inputs = Self.inputs(export.program, seed: UInt64(seed))
      let expected = try Self.engine(model, export.program, inputs)
      let found = interpreter.run(inputs)
      #expect(found.map(\.count) == expected.map(\.count))
      #expect(Self.distance(found, expected) <= 1e-5)
    }
  }

  @Test(arguments: [("mlp-mnist-k2.h5", 2e-3), ("mnist-cnn-k2.h5", 2e-3), ("mobile-k2.h5", 1e-2)])
  func float16WeightsRoundByTheirPrecision(name: String, bound: Double) throws {
    let model = try Self.model(name)
    let export = try #require(try Self.export(model, .init(storage: .float16)))
    let inputs = Self.inputs(export.program, seed: 3)
    let found = DeviceInterpreter(export, try export.constants()).run(inputs)
    let distance = Self.distance(found, try Self.engine(model, export.program, inputs))
    #expect(distance > 0 && distance <= bound)
  }

  @Test(arguments: ["mlp-mnist-k2.h5", "mnist-cnn-k2.h5", "mobile-k2.h5", "residual-k2.h5"])
  func int8WeightsStayNear(name: String) throws {
    let model = try Self.model(name)
    let export = try #require(try Self.export(model, .init(storage: .int8)))
    let inputs = Self.inputs(export.program, seed: 4)
    let found = DeviceInterpreter(export, try export.constants()).run(inputs)
    #expect(Self.distance(found, try Self.engine(model, export.program, inputs)) <= 0.05)
  }

  @Test func aHalvedStorageHalvesTheConstants() throws {
    let model = try Self.model("mlp-mnist-k2.h5")
    func constants(_ storage: WeightStorage) throws -> Int {
      try CSource(model, options: .init(storage: storage)).footprint.constantByteCount
    }
    let biases = 4 * 160
    #expect(try constants(.float32) == 4 * 83_900 + biases)
    #expect(try constants(.float16) == 2 * 83_900 + biases)
    #expect(try constants(.int8) == 83_900 + biases + 4 * 160)
  }
}
