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
  }

  /// Compresses to a flash and RAM budget: for each storage the largest number of parameters that
  /// fits, then the storage that is most accurate on held-out examples.
  ///
  /// - Throws: `PipelineError` that says what does not fit and by how much.
  mutating func runOnDevice(_ budget: DeviceBudget) throws -> CompressionOutcome {
    var fittings: [Fitting] = []
    var obstacles: [String] = []
    for storage in try storages(budget) {
      guard let candidate = try fitting(budget, storage, &obstacles) else { continue }
      fittings.append(Fitting(candidate: candidate, storage: storage))
    }
    guard let best = try mostAccurate(fittings) else {
      throw PipelineError(
        place: request.input,
        reason: "nothing fits: " + obstacles.joined(separator: "; "))
    }
    var outcome = try finish(best.candidate)
    outcome.device = try deviceResult(outcome, budget, best.storage)
    return outcome
  }

  /// The most accurate on held-out examples, all judged on the same ones; the first without data.
  private func mostAccurate(_ fittings: [Fitting]) throws -> Fitting? {
    guard fittings.count > 1, let parts else { return fittings.first }
    // int8 runs as the C file computes it, which takes its time: what it affords serves all.
    var part = parts.choice
    for fitting in fittings where fitting.storage == .int8 {
      let export = try export(fitting.candidate.compressed.model, .int8)
      part = Int8Calibration.affordable(part, export.multiplications, atLeast: 100)
    }
    var best: (fitting: Fitting, accuracy: Double, loss: Double)?
    for fitting in fittings {
      let score = try score(fitting, on: part)
      if best.map({ (score.accuracy, -score.loss) > ($0.accuracy, -$0.loss) }) ?? true {
        best = (fitting, score.accuracy, score.loss)
      }
    }
    return best?.fitting
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
    // Each plan that is made has fewer parameters than the one before it; `footprint` is its.
    var smallest = model.parameterCount
    var reached = smallest
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
        smallest = candidate.compressed.model.parameterCount
        reached = min(limit, smallest)
      } catch let error as PipelineError where error.place == request.input {
        unreachable = limit
      }
    }
    let missing = [
      ("flash", budget.flashExcess(footprint)), ("RAM", budget.ramExcess(footprint)),
    ].filter { $0.1 > 0 }.map { "\($0.1) bytes more of \($0.0)" }
    obstacles.append(
      "\(storage.rawValue) at \(smallest) parameters, the fewest tried, needs "
        + missing.joined(separator: " and "))
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

  /// Accuracy and loss on some examples; int8 as the C file computes it.
  private func score(
    _ fitting: Fitting, on part: BoundData
  ) throws -> (accuracy: Double, loss: Double) {
    let model = fitting.candidate.compressed.model
    let result = try model.evaluated(on: part, threads: request.threads)
    guard fitting.storage == .int8, let share = try deviceAccuracy(model, on: part) else {
      return (result.accuracy ?? 0, result.loss)
    }
    return (share, result.loss)
  }

  /// The share of right answers of int8 arithmetic, its ranges measured on the calibration part.
  private func deviceAccuracy(_ model: Model, on data: BoundData) throws -> Double? {
    guard let calibration = parts?.calibration else { return nil }
    let export = try export(model, .int8)
    let count = min(calibration.dataset.count, Int8Calibration.calibrationCount)
    let ranges = try Int8Calibration.ranges(
      of: export, model, on: calibration.selecting(0..<count))
    return try Int8Calibration.accuracies(
      export, try export.constants(ranges: ranges), model, on: data)?.device
  }

  private func deviceResult(
    _ outcome: CompressionOutcome, _ budget: DeviceBudget, _ storage: WeightStorage
  ) throws -> DeviceResult? {
    guard let parts else { return nil }
    let result = try OpenedModel(request.output).wholeModel()
    let export = try export(result, storage)
    var accuracy = outcome.report?.accuracy
    if storage == .int8 {
      let part = Int8Calibration.affordable(
        parts.report, export.multiplications, atLeast: 100)
      accuracy = try deviceAccuracy(result, on: part)
    }
    return DeviceResult(
      budget: budget, storage: storage, footprint: export.footprint,
      multiplications: export.multiplications, accuracy: accuracy)
  }
}
