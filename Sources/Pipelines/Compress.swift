public import Compression
import Foundation
import Interchange
import JSON
import LinearAlgebra
import ModelFile
import Models

/// The main job: read, plan, factorise, write, verify.
public enum Compress {
  /// Plans only; nothing is factorised or written.
  public static func plan(
    _ request: CompressionRequest,
    progress: (@Sendable (CompressionProgress) -> Void)? = nil
  ) throws -> CompressionOutcome {
    let start = monotonicSeconds()
    var job = try Job(request, progress: progress)
    let (planned, plan) = try job.decide()
    return CompressionOutcome(
      before: job.before, after: nil, planned: planned, plan: plan, reports: [], written: nil,
      viewObstacle: nil, seconds: monotonicSeconds() - start)
  }

  /// Compresses a file.
  ///
  /// - Throws: an error whose description names place and both sides. Nothing is left behind and an
  ///   existing output stays as it was.
  public static func run(
    _ request: CompressionRequest,
    progress: (@Sendable (CompressionProgress) -> Void)? = nil
  ) throws -> CompressionOutcome {
    let start = monotonicSeconds()
    try checkOutput(request)
    var job = try Job(request, progress: progress)
    var outcome = try job.run()
    outcome.seconds = monotonicSeconds() - start
    return outcome
  }

  /// Refuses an output that is the input, or that stands there without `force`.
  static func checkOutput(_ request: CompressionRequest) throws {
    let input = URL(fileURLWithPath: request.input).resolvingSymlinksInPath().path
    let output = URL(fileURLWithPath: request.output).resolvingSymlinksInPath().path
    if input == output || isSameFile(input, output) {
      throw PipelineError(
        place: request.output,
        reason: "input and output are the same file; name another output with -o")
    }
    try AtomicFile.check(request.output, force: request.force)
  }

  private static func isSameFile(_ left: String, _ right: String) -> Bool {
    func identity(_ path: String) -> [UInt64]? {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
        let inode = attributes[.systemFileNumber] as? NSNumber,
        let device = attributes[.systemNumber] as? NSNumber
      else { return nil }
      return [device.uint64Value, inode.uint64Value]
    }
    guard let first = identity(left) else { return false }
    return first == identity(right)
  }
}

/// One run of the main job.
private struct Job {
  let request: CompressionRequest
  let progress: (@Sendable (CompressionProgress) -> Void)?
  let opened: OpenedModel
  let model: Model
  let before: Inspection
  let digest: SourceDigest.Pending
  private var analyses: KernelAnalyses?

  init(
    _ request: CompressionRequest, progress: (@Sendable (CompressionProgress) -> Void)?
  ) throws {
    self.request = request
    self.progress = progress
    BLASThreads.set(request.threads)
    opened = try OpenedModel(request.input, options: request.readOptions)
    digest = SourceDigest.started(for: request.input)
    model = try opened.imported.wholeModel(from: request.input)
    before = Inspection(opened.imported, fileByteCount: opened.fileByteCount)
  }

  /// Makes the plan, or takes the given one.
  mutating func decide(overheadByteCount: Int = 0) throws -> (
    PlannedCompression?, CompressionPlan
  ) {
    switch request.source {
    case .plan(let plan): return (nil, plan)
    case .planning(var options):
      options.overheadByteCount = overheadByteCount
      let analyses = try analysed(options.forms)
      do {
        var planned = try Planner(model, analyses: analyses, options: options).plan()
        planned.plan.sourceDigest = try digest.value()
        return (planned, planned.plan)
      } catch let error as CompressionError {
        throw PipelineError(place: request.input, reason: error.description)
      }
    }
  }

  private mutating func analysed(_ forms: FormChoice) throws -> KernelAnalyses {
    if let analyses { return analyses }
    do {
      let made = try KernelAnalyses(
        of: model, sites: model.kernelSites(),
        options: .init(forms: forms, settings: request.settings, threads: request.threads),
        progress: progress)
      analyses = made
      return made
    } catch let error as CompressionError {
      throw PipelineError(place: request.input, reason: error.description)
    }
  }

  mutating func run() throws -> CompressionOutcome {
    guard case .planning(let options) = request.source,
      case .maximumBytes(let limit) = options.target
    else {
      let (planned, plan) = try decide()
      return try finish(planned, try apply(plan), plan)
    }
    return try runWithin(limit)
  }

  /// Tightens the plan until the written file fits: overhead beside tensors is measured, not known.
  private mutating func runWithin(_ limit: Int) throws -> CompressionOutcome {
    var overhead = 0
    var smallest = Int.max
    for _ in 0..<8 {
      let (planned, plan) = try decide(overheadByteCount: overhead)
      let compressed = try apply(plan)
      let size = try trialSize(compressed.model, plan: plan)
      smallest = min(smallest, size)
      if size <= limit { return try finish(planned, compressed, plan) }
      overhead += max(size - limit, 16)
    }
    throw PipelineError(
      place: request.output,
      reason: "the smallest file tried has \(smallest) bytes, the limit is \(limit)")
  }

  private func apply(_ plan: CompressionPlan) throws -> CompressedModel {
    do {
      return try plan.applied(
        to: model, analyses: analyses,
        options: ApplyOptions(
          settings: request.settings, scale: request.scale, threads: request.threads,
          sourceDigest: try digest.value()),
        progress: progress)
    } catch let error as CompressionError {
      throw PipelineError(place: request.input, reason: error.description)
    }
  }

  /// The model with its history, as it is written.
  private func recorded(_ model: Model, plan: CompressionPlan) throws -> Model {
    var model = model
    let old = model.metadata.provenance
    model.metadata.evaluations = []
    model.metadata.provenance = Provenance(
      sourceDigest: try digest.value(), sourceFormat: opened.imported.format,
      sourceParameterCount: old?.sourceParameterCount ?? before.parameterCount,
      sourceByteCount: old?.sourceByteCount ?? before.fileByteCount, command: request.command,
      toolVersion: request.toolVersion, seed: Int(truncatingIfNeeded: request.settings.seed),
      plan: plan.json)
    return model
  }

  private func trialSize(_ model: Model, plan: CompressionPlan) throws -> Int {
    // A temporary of the output's own folder, so that a signal or the next run removes it.
    let place = try TemporaryOutput(for: request.output, force: true)
    return try ModelWriting.write(
      try recorded(model, plan: plan), to: place.path,
      storage: request.storage, force: true, allowsCode: request.allowsCode
    ).file.byteCount
  }

  private func finish(
    _ planned: PlannedCompression?, _ compressed: CompressedModel, _ plan: CompressionPlan
  ) throws -> CompressionOutcome {
    let model = try recorded(compressed.model, plan: plan)
    let written = try ModelWriting.write(
      model, to: request.output, storage: request.storage, force: request.force,
      allowsCode: request.allowsCode)
    let after = Inspection(
      ImportedModel(model: model, remarks: [], format: "modelc"),
      fileByteCount: written.file.byteCount)
    return CompressionOutcome(
      before: before, after: after, planned: planned, plan: plan, reports: compressed.reports,
      written: written.file, viewObstacle: written.viewObstacle, seconds: 0)
  }
}
