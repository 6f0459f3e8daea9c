import Compression
import Datasets
import Execution
import Foundation
import Interchange
import JSON
import LinearAlgebra
import ModelFile
import Models
import Programs
import Tensors
import Training

/// One run of the main job.
struct CompressionJob {
  var request: CompressionRequest
  let progress: (@Sendable (CompressionProgress) -> Void)?
  let opened: OpenedModel
  /// The model that is compressed: that of the file, without what was pruned from it.
  var model: Model
  /// What was pruned before.
  var pruned: [PruningReport] = []
  let before: Inspection
  let digest: SourceDigest.Pending
  var analyses: [Weighting: KernelAnalyses] = [:]
  var calibrations: [Weighting: Calibration] = [:]
  var parts: BoundParts?

  init(
    _ request: CompressionRequest, progress: (@Sendable (CompressionProgress) -> Void)?
  ) throws {
    self.request = request
    self.progress = progress
    BLASThreads.set(request.threads)
    opened = try OpenedModel(request.input, options: request.readOptions)
    digest = SourceDigest.started(for: request.input)
    model = try opened.wholeModel()
    before = Inspection(opened.imported, fileByteCount: opened.fileByteCount)
    parts = try request.data.map {
      try BoundParts($0, model: model, seed: request.settings.seed)
    }
    if request.pruning.isStructured { try remove(request.pruning) }
  }

  /// Removes inputs and channels before anything is planned.
  mutating func remove(_ steps: PruningSteps) throws {
    let parts = parts
    let seed = request.settings.seed
    let (smaller, reports) = try steps.removing(from: model) { model in
      try parts.map { try model.statistics(on: $0, seed: seed) }
    }
    model = smaller
    pruned += reports
    // A ratio is one of the file's parameters, whatever went first.
    if case .planning(var options) = request.source, case .ratio(let ratio) = options.target {
      options.target = .maximumParameters(
        Int((Double(before.parameterCount) / ratio).rounded(.down)))
      request.source = .planning(options)
    }
    analyses = [:]
    calibrations = [:]
  }

  /// A candidate: a plan, and the model that follows from it.
  struct Candidate {
    var planned: PlannedCompression?
    var plan: CompressionPlan
    var compressed: CompressedModel
    /// The model after fine-tuning, where that was part of the choice.
    var tuned: (model: Model, history: [EpochRecord])?
    /// What a bound on the accuracy's fall came to.
    var bound: AccuracyBound?
  }

  // MARK: Planning

  /// Makes the plan, or takes the given one.
  mutating func decide(
    weighting: Weighting = .none, overheadByteCount: Int = 0
  ) throws -> (PlannedCompression?, CompressionPlan) {
    switch request.source {
    case .plan(let plan): return (nil, plan)
    case .planning(var options):
      options.overheadByteCount = overheadByteCount
      let analyses = try analysed(options.forms, weighting: weighting)
      return try located {
        var planned = try Planner(model, analyses: analyses, options: options).plan()
        planned.plan.sourceDigest = try digest.value()
        return (planned, planned.plan)
      }
    }
  }

  /// The weightings to try, the cheapest first.
  func weightings() -> [Weighting] {
    guard let data = request.data, case .planning = request.source else { return [.none] }
    switch data.weighting {
    case .none: return [.none]
    case .activations: return [.activations]
    case .kfac: return [.kfac]
    case .automatic:
      let program = try? model.lowered()
      let endsInSoftmax =
        program.map { $0.outputs.count == 1 && $0.logits(of: $0.outputs[0]) != nil } ?? false
      return endsInSoftmax ? [.none, .activations, .kfac] : [.none, .activations]
    }
  }

  mutating func analysed(
    _ forms: FormChoice, weighting: Weighting
  ) throws -> KernelAnalyses {
    if let known = analyses[weighting] { return known }
    let calibration = try calibrated(weighting)
    let sites = sites
    let made = try located {
      try KernelAnalyses(
        of: model, sites: sites, calibration: calibration,
        options: .init(
          forms: forms, weighting: weighting, settings: request.settings,
          threads: request.threads),
        progress: progress)
    }
    analyses[weighting] = made
    return made
  }

  var sites: [KernelSite] {
    model.kernelSites(inputMap: parts?.whole.dataset.inputShape)
  }

  mutating func calibrated(_ weighting: Weighting) throws -> Calibration? {
    guard let parts, weighting != .none else { return nil }
    if let known = calibrations[weighting] { return known }
    let pass = CalibrationPass(
      model: model, sites: sites, weighting: weighting, seed: request.settings.seed)
    let made = try pass.run(on: parts.calibration) { _, _ in }
    calibrations[weighting] = made
    return made
  }

