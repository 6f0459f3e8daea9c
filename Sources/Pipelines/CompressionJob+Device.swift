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
    for storage in [WeightStorage.float32, .float16, .int8] {
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

  /// The candidate with the most parameters that fits in one storage; nil with the reason if none.
  private mutating func fitting(
    _ budget: DeviceBudget, _ storage: WeightStorage, _ obstacles: inout [String]
  ) throws -> Candidate? {
    let whole = try export(model, storage).footprint
    var limit = model.parameterCount
    var excess = (flash: budget.flashExcess(whole), ram: budget.ramExcess(whole))
    if budget.holds(whole) {
      // The plan that keeps every kernel.
      return try planned(limit)
    }
    var lastReason = ""
    for _ in 0..<8 where excess.flash > 0 || excess.ram > 0 {
      // RAM follows from shapes, not from ranks: fewer parameters change it little.
      limit -= max((excess.flash + storage.byteCount - 1) / storage.byteCount, limit / 50, 8)
      guard limit > 0 else { break }
      let candidate: Candidate
      do { candidate = try planned(limit) } catch let error as PipelineError {
        lastReason = error.reason
        break
      }
      let footprint = try export(candidate.compressed.model, storage).footprint
      if budget.holds(footprint) { return candidate }
      excess = (budget.flashExcess(footprint), budget.ramExcess(footprint))
      if excess.flash <= 0 { break }
    }
    obstacles.append(
      "\(storage.rawValue) needs "
        + [
          excess.flash > 0 ? "\(excess.flash) bytes more of flash" : nil,
          excess.ram > 0 ? "\(excess.ram) bytes more of RAM" : nil,
        ].compactMap { $0 }.joined(separator: " and ")
        + (lastReason.isEmpty ? "" : " (\(lastReason))"))
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
    let count = min(ranges.dataset.count, Convert.calibrationCount)
    let constants = try export.constants(
      ranges: try Convert.measuredRanges(of: export, model, on: ranges.selecting(0..<count)))
    let affordable = Convert.comparisonBudget / max(export.multiplications, 1)
    let part = data.selecting(0..<min(data.dataset.count, max(affordable, 100)))
    return try Convert.accuracies(export, constants, model, on: part)?.device
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
