import Compression
import Datasets
import Foundation
import Interchange
import ModelFile
import Models
import Pipelines
import Tensors
import TestSupport
import Testing
import Training

/// Pruning, quantised storage and limits in bytes, from a file to a file.
@Suite struct PruningPipelineTests {
  private static let scaling = SampleScaling(scale: 1 / 16)

  private func digits(_ split: DatasetSplit) throws -> Dataset {
    try DatasetLoader.load(Fixtures.path("data/digits.h5"), options: DatasetOptions())
      .selected(split)
  }

  private func data(finetune: Int = 0) throws -> CompressionData {
    CompressionData(
      dataset: try digits(.train), scaling: Self.scaling, sampleCount: 600, choiceCount: 200,
      finetuneEpochs: finetune)
  }

  /// A trained 64–32–10 network in `folder`.
  private func trained(in folder: URL) throws -> String {
    let training = try digits(.train)
    let options = TrainingOptions(
      schedule: LearningRateSchedule(base: 3e-3, shape: .cosine(floor: 0)), epochs: 8, seed: 3)
    let outcome = try TrainingRun(
      model: try StartingModel.open(
        "mlp:64-32-10", inputShape: training.inputShape, classCount: 10, seed: 3),
      options: options, training: training, validation: nil, scaling: Self.scaling
    ).run()
    let path = folder.appendingPathComponent("model.h5").path
    _ = try ModelWriting.write(outcome.model, to: path)
    return path
  }

  private func accuracy(_ path: String) throws -> Double {
    let model = try OpenedModel(path).wholeModel()
    let bound = try BoundData(
      try digits(.test), to: model, program: model.lowered(), requested: Self.scaling)
    return try #require(try model.evaluated(on: bound).accuracy)
  }

  private func prune(
    _ steps: PruningSteps, _ input: String, _ output: URL, data: CompressionData?,
    encoding: StoredEncoding? = nil, layout: StorageOptions.Layout = .open
  ) throws -> PruneOutcome {
    try Prune.run(
      PruneRequest(
        input: input, output: output.path, steps: steps, data: data, encoding: encoding,
        storage: StorageOptions(layout: layout), toolVersion: "test"))
  }

  @Test func masksStayThroughFineTuningAndStorage() throws {
    try Fixtures.withTemporaryFolder { folder in
      let input = try trained(in: folder)
      let output = folder.appendingPathComponent("pruned.h5")
      let outcome = try prune(
        PruningSteps(sparsity: 0.7), input, output, data: try data(finetune: 4),
        encoding: .int8, layout: .packed)
      #expect(outcome.history.count == 4)
      let model = try OpenedModel(output.path).wholeModel()
      for kernel in model.kernels {
        let parameter = model[kernel].components[0].parameter
        #expect(parameter.isMasked && parameter.scalarType == .int8)
        let zeros = try parameter.raw().bytes.count { $0 == 0 }
        #expect(Double(zeros) >= 0.69 * Double(parameter.count))
      }
      #expect(try ModelFileInspection(output.path).features == ["packed", "sparse"])
      #expect(try accuracy(output.path) > 0.9)
    }
  }

  @Test func removedChannelsShrinkParametersAndFile() throws {
    try Fixtures.withTemporaryFolder { folder in
      let input = try trained(in: folder)
      let output = folder.appendingPathComponent("pruned.h5")
      let outcome = try prune(
        PruningSteps(channels: .share(0.25)), input, output, data: try data())
      #expect(outcome.after.parameterCount == 64 * 24 + 24 + 24 * 10 + 10)
      #expect(outcome.after.fileByteCount < outcome.before.fileByteCount)
      #expect(outcome.viewObstacle == nil)
      #expect(outcome.secondsBefore != nil && outcome.secondsAfter != nil)
      #expect(try accuracy(output.path) > 0.8)
    }
  }

