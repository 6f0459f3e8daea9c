import ArgumentParser
import Compression
import Datasets
import Foundation
import ModelFile
import Models
import Pipelines
import Reports
import Training

/// `modelc finetune`.
struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Train a model further in the form it has: factors stay factors.",
    discussion: """
      The recipe unless told otherwise: AdamW (decay 0.05), cosine from 4e-3 (1e-3 with \
      convolutions), batches of 32, the best epoch on a tenth of the training set that is held out.

      Examples:
        modelc finetune model.small.h5 --data mnist/ --epochs 10 -o tuned.h5
        modelc finetune model.small.h5 --data mnist/ --distill model.h5 -o tuned.h5
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Training") var training: TrainingFlags

  @Option(help: "Learn from this model's outputs, too.", completion: .file())
  var distill: String?

  @Option(help: "The temperature of the distillation.")
  var temperature: Float = 3

  @Option(help: "The share of the teacher in the loss; the rest is the labels'.")
  var distillWeight: Float = 0.7

  @Option(help: "Keep the weights of layers that match this glob (repeatable).")
  var freeze: [String] = []

  @Flag(help: "Measure the statistics of batch normalisations anew before training.")
  var estimateNorms = false

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @OptionGroup(title: "Files") var files: TrainingFiles
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var messages: OutputOptions

  func run() throws {
    let console = messages.console
    try files.check(output: output, input: file)
    let opened = try OpenedModel(file, options: reading.readOptions)
    let model = try opened.wholeModel()
    let source = try data.training()
    let bound = try data.bind(source, to: model, console)
    let parts = try training.split(bound.dataset)
    let options = training.options(
      epochs: 10, rate: FineTuning.learningRate(for: model), shape: .cosine(floor: 0),
      decay: FineTuning.weightDecay,
      distillation: distill == nil
        ? nil : Distillation(temperature: temperature, weight: distillWeight))
    let start =
      estimateNorms
      ? try model.withEstimatedNorms(on: parts.training, scaling: bound.scaling) : model
    let frozen = try FinetuneCommand.layers(of: model, matching: freeze)
    let session = TrainingSession(
      run: TrainingRun(
        model: try start.balanced(), options: options, training: parts.training,
        validation: parts.validation, scaling: bound.scaling, frozenLayers: frozen,
        teacher: try distill.map { try OpenedModel($0).wholeModel() }),
      checkpoint: files.checkpoint, resumes: files.resume, checkpointSteps: files.checkpointSteps,
      fingerprint: "\(try opened.digest()) \(try source.digest()) \(options) "
        + "\(frozen.sorted()) \(estimateNorms)",
      console: console)
    let outcome = try session.train()
    var result = try outcome.model.canonicalised()
    result.metadata.evaluations = []
    let old = result.metadata.provenance
    result.metadata.provenance = Provenance(
      sourceDigest: old?.sourceDigest, sourceFormat: old?.sourceFormat ?? opened.imported.format,
      sourceParameterCount: old?.sourceParameterCount, sourceByteCount: old?.sourceByteCount,
      command: (old.map { $0.command.isEmpty ? [] : $0.command + ["then"] } ?? [])
        + ["finetune", "--epochs", String(options.epochs)],
      toolVersion: Versions.tool, seed: Int(truncatingIfNeeded: training.seed), plan: old?.plan)
    let written = try ModelWriting.write(result, to: output, force: files.force)
    if let history = files.history {
      try TrainingSession.write(outcome.history, to: history, force: files.force)
    }
    let chosen =
      parts.validation == nil || training.keepLast ? "the last" : "chosen on the held-out part"
    console.result(
      "kept epoch \(outcome.keptEpoch) of \(outcome.history.count), \(chosen); "
        + "\(Units.grouped(result.parameterCount)) parameters")
    console.result(
      "wrote \(output), \(Units.bytes(written.file.byteCount)); next: modelc evaluate \(output) "
        + "--data \(data.data ?? "DATA")")
  }

  /// The paths of the layers that match one of the globs.
  static func layers(of model: Model, matching patterns: [String]) throws -> Set<String> {
    var found = Set<String>()
    for pattern in patterns {
      do {
        let glob = try Glob(pattern, subject: "--freeze")
        let matching = model.layers.map(\.path).filter(glob.matches)
        guard !matching.isEmpty else {
          throw SpecificationError(
            "--freeze",
            "'\(pattern)' matches no layer"
              + NearestName.hint(pattern, among: model.layers.map(\.path)))
        }
        found.formUnion(matching)
      } catch {
        throw CommandFailure.usage("\(error)")
      }
    }
    return found
  }
}

/// Files that a training reads and writes beside its result.
struct TrainingFiles: ParsableArguments {
  @Option(help: "Save the state here after every epoch, and on Ctrl-C.", completion: .file())
  var checkpoint: String?

  @Option(help: "Also save it after this many steps.")
  var checkpointSteps: Int?

  @Flag(help: "Go on from the checkpoint, bit for bit.")
  var resume = false

  @Option(help: "Write the history: .csv, .json or .svg.", completion: .file())
  var history: String?

  @Flag(name: .shortAndLong, help: "Replace existing outputs.")
  var force = false

  func validate() throws {
    if let checkpointSteps, checkpointSteps < 1 {
      throw ValidationError("--checkpoint-steps: expected at least 1, found \(checkpointSteps)")
    }
  }

  /// Refuses outputs that stand there before hours of work are spent.
  func check(output: String, input: String?) throws {
    if let input,
      URL(fileURLWithPath: input).resolvingSymlinksInPath()
        == URL(fileURLWithPath: output).resolvingSymlinksInPath()
    {
      throw CommandFailure("\(output): input and output are the same file; name another with -o")
    }
    try AtomicFile.check(output, force: force)
    if let history { try AtomicFile.check(history, force: force) }
  }
}
