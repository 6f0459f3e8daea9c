import Compression
import Datasets
import ModelFile
import Models
import Training

/// Meeting a limit in bytes by whatever combination loses least on held-out examples.
extension CompressionJob {
  /// A combination with the model that follows from it.
  private struct Contender {
    let job: CompressionJob
    let candidate: Candidate
    /// Its place in the list of what was tried.
    let number: Int
    let loss: Double
  }

  /// A finished contender.
  private struct Finished {
    let contender: Contender
    let model: Model
    let history: [EpochRecord]
    let pruned: [PruningReport]
    let result: EvaluationResult
  }

  /// Tries every combination, fine-tunes the best ones where asked, and writes the best of all.
  mutating func runCombined(within limit: Int) throws -> CompressionOutcome {
    guard let parts else { preconditionFailure("combinations are compared on examples") }
    var tried: [TriedCombination] = []
    var contenders: [Contender] = []
    var smallest: (any Error)?
    // What storage does not change is analysed once, for all of them.
    if case .planning(let options) = request.source {
      for weighting in weightings() { _ = try analysed(options.forms, weighting: weighting) }
    }
    for combination in combinations() {
      var job = try prepared(for: combination)
      var entry = TriedCombination(combination: combination)
      do {
        let (candidate, size) = try job.candidate(within: limit, sparsity: combination.sparsity)
        let stored = try job.masked(candidate.compressed.model, combination.sparsity)
        let result = try stored.evaluated(on: parts.choice, threads: request.threads)
        entry.parameterCount = stored.parameterCount
        entry.byteCount = size
        entry.loss = result.loss
        entry.accuracy = result.accuracy
        contenders.append(
          Contender(job: job, candidate: candidate, number: tried.count, loss: result.loss))
      } catch let error as CompressionError {
        (smallest, entry.remark) = (smallest ?? error, "out of reach")
      } catch let error as PipelineError {
        (smallest, entry.remark) = (error, "out of reach")
      }
      tried.append(entry)
    }
    guard !contenders.isEmpty else {
      throw smallest ?? PipelineError(place: request.output, reason: "nothing fits \(limit) bytes")
    }
    let finished = try finish(contenders, within: limit, parts, &tried)
    guard let best = preferred(finished, tried) else {
      throw PipelineError(
        place: request.output,
        reason: "after fine-tuning no file fits \(limit) bytes; ask for a little more")
    }
    tried[best.contender.number].isChosen = true
    return try best.contender.job.write(
      best.model, best.contender.candidate, pruned: best.pruned, history: best.history,
      combinations: tried)
  }

  // MARK: What is tried

  /// The combinations, those that Keras can read first.
  private func combinations() -> [Combination] {
    guard case .planning(let options) = request.source else { return [] }
    let layouts: [StorageOptions.Layout] =
      request.choosesLayout ? [.open, .packed] : [request.storage.layout]
    let encodings: [StoredEncoding?] =
      options.encoding.map { [$0] } ?? [nil, .float16, .int8]
    let shares = request.pruning.inputs == nil && hasPlainVectors ? [1, 0.5, 0.25] : [1]
    let isTuned = (request.data?.finetuneEpochs ?? 0) > 1 && request.pruning.sparsity == nil
    var combinations: [Combination] = []
    for layout in layouts {
      // Where one data set holds everything there is no view to keep whole, float32 gains nothing.
      for encoding in encodings where layout == .open || encoding != nil || encodings.count == 1 {
        for share in shares {
          combinations.append(
            Combination(encoding: encoding, layout: layout, inputShare: share))
        }
        // Zeros are left out only of files without a view.
        guard isTuned, encoding == .int8 || layout == .packed else { continue }
        for sparsity in [0.4, 0.6] {
          combinations.append(
            Combination(encoding: encoding, layout: layout, sparsity: sparsity))
        }
      }
    }
    return combinations
  }

  /// Whether a Dense layer reads a vector of no known shape, so that only pruning can shorten it.
  private var hasPlainVectors: Bool {
    model.kernelSites(inputMap: parts?.whole.dataset.inputShape).contains {
      $0.structure == .matrix && $0.mapShape == nil && $0.rows >= 64
    } && !model.channelGroups.isEmpty
      && model.calls.contains { call in
        if case .dense = model.layers[call.layer].kind {
          return call.inputs.contains { model.inputs.contains($0.call) }
        }
        return false
      }
  }

