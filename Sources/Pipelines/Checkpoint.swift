package import HDF5
package import JSON
import ModelFile
public import Programs
import Tensors
public import Training

/// A training run's state in a file, from which it goes on bit for bit.
public enum Checkpoint {
  private static let version = 1

  /// Writes a state; the old checkpoint stays until the new one is whole.
  ///
  /// `fingerprint` names everything that decides the run (model, data, options): a checkpoint of
  /// another run is refused when it is read.
  public static func write(
    _ state: TrainingState, program: Program, fingerprint: String, to path: String
  ) throws {
    let output = try TemporaryOutput(for: path, force: true)
    let file = try HDF5Writer(creating: output.path)
    let graph = JSONValue.object([
      "format": "modelc-checkpoint", "version": .integer(version),
      "fingerprint": .string(fingerprint), "epoch": .integer(state.epoch),
      "position": .integer(state.position), "correct": .integer(state.correctCount),
      "loss_sum": .number(state.lossSum), "optimizer_steps": .integer(state.optimizer.stepCount),
      "best_epoch": state.best.map { .integer($0.epoch) } ?? .null,
      "history": .array(state.history.map(\.json)),
    ])
    let text = Array(graph.serialized(allowsNonFinite: true).utf8)
    try file.writeDataset(
      "state", extents: [text.count],
      datatype: .integer(size: 1, isSigned: false, order: .little), bytes: text)
    try write(state.parameters.map(\.elements), under: "parameters", to: file)
    try write(state.optimizer.firstMoments, under: "first_moments", to: file)
    try write(state.optimizer.secondMoments, under: "second_moments", to: file)
    try write((state.best?.parameters ?? []).map(\.elements), under: "best", to: file)
    try write(state.average.map(\.elements), under: "average", to: file)
    try file.close()
    try output.commit()
  }

  private static func write(
    _ arrays: [[Float]], under group: String, to file: borrowing HDF5Writer
  ) throws {
    try file.createGroup(group)
    for (index, values) in arrays.enumerated() where !values.isEmpty {
      try file.writeDataset("\(group)/\(index)", extents: [values.count], floats: values)
    }
  }

  /// Reads a state for the same program, options and data.
  /// - Throws: `PipelineError` where the checkpoint belongs to another run; `HDF5Error`.
  public static func read(
    _ path: String, program: Program, options: TrainingOptions, fingerprint: String
  ) throws -> TrainingState {
    try read(
      try HDF5File(reading: path), program: program, options: options, fingerprint: fingerprint)
  }

