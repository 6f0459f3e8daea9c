public import Compression
import Datasets
import Foundation
import Interchange
import LinearAlgebra
public import ModelFile
public import Models
public import Training

/// What `prune` is asked to do.
public struct PruneRequest: Sendable {
  /// The model's file.
  public var input: String
  /// The file to write.
  public var output: String
  /// What is removed.
  public var steps: PruningSteps
  /// What means, variances and fine-tuning come from; nil prunes by the weights alone.
  public var data: CompressionData?
  /// How kernels are stored; nil keeps their types.
  public var encoding: StoredEncoding?
  /// How int8 scales are chosen.
  public var scale: ScaleChoice
  /// The seed of everything random.
  public var seed: UInt64
  /// Threads.
  public var threads: Int
  /// How the container is stored.
  public var storage: StorageOptions
  /// Whether layers that carry code may be written into the Keras view.
  public var allowsCode: Bool
  /// Whether an existing output is replaced.
  public var force: Bool
  /// Limits of the reading.
  public var readOptions: ReadOptions
  /// The subcommand and its options without paths, for the record.
  public var command: [String]
  /// The version of modelc, for the record.
  public var toolVersion: String

  /// Makes a request.
  public init(
    input: String, output: String, steps: PruningSteps, data: CompressionData? = nil,
    encoding: StoredEncoding? = nil, scale: ScaleChoice = .squaredError, seed: UInt64 = 0,
    threads: Int = 1, storage: StorageOptions = StorageOptions(), allowsCode: Bool = false,
    force: Bool = false, readOptions: ReadOptions = ReadOptions(), command: [String] = [],
    toolVersion: String
  ) {
    self.input = input
    self.output = output
    self.steps = steps
    self.data = data
    self.encoding = encoding
    self.scale = scale
    self.seed = seed
    self.threads = threads
    self.storage = storage
    self.allowsCode = allowsCode
    self.force = force
    self.readOptions = readOptions
    self.command = command
    self.toolVersion = toolVersion
  }
}

/// What a pruning did.
public struct PruneOutcome: Sendable {
  /// The model before.
  public var before: Inspection
  /// The model afterwards.
  public var after: Inspection
  /// What went, layer by layer.
  public var reports: [PruningReport]
  /// Seconds of a forward pass of 256 examples before; nil where the model cannot be run.
  public var secondsBefore: Double?
  /// The same afterwards.
  public var secondsAfter: Double?
  /// The result of the model before, on training examples that chose nothing; nil without data.
  public var original: EvaluationResult?
  /// The result afterwards, on the same examples.
  public var report: EvaluationResult?
  /// The epochs of fine-tuning; empty without it.
  public var history: [EpochRecord]
  /// The file that was written.
  public var written: WrittenFile
  /// Why the file has no Keras view; nil if it has one.
  public var viewObstacle: String?
}

/// Removes inputs, channels and weights.
public enum Prune {
  /// Prunes a file, fine-tunes where asked, and writes the result.
  /// - Throws: an error whose description names place and both sides. Nothing is left behind.
  public static func run(_ request: PruneRequest) throws -> PruneOutcome {
    guard !request.steps.isEmpty else {
      throw PipelineError(place: request.input, reason: "nothing to prune was named")
    }
    try Compress.checkOutput(input: request.input, output: request.output, force: request.force)
    BLASThreads.set(request.threads)
    let opened = try OpenedModel(request.input, options: request.readOptions)
    let original = try opened.wholeModel()
    let parts = try request.data.map {
      try BoundParts($0, model: original, seed: request.seed)
    }
    var (model, reports) = try request.steps.removing(from: original) { model in
      try parts.map { try model.statistics(on: $0, seed: request.seed) }
    }
    let masked = try request.steps.masking(model)
    model = masked.model
    reports += masked.reports
    var history: [EpochRecord] = []
    if let data = request.data, let parts, data.finetuneEpochs > 0 {
      let tuned = try FineTuning.run(
        model, on: parts.learning, epochs: data.finetuneEpochs, seed: request.seed,
        threads: request.threads)
      model = tuned.model
      history = tuned.history
    }
    if let encoding = request.encoding {
      model = try model.stored(
        as: encoding, scale: request.scale, data: parts?.calibration, seed: request.seed,
        threads: request.threads)
    }
    let measured = try parts.map { parts in
      (
        try original.evaluated(on: parts.report, threads: request.threads),
        try model.evaluated(on: parts.report, threads: request.threads)
      )
    }
    model.metadata.evaluations = []
    if let parts { model.metadata.take(parts.whole) }
    model.metadata.record(
      changeOf: opened, parameterCount: original.parameterCount, digest: try opened.digest(),
      command: request.command, toolVersion: request.toolVersion,
      seed: Int(truncatingIfNeeded: request.seed))
    let written = try ModelWriting.write(
      model, to: request.output, storage: request.storage, force: request.force,
      allowsCode: request.allowsCode)
    return PruneOutcome(
      before: Inspection(opened.imported, fileByteCount: opened.fileByteCount),
      after: Inspection(
        ImportedModel(model: model, remarks: [], format: ModelFileReader.format),
        fileByteCount: written.file.byteCount),
      reports: reports, secondsBefore: try? original.latency(batch: 256),
      secondsAfter: try? model.latency(batch: 256), original: measured?.0, report: measured?.1,
      history: history, written: written.file, viewObstacle: written.viewObstacle)
  }
}

extension Model {
  /// Means and covariances of every kernel's inputs.
  func statistics(on parts: BoundParts, seed: UInt64) throws -> Calibration {
    try CalibrationPass(
      model: self, sites: kernelSites(inputMap: parts.whole.dataset.inputShape),
      weighting: .activations, seed: seed
    ).run(on: parts.calibration) { _, _ in }
  }
}