  /// Names the file in errors of the compression.
  func located<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as CompressionError {
      throw PipelineError(place: request.input, reason: error.description)
    }
  }

  // MARK: Applying

  mutating func run() throws -> CompressionOutcome {
    if let budget = request.device { return try runOnDevice(budget) }
    // One statement each: what `finish` reads of this job is there once the candidate is.
    let candidate: Candidate
    if case .planning(let options) = request.source {
      switch options.target {
      case .maximumBytes(let limit):
        return parts == nil ? try runWithin(limit) : try runCombined(within: limit)
      case .maximumAccuracyDrop(let points): candidate = try holding(drop: points)
      default: candidate = try best()
      }
    } else {
      candidate = try best()
    }
    return try finish(candidate)
  }

  var scored: [ScoredCandidate] = []

  /// The candidate of least loss on the held-out examples; without data the only one.
  ///
  /// `target` replaces that of the request.
  mutating func best(
    target: CompressionTarget? = nil, overheadByteCount: Int = 0, measurements: Int? = nil
  ) throws -> Candidate {
    scored = []
    guard let parts, case .planning(var options) = request.source else {
      let (planned, plan) = try decide(overheadByteCount: overheadByteCount)
      return Candidate(planned: planned, plan: plan, compressed: try apply(plan))
    }
    options.overheadByteCount = overheadByteCount
    if let target { options.target = target }
    var planners: [Planner] = []
    for weighting in weightings() {
      let analyses = try analysed(options.forms, weighting: weighting)
      let planner = try located { try Planner(model, analyses: analyses, options: options) }
      planners.append(planner)
    }
    // Calibration for every weighting is at hand now, so that measuring changes nothing here.
    let job = self
    let threads = request.threads
    let losses = MeasuredLosses()
    let cache = try searchCache()
    var search = CalibrationSearch(
      planners: planners, options: .init(maximumMeasurements: measurements ?? measurementLimit)
    ) { planned in
      let weighting = planned.plan.neededWeighting ?? .none
      if let known = cache?[planned.plan] {
        losses.add(weighting, known.loss, known.accuracy)
        return known.loss
      }
      let compressed = try job.applied(planned.plan)
      let result = try compressed.model.evaluated(on: parts.choice, threads: threads)
      losses.add(weighting, result.loss, result.accuracy)
      try cache?.remember(planned.plan, .init(loss: result.loss, accuracy: result.accuracy))
      return result.loss
    }
    let found = try located { try search.run() }
    scored = losses.candidates(best: found.loss)
    var plan = found.planned.plan
    plan.sourceDigest = try digest.value()
    return Candidate(planned: found.planned, plan: plan, compressed: try apply(plan))
  }

  /// How many plans may be measured: applying and running a large model takes its time.
  var measurementLimit: Int {
    switch before.parameterCount {
    case ..<500_000: 60
    case ..<5_000_000: 16
    default: 4
    }
  }

  /// Tightens the plan until the written file fits: overhead beside tensors is measured, not known.
  private mutating func runWithin(_ limit: Int) throws -> CompressionOutcome {
    do {
      return try runTightened(limit)
    } catch  where request.choosesLayout {
      // Out of reach with a data set a tensor: one for all takes less beside the values.
      request.storage.layout = .packed
      request.storage.isStripped = true
      return try runTightened(limit)
    }
  }

  private mutating func runTightened(_ limit: Int) throws -> CompressionOutcome {
    var overhead = 0
    var smallest = Int.max
    for _ in 0..<8 {
      let candidate = try best(overheadByteCount: overhead)
      let size = try trialSize(candidate)
      smallest = min(smallest, size)
      if size <= limit { return try finish(candidate) }
      overhead += max(size - limit, 16)
    }
    throw PipelineError(
      place: request.output,
      reason: "the smallest file tried has \(smallest) bytes, the limit is \(limit)")
  }

  mutating func apply(_ plan: CompressionPlan) throws -> CompressedModel {
    if let needed = plan.neededWeighting { _ = try calibrated(needed) }
    return try applied(plan)
  }

  /// What a plan gives before anything is rounded for storage: where fine-tuning starts.
  func unrounded(_ plan: CompressionPlan) throws -> Model {
    var plan = plan
    plan.encoding = nil
    return try applied(plan).model
  }

  /// Applies a plan with the statistics that are at hand.
  func applied(_ plan: CompressionPlan) throws -> CompressedModel {
    let weighting = plan.neededWeighting ?? .none
    return try located {
      try plan.applied(
        to: model, analyses: analyses[weighting], calibration: calibrations[weighting],
        inputMap: parts?.whole.dataset.inputShape,
        options: ApplyOptions(
          settings: request.settings, scale: request.scale, threads: request.threads,
          sourceDigest: try digest.value()))
    }
  }

  /// The model with its history, as it is written.
  func recorded(_ model: Model, plan: CompressionPlan) throws -> Model {
    var model = model
    model.metadata.evaluations = []
    if let parts { model.metadata.take(parts.whole) }
    model.metadata.record(
      changeOf: opened, parameterCount: before.parameterCount, digest: try digest.value(),
      command: request.command, toolVersion: request.toolVersion,
      seed: Int(truncatingIfNeeded: request.settings.seed), plan: plan.json)
    return model
  }

  private func trialSize(_ candidate: Candidate) throws -> Int {
    try trialSize(candidate.compressed.model, plan: candidate.plan)
  }

  /// The bytes of a file with a model, written and dropped.
  func trialSize(_ model: Model, plan: CompressionPlan) throws -> Int {
    // A temporary of the output's own folder, so that a signal or the next run removes it.
    let place = try TemporaryOutput(for: request.output, force: true)
    return try ModelWriting.write(
      try recorded(model, plan: plan), to: place.path, storage: request.storage, force: true,
      allowsCode: request.allowsCode
    ).file.byteCount
  }

  /// The model after the recovery that was asked for; the held-out examples are not learned from.
  func recovered(_ model: Model) throws -> (model: Model, history: [EpochRecord])? {
    guard let data = request.data, let parts, data.finetuneEpochs > 0 else { return nil }
    return try FineTuning.run(
      model, on: parts.learning, epochs: data.finetuneEpochs, seed: request.settings.seed,
      threads: request.threads)
  }

  /// Why each kernel got what it got, if that was asked for and the plan was made here.
  func explanations(of plan: CompressionPlan) throws -> [KernelExplanation] {
    guard request.isExplained, case .planning(let options) = request.source,
      let known = analyses[plan.neededWeighting ?? .none] ?? analyses.values.first
    else { return [] }
    return try located {
      try Planner(model, analyses: known, options: options).explanations(of: plan)
    }
  }

  func finish(_ candidate: Candidate) throws -> CompressionOutcome {
    let isTuned = parts != nil && (request.data?.finetuneEpochs ?? 0) > 0
    let masked = try request.pruning.masking(
      isTuned ? try unrounded(candidate.plan) : candidate.compressed.model)
    var result = masked.model
    // A search that tuned its candidates did so without a mask.
    let known = masked.reports.isEmpty ? candidate.tuned : nil
    var history: [EpochRecord] = []
    // What a search has tuned was trained with the normalisations that it had.
    let norms =
      try known == nil
      ? parts.flatMap { try NormChoice.better(result, parts: $0, threads: request.threads) } : nil
    if let norms { result = norms.model }
    if let tuned = try known ?? recovered(result) {
      result = tuned.model
      history = tuned.history
      // Training is done in float32; what was asked for is what is stored.
      if let encoding = candidate.plan.encoding {
        result = try result.stored(
          as: encoding, scale: request.scale, data: parts?.calibration,
          seed: request.settings.seed, threads: request.threads)
      }
    }
    return try write(
      result, candidate, pruned: pruned + masked.reports, norms: norms?.choice, history: history)
  }

  /// Judges and writes the finished model.
  func write(
    _ result: Model, _ candidate: Candidate, pruned: [PruningReport], norms: NormChoice? = nil,
    history: [EpochRecord], combinations: [TriedCombination] = []
  ) throws -> CompressionOutcome {
    let report = try parts.map { try result.evaluated(on: $0.report, threads: request.threads) }
    let model = try recorded(result, plan: candidate.plan)
    let written = try ModelWriting.write(
      model, to: request.output, storage: request.storage, force: request.force,
      allowsCode: request.allowsCode)
    let after = Inspection(
      ImportedModel(model: model, remarks: [], format: ModelFileReader.format),
      fileByteCount: written.file.byteCount)
    var seconds: [Double]?
    if !pruned.isEmpty, let original = try? opened.wholeModel(),
      let first = try? original.latency(batch: 256), let second = try? model.latency(batch: 256)
    {
      seconds = [first, second]
    }
    return CompressionOutcome(
      before: before, after: after, planned: candidate.planned, plan: candidate.plan,
      reports: candidate.compressed.reports, candidates: scored, pruned: pruned,
      forwardSeconds: seconds, combinations: combinations, norms: norms, history: history,
      report: report, accuracyBound: candidate.bound,
      explanations: try explanations(of: candidate.plan), written: written.file,
      viewObstacle: written.viewObstacle, seconds: 0)
  }
}

extension CompressionPlan {
  /// The weighting whose statistics the plan's kernels ask for; nil if none does.
  var neededWeighting: Weighting? {
    let needed = kernels.compactMap { decision -> Weighting? in
      if case .factorize = decision.action, decision.weighting != .none {
        return decision.weighting
      }
      return nil
    }
    return needed.contains(.kfac) ? .kfac : needed.first
  }
}