  /// A job of its own for a combination.
  private func prepared(for combination: Combination) throws -> CompressionJob {
    var job = self
    guard case .planning(var options) = request.source else { return job }
    options.encoding = combination.encoding
    job.request.source = .planning(options)
    job.request.storage.layout = combination.layout
    // A packed file is for bytes alone: spectra would be a good part of it.
    if combination.layout == .packed { job.request.storage.isStripped = true }
    if combination.inputShare < 1 {
      var steps = request.pruning
      steps.inputs = .share(combination.inputShare)
      steps.channels = nil
      steps.sparsity = nil
      try job.remove(steps)
    }
    return job
  }

  /// The model with its factors pruned, in the encoding that they have.
  func masked(_ model: Model, _ sparsity: Double) throws -> Model {
    try steps(sparsity).masking(model).model
  }

  /// The steps that were asked for, with a combination's share of zeros in each tensor.
  private func steps(_ sparsity: Double) -> PruningSteps {
    var steps = request.pruning
    if sparsity > 0 {
      steps.sparsity = sparsity
      steps.scope = .tensor
    }
    return steps
  }

  // MARK: Fitting

  /// The plan of least loss whose file fits.
  ///
  /// What a file takes beside the planned bytes is measured on trial files: structure and graph,
  /// less what deflate and leaving zeros out save.
  mutating func candidate(
    within limit: Int, sparsity: Double
  ) throws -> (candidate: Candidate, size: Int) {
    var overhead = 0
    for _ in 0..<3 {
      let (planned, plan) = try decide(overheadByteCount: overhead)
      let size = try trialSize(masked(try apply(plan).model, sparsity), plan: plan)
      let next = size - ((planned?.byteCount ?? size) - overhead)
      let isSettled = abs(next - overhead) <= limit / 100
      overhead = next
      if isSettled { break }
    }
    var smallest = Int.max
    var fitting: (candidate: Candidate, size: Int)?
    for _ in 0..<6 {
      let candidate = try best(overheadByteCount: overhead)
      let size = try trialSize(
        masked(candidate.compressed.model, sparsity), plan: candidate.plan)
      smallest = min(smallest, size)
      if size <= limit {
        // Once more where a good part of the room is left.
        if fitting == nil, limit - size > limit / 20 {
          fitting = (candidate, size)
          overhead -= (limit - size) * 3 / 4
          continue
        }
        return (candidate, size)
      }
      if let fitting { return fitting }
      overhead += max(size - limit, 16)
    }
    if let fitting { return fitting }
    throw PipelineError(
      place: request.output,
      reason: "the smallest file tried has \(smallest) bytes, the limit is \(limit)")
  }

  // MARK: Finishing

  /// Fine-tunes the contenders of least loss, and those that pruning and training belong to.
  private func finish(
    _ contenders: [Contender], within limit: Int, _ parts: BoundParts,
    _ tried: inout [TriedCombination]
  ) throws -> [Finished] {
    let epochs = request.data?.finetuneEpochs ?? 0
    let ranked = contenders.sorted { $0.loss < $1.loss }
    guard epochs > 0 else {
      return try ranked.map { contender in
        let masked = try contender.job.request.pruning.masking(
          contender.candidate.compressed.model)
        return Finished(
          contender: contender, model: masked.model, history: [],
          pruned: contender.job.pruned + masked.reports,
          result: try masked.model.evaluated(on: parts.choice, threads: request.threads))
      }
    }
    let plain = ranked.filter { tried[$0.number].combination.sparsity == 0 }.prefix(3)
    let sparse = ranked.filter { tried[$0.number].combination.sparsity > 0 }
    var open = Array(plain) + sparse
    // A few epochs tell most of them apart; only the best are trained to the end.
    if epochs >= 8, open.count > 2 {
      let short = epochs / 4
      let first = try tuned(open, epochs: short, within: limit, parts, &tried)
      let best = first.sorted { $0.result.loss < $1.result.loss }.prefix(2).map(\.contender.number)
      let readable = first.filter { isReadable(tried[$0.contender.number].combination) }
        .min { $0.result.loss < $1.result.loss }?.contender.number
      let kept = Set(best + (readable.map { [$0] } ?? []))
      for contender in open where !kept.contains(contender.number) {
        if tried[contender.number].remark.isEmpty {
          tried[contender.number].remark = "behind after \(short) epochs"
        }
      }
      open = first.map(\.contender).filter { kept.contains($0.number) }
    }
    return try tuned(open, epochs: epochs, within: limit, parts, &tried)
  }

