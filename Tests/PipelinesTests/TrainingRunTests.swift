import Compression
import Datasets
import Foundation
import HDF5
import Models
import Pipelines
import Programs
import Tensors
import TestSupport
import Testing
import Training

/// The whole way: data from a file, training, checkpoints, evaluation.
@Suite struct TrainingRunTests {
  private static let scaling = SampleScaling(scale: 1 / 16)

  private func digits(_ split: DatasetSplit, limit: Int? = nil) throws -> Dataset {
    var options = DatasetOptions()
    options.limit = limit
    return try DatasetLoader.load(Fixtures.path("data/digits.h5"), options: options)
      .selected(split)
  }

  private func run(
    _ text: String, _ options: TrainingOptions, training: Dataset, validation: Dataset?
  ) throws -> TrainingRun {
    TrainingRun(
      model: try StartingModel.open(
        text, inputShape: training.inputShape, classCount: 10, seed: options.seed),
      options: options, training: training, validation: validation, scaling: Self.scaling)
  }

  static let nets: [(String, Int, Double)] = [
    ("mlp:64-32-10", 15, 0.93), ("cnn:8-pool-dense32", 12, 0.95),
  ]

  @Test(arguments: nets)
  func digitsAreLearned(text: String, epochs: Int, accuracy: Double) throws {
    let options = TrainingOptions(
      schedule: LearningRateSchedule(base: 3e-3, shape: .cosine(floor: 0)), epochs: epochs, seed: 3)
    let outcome = try run(text, options, training: digits(.train), validation: nil).run()
    #expect(outcome.history.count == epochs && !outcome.wasStopped)
    let test = try digits(.test)
    let bound = try BoundData(
      test, to: outcome.model, program: outcome.model.lowered(), requested: nil)
    // The scaling travels in the model.
    #expect(bound.scaling == Self.scaling && bound.remark == nil)
    let result = try outcome.model.evaluated(on: bound)
    #expect((result.accuracy ?? 0) >= accuracy, "\(result.accuracy ?? 0)")
  }