  /// Reads a state out of an open file, such as an image in memory.
  package static func read(
    _ file: HDF5File, program: Program, options: TrainingOptions, fingerprint: String
  ) throws -> TrainingState {
    func failure(_ reason: String) -> PipelineError {
      PipelineError(place: file.name, reason: reason)
    }
    let stored = try file.dataset("state")
    guard stored.byteCount <= JSONLimits().byteCount else {
      throw failure("state: \(stored.byteCount) bytes, at most \(JSONLimits().byteCount) are read")
    }
    let text = try stored.readBytes()
    let state: JSONValue
    do { state = try JSONValue(parsing: text) } catch { throw failure("state: \(error)") }
    guard state["format"]?.string == "modelc-checkpoint", state["version"]?.int == version else {
      throw failure("expected a checkpoint of version \(version), found another file")
    }
    guard state["fingerprint"]?.string == fingerprint else {
      throw failure(
        "it belongs to a run with another model, data set or options; give the same ones, or "
          + "another checkpoint")
    }
    guard let epoch = state["epoch"]?.int, epoch >= 0, let position = state["position"]?.int,
      position >= 0, let correct = state["correct"]?.int, (0...position).contains(correct),
      let lossSum = state["loss_sum"]?.double, lossSum.isFinite,
      let steps = state["optimizer_steps"]?.int, (0...Int(Int32.max)).contains(steps),
      let history = state["history"]?.array?.map(EpochRecord.init(json:)),
      history.count == epoch, !history.contains(where: { $0 == nil })
    else { throw failure("its state is incomplete") }
    let counts = program.parameters.map(\.shape.count)
    func arrays(_ group: String) throws -> [[Float]] {
      let group = try file.group(group)
      guard !group.names.isEmpty else { return [] }
      return try counts.indices.map { index in
        guard group.has(String(index)) else { return [] }
        let dataset = try group.dataset(String(index))
        guard dataset.extents == [counts[index]] else {
          throw failure(
            "\(dataset.path): expected \(counts[index]) values, found \(dataset.extents)")
        }
        return try dataset.readFloats()
      }
    }
    func tensors(_ arrays: [[Float]]) throws -> [Tensor] {
      guard arrays.count == counts.count else {
        throw failure("expected \(counts.count) parameters, found \(arrays.count)")
      }
      return try zip(program.parameters, arrays).map { declaration, values in
        guard values.count == declaration.shape.count else {
          throw failure("\(declaration.name): its values are missing")
        }
        return Tensor(shape: declaration.shape, elements: values)
      }
    }
    // The moments that this rule keeps of every trained parameter, and no others.
    func moments(_ group: String, areKept: Bool) throws -> [[Float]] {
      let arrays = try arrays(group)
      if areKept, arrays.isEmpty, !program.parameters.contains(where: \.isTrainable) { return [] }
      guard arrays.count == (areKept ? counts.count : 0) else {
        throw failure("\(group): expected those of the optimizer's parameters, found others")
      }
      for (declaration, values) in zip(program.parameters, arrays) {
        guard values.count == (declaration.isTrainable ? declaration.shape.count : 0) else {
          throw failure("\(group): those of \(declaration.name) do not fit")
        }
      }
      return arrays
    }
    let empty = Optimizer(
      settings: options.optimizer, weightDecay: options.weightDecay,
      parameters: program.parameters.map { _ in Tensor.zeros([0]) },
      isTrained: program.parameters.map { _ in true })
    let best = try state["best_epoch"]?.int.map {
      let kept = try arrays("best")
      return TrainingState.Best(epoch: $0, parameters: kept.isEmpty ? [] : try tensors(kept))
    }
    if let best, !history.indices.contains(best.epoch) {
      throw failure("its best epoch is unknown")
    }
    return TrainingState(
      parameters: try tensors(try arrays("parameters")),
      optimizer: Optimizer(
        settings: options.optimizer, weightDecay: options.weightDecay, stepCount: steps,
        firstMoments: try moments("first_moments", areKept: !empty.firstMoments.isEmpty),
        secondMoments: try moments("second_moments", areKept: !empty.secondMoments.isEmpty)),
      epoch: epoch, position: position, lossSum: lossSum, correctCount: correct,
      history: history.compactMap { $0 }, best: best,
      average: options.averaging == nil ? [] : try tensors(try arrays("average")))
  }
}

extension EpochRecord {
  /// The record as JSON.
  package var json: JSONValue {
    .object([
      "epoch": .integer(epoch), "loss": .number(loss),
      "accuracy": accuracy.map { .number($0) } ?? .null,
      "validation_loss": validationLoss.map { .number($0) } ?? .null,
      "validation_accuracy": validationAccuracy.map { .number($0) } ?? .null,
      "learning_rate": .number(learningRate), "seconds": .number(seconds),
    ])
  }

  /// Reads a record; nil if a part is missing.
  init?(json: JSONValue) {
    guard let epoch = json["epoch"]?.int, let loss = json["loss"]?.double,
      let rate = json["learning_rate"]?.double, let seconds = json["seconds"]?.double
    else { return nil }
    self.init(
      epoch: epoch, loss: loss, accuracy: json["accuracy"]?.double,
      validationLoss: json["validation_loss"]?.double,
      validationAccuracy: json["validation_accuracy"]?.double, learningRate: rate,
      seconds: seconds)
  }
}