  /// Whether Keras can read a file of the combination.
  private func isReadable(_ combination: Combination) -> Bool {
    combination.layout == .open
      && (combination.encoding ?? .float32) != .int8 && combination.encoding != .bfloat16
  }

  /// Fine-tunes contenders and notes what came of each.
  private func tuned(
    _ contenders: [Contender], epochs: Int, within limit: Int, _ parts: BoundParts,
    _ tried: inout [TriedCombination]
  ) throws -> [Finished] {
    var finished: [Finished] = []
    for contender in contenders {
      let number = contender.number
      let sparsity = tried[number].combination.sparsity
      guard
        let result = try tuned(contender, sparsity, epochs: epochs, within: limit, parts)
      else {
        tried[number].remark = "too large after fine-tuning"
        continue
      }
      tried[number].tunedLoss = result.result.loss
      tried[number].tunedAccuracy = result.result.accuracy
      tried[number].byteCount = try contender.job.trialSize(
        result.model, plan: result.contender.candidate.plan)
      tried[number].parameterCount = result.model.parameterCount
      finished.append(result)
    }
    return finished
  }

  /// Fine-tunes, prunes halfway, stores; once more with a smaller plan if the file has grown.
  private func tuned(
    _ contender: Contender, _ sparsity: Double, epochs: Int, within limit: Int,
    _ parts: BoundParts
  ) throws -> Finished? {
    var contender = contender
    var target = limit
    for _ in 0..<3 {
      let start = try contender.job.unrounded(contender.candidate.plan)
      let result = try trained(start, contender, sparsity, epochs: epochs, parts)
      let size = try contender.job.trialSize(result.model, plan: contender.candidate.plan)
      if size <= limit {
        return Finished(
          contender: contender, model: result.model, history: result.history,
          pruned: contender.job.pruned + result.reports,
          result: try result.model.evaluated(on: parts.choice, threads: request.threads))
      }
      target -= size - limit + limit / 200
      var job = contender.job
      guard let again = try? job.candidate(within: target, sparsity: sparsity) else { return nil }
      contender = Contender(
        job: job, candidate: again.candidate, number: contender.number, loss: contender.loss)
    }
    return nil
  }

  private func trained(
    _ start: Model, _ contender: Contender, _ sparsity: Double, epochs: Int, _ parts: BoundParts
  ) throws -> (model: Model, history: [EpochRecord], reports: [PruningReport]) {
    let seed = request.settings.seed
    func tune(_ model: Model, _ epochs: Int) throws -> (model: Model, history: [EpochRecord]) {
      try FineTuning.run(
        model, on: parts.learning, epochs: epochs, seed: seed, threads: request.threads)
    }
    var history: [EpochRecord] = []
    var model = start
    if sparsity > 0 {
      let first = try tune(model, epochs / 2)
      // Balanced factors are of one size, so that one threshold serves both.
      model = try first.model.balanced()
      history = first.history
    }
    let masked = try steps(sparsity).masking(model)
    let last = try tune(masked.model, epochs - history.count)
    history += last.history
    model = last.model
    guard let encoding = contender.candidate.plan.encoding else {
      return (model, history, masked.reports)
    }
    model = try model.stored(
      as: encoding, scale: request.scale, data: parts.calibration, seed: seed,
      threads: request.threads)
    return (model, history, masked.reports)
  }

  /// The best on held-out examples; one that Keras can read, if it is as good.
  ///
  /// As good is within a tenth of a point of accuracy, or a hundredth of the loss without classes.
  private func preferred(
    _ finished: [Finished], _ tried: [TriedCombination]
  ) -> Finished? {
    guard let best = finished.min(by: { $0.result.loss < $1.result.loss }) else { return nil }
    let inOrder = finished.sorted { $0.contender.number < $1.contender.number }
    return inOrder.first { other in
      guard isReadable(tried[other.contender.number].combination) else { return false }
      if let accuracy = other.result.accuracy, let most = best.result.accuracy {
        return accuracy >= most - 0.001
      }
      return other.result.loss <= best.result.loss * 1.01
    } ?? best
  }
}