  /// What Keras is given instead of a selection computes the same.
  ///
  /// Few runs of neighbours are cut out one by one; many become a matrix of zeros and ones.
  @Test(arguments: [(40, true), (62, false)])
  func theViewOfASelectionPredictsTheSame(count: Int, isMatrix: Bool) throws {
    try Fixtures.withTemporaryFolder { folder in
      let input = try trained(in: folder)
      let output = folder.appendingPathComponent("pruned.h5")
      let outcome = try prune(
        PruningSteps(inputs: .count(count)), input, output, data: try data())
      #expect(outcome.viewObstacle == nil)
      #expect(outcome.after.parameterCount == outcome.before.parameterCount - (64 - count) * 32)
      let model = try OpenedModel(output.path).wholeModel()
      let viewed = folder.appendingPathComponent("view.h5").path
      try KerasWriter.write(model, to: viewed)
      let view = try FormatRegistry.open(viewed).model
      #expect(view.parameterCount == model.parameterCount + (isMatrix ? 64 * count : 0))
      func outputs(_ model: Model) throws -> Tensor {
        let bound = try BoundData(
          try digits(.test), to: model, program: model.lowered(), requested: Self.scaling)
        return try model.predictions(on: bound)[0].tensor
      }
      #expect(try outputs(model).relativeError(of: outputs(view)) < 1e-6)
      #expect(try accuracy(output.path) > 0.9)
    }
  }

  private func compress(
    _ input: String, _ output: URL, bytes: Int, finetune: Int, encoding: StoredEncoding? = nil
  ) throws -> CompressionOutcome {
    try Compress.run(
      CompressionRequest(
        input: input, output: output.path,
        source: .planning(
          PlanningOptions(target: .maximumBytes(bytes), encoding: encoding)),
        data: try data(finetune: finetune), storage: StorageOptions(isStripped: true),
        choosesLayout: true, toolVersion: "test"))
  }

  @Test(arguments: [(24_000, 0), (3_000, 0), (2_400, 4)])
  func aLimitInBytesIsMetByTheBestCombination(limit: Int, epochs: Int) throws {
    try Fixtures.withTemporaryFolder { folder in
      let input = try trained(in: folder)
      let output = folder.appendingPathComponent("small.h5")
      let outcome = try compress(input, output, bytes: limit, finetune: epochs)
      let size = try FileManager.default.attributesOfItem(atPath: output.path)[.size] as? Int
      #expect(try #require(size) <= limit)
      #expect(outcome.written?.byteCount == size)
      let chosen = outcome.combinations.filter(\.isChosen)
      #expect(chosen.count == 1)
      #expect(chosen.first?.byteCount == size)
      #expect(ModelFileVerifier.verify(output.path).isSound)
      // A file that fits as it is stays readable by Keras; a tiny one is packed.
      #expect((outcome.viewObstacle == nil) == (limit > 10_000))
      #expect(try accuracy(output.path) > (limit == 2_400 ? 0.85 : 0.6))
    }
  }

  @Test func fineTunedFactorsAreStoredInTheEncodingAskedFor() throws {
    try Fixtures.withTemporaryFolder { folder in
      let input = try trained(in: folder)
      let output = folder.appendingPathComponent("small.h5")
      _ = try Compress.run(
        CompressionRequest(
          input: input, output: output.path,
          source: .planning(PlanningOptions(target: .ratio(2), encoding: .int8)),
          data: try data(finetune: 2), toolVersion: "test"))
      let model = try OpenedModel(output.path).wholeModel()
      for kernel in model.kernels {
        #expect(model[kernel].components.allSatisfy { $0.parameter.scalarType == .int8 })
      }
    }
  }

  @Test func aRatioCountsWhatWasPrunedBefore() throws {
    try Fixtures.withTemporaryFolder { folder in
      let input = try trained(in: folder)
      let output = folder.appendingPathComponent("small.h5")
      let outcome = try Compress.run(
        CompressionRequest(
          input: input, output: output.path, source: .planning(PlanningOptions(target: .ratio(3))),
          data: try data(), pruning: PruningSteps(inputs: .share(0.5)), toolVersion: "test"))
      let after = try #require(outcome.after?.parameterCount)
      #expect(after <= outcome.before.parameterCount / 3)
      #expect(after > outcome.before.parameterCount / 5)
      #expect(outcome.pruned.map(\.subject) == [.inputs])
    }
  }
}
