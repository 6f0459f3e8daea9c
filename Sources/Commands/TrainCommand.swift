import ArgumentParser
import Datasets
import Foundation
import ModelFile
import Models
import Pipelines
import Reports
import Tensors
import Training

/// `modelc train`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network: an architecture by name, a JSON description or a model file.",
    discussion: """
      \(ModelArchitecture.grammar)

      Examples:
        modelc train mlp:784-100-50-10 --data mnist/ -o mlp.h5
        modelc train cnn:32-32-pool-64-64-pool-dense512 --data cifar10/ --epochs 16 \
      --augment flip,shift=3 --schedule cosine -o cnn.h5
        modelc train lenet5 --data mnist/ --checkpoint run.ckpt -o lenet.h5
        modelc train mlp:784-15-15-10 --data mnist/ --project-rank 10 --svd randomized -o low.h5
      """)

  @Argument(help: "An architecture, a JSON description or a model file.", completion: .file())
  var network: String

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Training") var training: TrainingFlags
  @OptionGroup(title: "Projection to low rank") var projection: ProjectionOptions

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @OptionGroup(title: "Files") var files: TrainingFiles
  @OptionGroup var messages: OutputOptions

  func run() throws {
    let console = messages.console
    try files.check(output: output, input: network)
    let source = try data.training()
    let model = try network(for: source)
    let bound = try data.bind(source, to: model, console)
    let parts = try training.split(bound.dataset)
    let options = training.options(epochs: 10, rate: 1e-3, shape: .constant)
    let run = TrainingRun(
      model: model, options: options, training: parts.training, validation: parts.validation,
      scaling: bound.scaling)
    let log = try projection.projection(seed: training.seed).map {
      try ProjectionLog($0, for: run)
    }
    let session = TrainingSession(
      run: run, checkpoint: files.checkpoint, resumes: files.resume,
      checkpointSteps: files.checkpointSteps,
      fingerprint: "\(network) \(try source.digest()) \(options)"
        + (log.map { " \($0.projection)" } ?? ""),
      console: console, projection: log)
    let outcome = try session.train()
    var result = outcome.model
    result.metadata.evaluations = []
    result.metadata.provenance = Provenance(
      command: ["train", StartingModel.name(network), "--epochs", "\(options.epochs)"],
      toolVersion: Versions.tool, seed: Int(truncatingIfNeeded: training.seed))
    let written = try ModelWriting.write(result, to: output, force: files.force)
    if let history = files.history {
      try TrainingSession.write(
        outcome.history, projections: log?.records ?? [], to: history, force: files.force)
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

  /// A file that is there is read; everything else is an architecture by name.
  private func network(for dataset: Dataset) throws -> Model {
    guard let classes = dataset.classCount ?? dataset.targetShape?.count else {
      throw CommandFailure("\(dataset.name): it has neither labels nor targets to learn from")
    }
    do {
      return try StartingModel.open(
        network, inputShape: dataset.inputShape, classCount: classes, seed: training.seed)
    } catch let error as ArchitectureError {
      throw CommandFailure.usage("\(error)")
    }
  }
}