  @Test(arguments: [1, 17, 18, 40])
  func aCheckpointGoesOnToTheSameBytes(stopAfter steps: Int) throws {
    let data = try digits(.train, limit: 260)
    let validation = try digits(.test, limit: 60)
    let options = TrainingOptions(
      optimizer: .adam(), weightDecay: 0.01,
      schedule: LearningRateSchedule(base: 3e-3, shape: .cosine(floor: 0)), batchSize: 15,
      epochs: 3, seed: 5, augmentation: Augmentation(shift: 1), labelSmoothing: 0.1,
      averaging: 0.9)
    let run = try run(
      "cnn:4-pool-dense12,batchnorm,dropout=0.2", options, training: data, validation: validation)
    let whole = try run.run()
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("run.checkpoint").path
      let program = try run.program()
      var taken = 0
      let stopped = try run.run(
        onStep: { state, _ in
          taken += 1
          guard taken == steps else { return .goOn }
          try Checkpoint.write(state, program: program, fingerprint: "it", to: path)
          return .stop
        },
        onEpoch: { _, state in
          guard taken == steps else { return .goOn }
          try Checkpoint.write(state, program: program, fingerprint: "it", to: path)
          return .stop
        })
      #expect(stopped.wasStopped)
      let state = try Checkpoint.read(path, program: program, options: options, fingerprint: "it")
      #expect(state.parameters == stopped.state.parameters)
      #expect(state.optimizer == stopped.state.optimizer)
      #expect(!state.average.isEmpty && state.average == stopped.state.average)
      let resumed = try run.run(from: state)
      #expect(resumed.state.parameters == whole.state.parameters)
      #expect(resumed.state.optimizer == whole.state.optimizer)
      #expect(resumed.keptEpoch == whole.keptEpoch)
      #expect(resumed.history.map(\.loss) == whole.history.map(\.loss))
      #expect(resumed.history.map(\.validationLoss) == whole.history.map(\.validationLoss))
      for (left, right) in zip(resumed.model.layers, whole.model.layers) {
        for (a, b) in zip(left.weights, right.weights) {
          for (x, y) in zip(a.weight.components, b.weight.components) {
            #expect(try x.parameter.raw().bytes == y.parameter.raw().bytes)
          }
        }
      }
    }
  }

  @Test func aForeignCheckpointIsRefused() throws {
    let data = try digits(.train, limit: 40)
    let options = TrainingOptions(epochs: 1)
    let run = try run("mlp:64-8-10", options, training: data, validation: nil)
    let program = try run.program()
    let state = try run.run().state
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("run.checkpoint").path
      try Checkpoint.write(state, program: program, fingerprint: "one", to: path)
      let other = #expect(throws: PipelineError.self) {
        _ = try Checkpoint.read(path, program: program, options: options, fingerprint: "two")
      }
      #expect(other?.description.contains("another model, data set or options") == true)
      let wider = try self.run("mlp:64-9-10", options, training: data, validation: nil).program()
      let shape = #expect(throws: PipelineError.self) {
        _ = try Checkpoint.read(path, program: wider, options: options, fingerprint: "one")
      }
      #expect(shape?.description.contains("expected 576 values, found [512]") == true)
      try Data("no HDF5".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: (any Error).self) {
        _ = try Checkpoint.read(path, program: program, options: options, fingerprint: "one")
      }
    }
  }

  @Test func frozenLayersAndTheirFileBytesStay() throws {
    let model = try OpenedModel(Fixtures.path("keras/digits-cnn-k2.h5")).wholeModel()
    let data = try digits(.train, limit: 64)
    let first = try #require(model.layers.first { !$0.weights.isEmpty })
    let outcome = try TrainingRun(
      model: model, options: TrainingOptions(epochs: 1), training: data.reshaped(to: [8, 8, 1]),
      validation: nil, scaling: Self.scaling, frozenLayers: [first.path]
    ).run()
    for (old, new) in zip(model.layers, outcome.model.layers) where !old.weights.isEmpty {
      let isSame = try zip(old.weights, new.weights).allSatisfy { a, b in
        try a.weight.components[0].parameter.raw().bytes
          == b.weight.components[0].parameter.raw().bytes
      }
      #expect(isSame == (old.path == first.path), "\(old.path)")
      #expect(old.isTrainable == new.isTrainable)
    }
  }

  /// Keras' own count of right answers on the same images, ± 1 of 360.
  @Test(arguments: [("digits-cnn-k2.h5", 352), ("digits-cnn-k3.keras", 350)])
  func kerasModelsAreAsRightAsInKeras(file: String, right: Int) throws {
    let model = try OpenedModel(Fixtures.path("keras/\(file)")).wholeModel()
    let bound = try BoundData(
      digits(.test), to: model, program: model.lowered(), requested: Self.scaling)
    let result = try model.evaluated(on: bound)
    #expect(result.count == 360)
    #expect(abs((result.correctCount ?? 0) - right) <= 1)
    #expect(result.confusion.reduce(0) { $0 + $1.reduce(0, +) } == 360)
  }

  @Test func normsFollowTheirInputs() throws {
    let data = try digits(.train, limit: 200)
    let options = TrainingOptions(
      schedule: LearningRateSchedule(base: 5e-3), epochs: 6, seed: 2)
    var model = try run(
      "cnn:8-pool-dense16,batchnorm", options, training: data, validation: nil
    ).run().model
    func accuracy(_ model: Model) throws -> Double {
      let bound = try BoundData(digits(.test), to: model, program: model.lowered(), requested: nil)
      return try model.evaluated(on: bound).accuracy ?? 0
    }
    let before = try accuracy(model)
    let index = try #require(model.layers.firstIndex { $0.path == "conv2d" })
    for weight in 0..<2 {
      var tensor = try model.layers[index].weights[weight].weight.components[0].parameter.tensor()
      for element in tensor.elements.indices {
        tensor.elements[element] = weight == 0 ? 3 * tensor.elements[element] : 7
      }
      model.layers[index].weights[weight].weight = Weight(Parameter(tensor))
    }
    #expect(try accuracy(model) < before - 0.2)
    let images = try data.reshaped(to: [8, 8, 1])
    let repaired = try model.withEstimatedNorms(on: images, scaling: Self.scaling)
    #expect(try accuracy(repaired) > before - 0.05)
    #expect(repaired.parameterCount == model.parameterCount)
  }

  @Test func compressionWithDataTakesTheBetterNorms() throws {
    let data = try digits(.train).reshaped(to: [8, 8, 1])
    let options = TrainingOptions(
      schedule: LearningRateSchedule(base: 5e-3), epochs: 3, seed: 2)
    let model = try run(
      "cnn:16-16-pool-dense32,batchnorm", options, training: data, validation: nil
    ).run().model
    try Fixtures.withTemporaryFolder { folder in
      let input = folder.appendingPathComponent("net.h5").path
      _ = try ModelWriting.write(model, to: input, force: false)
      let outcome = try Compress.run(
        CompressionRequest(
          input: input, output: folder.appendingPathComponent("small.h5").path,
          source: .planning(PlanningOptions(target: .ratio(6))),
          data: CompressionData(dataset: data, scaling: Self.scaling, weighting: .none),
          toolVersion: "test"))
      let norms = try #require(outcome.norms)
      #expect(norms.lossBefore.isFinite && norms.lossAfter.isFinite)
      #expect(norms.lossBefore != norms.lossAfter)
      // What was taken is what was written.
      let small = try OpenedModel(folder.appendingPathComponent("small.h5").path).wholeModel()
      func mean(_ model: Model) throws -> [Float] {
        let layer = try #require(
          model.layers.first { if case .batchNormalization = $0.kind { true } else { false } })
        let weight = try #require(layer.weights.first { $0.name == "moving_mean" })
        return try weight.weight.components[0].parameter.tensor().elements
      }
      #expect(try (mean(small) != mean(model)) == norms.isTaken)
    }
  }

  @Test func aDescriptionStartsATraining() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("net.json").path
      let text = """
        {"layers": [{"path": "flat", "kind": "reshaping", "attributes": {"operation": "flatten"}},
          {"path": "out", "kind": "dense", "attributes": {"units": 10, "activation": "softmax"}}]}
        """
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      let model = try StartingModel.open(path, inputShape: [8, 8], classCount: 10, seed: 1)
      #expect(model.parameterCount == 650)
      try "{\"layers\": 1}".write(toFile: path, atomically: true, encoding: .utf8)
      let error = #expect(throws: PipelineError.self) {
        _ = try StartingModel.open(path, inputShape: [8, 8], classCount: 10, seed: 1)
      }
      #expect(error?.description.hasPrefix("\(path): ") == true)
      let missing = folder.appendingPathComponent("none.json").path
      #expect(throws: PipelineError.self) {
        _ = try StartingModel.open(missing, inputShape: [8, 8], classCount: 10, seed: 1)
      }
    }
  }
}
