import CSource
import Compression
import Datasets
import Models
import Training

/// The search for the most accurate model that a device has room for.
extension CompressionJob {
  /// A candidate that fits, in one storage.
  private struct Fitting {
    var candidate: Candidate
    var storage: WeightStorage
    var accuracy: Double
    var loss: Double
  }

  /// Compresses to a flash and RAM budget: for each storage the largest number of parameters that
  /// fits, then the storage that is most accurate on held-out examples.
  ///
  /// - Throws: `PipelineError` that says what does not fit and by how much.
  mutating func runOnDevice(_ budget: DeviceBudget) throws -> CompressionOutcome {
    var best: Fitting?
    var obstacles: [String] = []
    for storage in try storages(budget) {
      guard let candidate = try fitting(budget, storage, &obstacles) else { continue }
      let score = try score(candidate, storage)
      if best.map({ (score.accuracy, -score.loss) > ($0.accuracy, -$0.loss) }) ?? true {
        best = Fitting(
          candidate: candidate, storage: storage, accuracy: score.accuracy, loss: score.loss)
      }
    }
    guard let best else {
      throw PipelineError(
        place: request.input,
        reason: "nothing fits: " + obstacles.joined(separator: "; "))
    }
    var outcome = try finish(best.candidate)
    outcome.device = try deviceResult(outcome, budget, best.storage)
    return outcome
  }

  /// The storages worth a search: where the whole model fits, none smaller is better.
  private func storages(_ budget: DeviceBudget) throws -> [WeightStorage] {
    for storage in [WeightStorage.float32, .float16]
    where budget.holds(try export(model, storage).footprint) {
      return [storage]
    }
    return [.float16, .int8]
  }

  /// The candidate with the most parameters that fits in one storage; nil with the reason if none.
  private mutating func fitting(
    _ budget: DeviceBudget, _ storage: WeightStorage, _ obstacles: inout [String]
  ) throws -> Candidate? {
    var footprint = try export(model, storage).footprint
    // The plan that keeps every kernel.
    if budget.holds(footprint) { return try planned(model.parameterCount) }
    var reached = model.parameterCount
    var unreachable = 0
    for _ in 0..<10 {
      let excess = budget.flashExcess(footprint)
      // RAM follows from shapes: fewer parameters change it little, so half of them are tried.
      var limit = reached - (excess + storage.byteCount - 1) / storage.byteCount
      if excess <= 0 { limit = reached / 2 }
      if limit <= unreachable { limit = (unreachable + reached) / 2 }
      guard limit > unreachable, limit < reached else { break }
      do {
        let candidate = try planned(limit)
        footprint = try export(candidate.compressed.model, storage).footprint
        if budget.holds(footprint) { return candidate }
        reached = min(limit, candidate.compressed.model.parameterCount)
      } catch let error as PipelineError where error.place == request.input {
        unreachable = limit
      }
    }
    let missing = [
      ("flash", budget.flashExcess(footprint)), ("RAM", budget.ramExcess(footprint)),
    ].filter { $0.1 > 0 }.map { "\($0.1) bytes more of \($0.0)" }
    obstacles.append(
      "\(storage.rawValue), at its smallest, needs \(missing.joined(separator: " and "))")
    return nil
  }

  /// The best candidate of at most `limit` parameters.
  private mutating func planned(_ limit: Int) throws -> Candidate {
    guard case .planning(var options) = request.source else {
      throw PipelineError(
        place: "--plan", reason: "a plan states its ranks; drop --flash and --ram")
    }
    options.target = .maximumParameters(limit)
    request.source = .planning(options)
    return try best()
  }

  private func export(_ model: Model, _ storage: WeightStorage) throws -> CSource {
    try CSource(
      model, options: .init(storage: storage, quantizesActivations: storage == .int8))
  }

  /// Accuracy and loss on the examples that choose; int8 as the C file computes it.
  private func score(
    _ candidate: Candidate, _ storage: WeightStorage
  ) throws -> (accuracy: Double, loss: Double) {
    guard let parts else { return (0, 0) }
    let model = candidate.compressed.model
    let result = try model.evaluated(on: parts.choice, threads: request.threads)
    guard storage == .int8,
      let share = try deviceAccuracy(model, on: parts.choice, ranges: parts.calibration)
    else { return (result.accuracy ?? 0, result.loss) }
    return (share, result.loss)
  }

  /// The share of right answers of int8 arithmetic on as many examples as time allows.
  private func deviceAccuracy(
    _ model: Model, on data: BoundData, ranges: BoundData
  ) throws -> Double? {
    let export = try export(model, .int8)
    let count = min(ranges.dataset.count, Int8Calibration.calibrationCount)
    let constants = try export.constants(
      ranges: try Int8Calibration.ranges(of: export, model, on: ranges.selecting(0..<count)))
    let part = Int8Calibration.affordable(data, export.multiplications, atLeast: 100)
    return try Int8Calibration.accuracies(export, constants, model, on: part)?.device
  }

  private func deviceResult(
    _ outcome: CompressionOutcome, _ budget: DeviceBudget, _ storage: WeightStorage
  ) throws -> DeviceResult? {
    guard let parts else { return nil }
    let result = try OpenedModel(request.output).wholeModel()
    let export = try export(result, storage)
    var accuracy = outcome.report?.accuracy
    if storage == .int8 {
      accuracy = try deviceAccuracy(result, on: parts.report, ranges: parts.calibration)
    }
    return DeviceResult(
      budget: budget, storage: storage, footprint: export.footprint,
      multiplications: export.multiplications, accuracy: accuracy)
  }
}
