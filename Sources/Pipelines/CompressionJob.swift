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
  let model: Model
  let before: Inspection
  let digest: SourceDigest.Pending
  private var analyses: [Weighting: KernelAnalyses] = [:]
  private var calibrations: [Weighting: Calibration] = [:]
  private(set) var parts: BoundParts?

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
  }

  /// A candidate: a plan, and the model that follows from it.
  struct Candidate {
    var planned: PlannedCompression?
    var plan: CompressionPlan
    var compressed: CompressedModel
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

  private mutating func analysed(
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

  private var sites: [KernelSite] {
    model.kernelSites(inputMap: parts?.whole.dataset.inputShape)
  }

  private mutating func calibrated(_ weighting: Weighting) throws -> Calibration? {
    guard let parts, weighting != .none else { return nil }
    if let known = calibrations[weighting] { return known }
    let pass = CalibrationPass(
      model: model, sites: sites, weighting: weighting, seed: request.settings.seed)
    let made = try pass.run(on: parts.calibration) { _, _ in }
    calibrations[weighting] = made
    return made
  }

  /// Names the file in errors of the compression.
  private func located<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as CompressionError {
      throw PipelineError(place: request.input, reason: error.description)
    }
  }

  // MARK: Applying

  mutating func run() throws -> CompressionOutcome {
    if let budget = request.device { return try runOnDevice(budget) }
    guard case .planning(let options) = request.source,
      case .maximumBytes(let limit) = options.target
    else { return try finish(try best()) }
    return try runWithin(limit)
  }

  private var scored: [ScoredCandidate] = []

  /// The candidate of least loss on the held-out examples; without data the only one.
  mutating func best(overheadByteCount: Int = 0) throws -> Candidate {
    scored = []
    guard let parts, case .planning(var options) = request.source else {
      let (planned, plan) = try decide(overheadByteCount: overheadByteCount)
      return Candidate(planned: planned, plan: plan, compressed: try apply(plan))
    }
    options.overheadByteCount = overheadByteCount
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
    var search = CalibrationSearch(
      planners: planners, options: .init(maximumMeasurements: measurementLimit)
    ) { planned in
      let compressed = try job.applied(planned.plan)
      let result = try compressed.model.evaluated(on: parts.choice, threads: threads)
      losses.add(planned.plan.neededWeighting ?? .none, result)
      return result.loss
    }
    let found = try located { try search.run() }
    scored = losses.candidates(best: found.loss)
    var plan = found.planned.plan
    plan.sourceDigest = try digest.value()
    return Candidate(planned: found.planned, plan: plan, compressed: try apply(plan))
  }

  /// How many plans may be measured: applying and running a large model takes its time.
  private var measurementLimit: Int {
    switch before.parameterCount {
    case ..<500_000: 60
    case ..<5_000_000: 16
    default: 4
    }
  }

  /// Tightens the plan until the written file fits: overhead beside tensors is measured, not known.
  private mutating func runWithin(_ limit: Int) throws -> CompressionOutcome {
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

  private mutating func apply(_ plan: CompressionPlan) throws -> CompressedModel {
    if let needed = plan.neededWeighting { _ = try calibrated(needed) }
    return try applied(plan)
  }

  /// Applies a plan with the statistics that are at hand.
  private func applied(_ plan: CompressionPlan) throws -> CompressedModel {
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
  private func recorded(_ model: Model, plan: CompressionPlan) throws -> Model {
    var model = model
    let old = model.metadata.provenance
    model.metadata.evaluations = []
    if let parts {
      model.metadata.inputScaling = InputScaling(
        scale: Double(parts.whole.scaling.scale), offset: Double(parts.whole.scaling.offset))
      if model.metadata.classNames == nil {
        model.metadata.classNames = parts.whole.dataset.classNames
      }
    }
    model.metadata.provenance = Provenance(
      sourceDigest: try digest.value(), sourceFormat: opened.imported.format,
      sourceParameterCount: old?.sourceParameterCount ?? before.parameterCount,
      sourceByteCount: old?.sourceByteCount ?? before.fileByteCount, command: request.command,
      toolVersion: request.toolVersion, seed: Int(truncatingIfNeeded: request.settings.seed),
      plan: plan.json)
    return model
  }

  private func trialSize(_ candidate: Candidate) throws -> Int {
    // A temporary of the output's own folder, so that a signal or the next run removes it.
    let place = try TemporaryOutput(for: request.output, force: true)
    return try ModelWriting.write(
      try recorded(candidate.compressed.model, plan: candidate.plan),
      to: place.path, storage: request.storage, force: true, allowsCode: request.allowsCode
    ).file.byteCount
  }

  func finish(_ candidate: Candidate) throws -> CompressionOutcome {
    var result = candidate.compressed.model
    var history: [EpochRecord] = []
    if let data = request.data, let parts, data.finetuneEpochs > 0 {
      let tuned = try FineTuning.run(
        result, on: parts.whole, epochs: data.finetuneEpochs, seed: request.settings.seed,
        threads: request.threads)
      result = tuned.model
      history = tuned.history
    }
    let report = try parts.map { try result.evaluated(on: $0.report, threads: request.threads) }
    let model = try recorded(result, plan: candidate.plan)
    let written = try ModelWriting.write(
      model, to: request.output, storage: request.storage, force: request.force,
      allowsCode: request.allowsCode)
    let after = Inspection(
      ImportedModel(model: model, remarks: [], format: ModelFileReader.format),
      fileByteCount: written.file.byteCount)
    return CompressionOutcome(
      before: before, after: after, planned: candidate.planned, plan: candidate.plan,
      reports: candidate.compressed.reports, candidates: scored, history: history,
      report: report, written: written.file, viewObstacle: written.viewObstacle, seconds: 0)
  }
}

/// Collects what a search measured, by the weighting of the plans.
private final class MeasuredLosses {
  private var best: [(weighting: Weighting, result: EvaluationResult)] = []

  func add(_ weighting: Weighting, _ result: EvaluationResult) {
    if let index = best.firstIndex(where: { $0.weighting == weighting }) {
      if result.loss < best[index].result.loss { best[index].result = result }
    } else {
      best.append((weighting, result))
    }
  }

  func candidates(best loss: Double) -> [ScoredCandidate] {
    best.map {
      ScoredCandidate(
        weighting: $0.weighting, loss: $0.result.loss, accuracy: $0.result.accuracy,
        isChosen: $0.result.loss == loss)
    }
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
