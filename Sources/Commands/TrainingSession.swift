import Datasets
import Foundation
import JSON
import ModelFile
import Models
import Pipelines
import Reports
import Training

/// Runs a training with progress, checkpoints, history and Ctrl-C.
struct TrainingSession {
  let run: TrainingRun
  let checkpoint: String?
  let resumes: Bool
  let checkpointSteps: Int?
  let fingerprint: String
  let console: Console
  /// Keeps kernels at a low rank while they are trained.
  var projection: ProjectionLog?

  /// Trains; a stop by Ctrl-C saves a checkpoint and ends with exit code 130.
  func train() throws -> TrainingRun.Outcome {
    Interruption.watch()
    let program = try run.program()
    var state: TrainingState?
    if resumes {
      guard let checkpoint else {
        throw CommandFailure.usage("--resume needs --checkpoint with the file to go on from")
      }
      state = try Checkpoint.read(
        checkpoint, program: program, options: run.options, fingerprint: fingerprint)
      console.note("resuming in epoch \((state?.epoch ?? 0) + 1)")
    }
    let bar = ProgressLine(console)
    let saved = checkpoint
    let every = checkpointSteps
    let batch = run.options.batchSize
    func save(_ state: TrainingState) throws {
      if let saved {
        try Checkpoint.write(state, program: program, fingerprint: fingerprint, to: saved)
      }
    }
    let log = projection
    let outcome = try run.run(
      from: state, adjustInterval: log?.projection.stepInterval,
      adjust: log.map { log in { state in try log.adjust(&state) } },
      onStep: { state, count in
        let done = Double(state.epoch) + Double(state.position) / Double(max(count, 1))
        bar.update(
          done: done, total: Double(run.options.epochs),
          label: "epoch \(state.epoch + 1), loss "
            + Units.significant(state.lossSum / Double(max(state.position, 1)), digits: 3))
        if let every, (state.position / batch) % every == 0 { try save(state) }
        return Interruption.isRequested ? .stop : .goOn
      },
      onEpoch: { record, state in
        bar.finish()
        console.note(
          TrainingSession.line(record, count: run.training.count)
            + (log?.records.last.map(TrainingSession.line) ?? ""))
        try save(state)
        return Interruption.isRequested ? .stop : .goOn
      })
    bar.finish()
    if outcome.wasStopped {
      try save(outcome.state)
      let next =
        saved.map { "; the same command with --resume goes on from \($0)" }
        ?? "; --checkpoint FILE would have kept what was learned"
      throw CommandFailure(
        "interrupted in epoch \(outcome.state.epoch + 1)\(next)", exitCode: 130)
    }
    return outcome
  }

  /// One epoch in one line.
  static func line(_ record: EpochRecord, count: Int) -> String {
    var line = "epoch \(record.epoch): loss \(Units.significant(record.loss, digits: 4))"
    if let accuracy = record.accuracy { line += ", \(Units.percent(accuracy, decimals: 2))" }
    if let loss = record.validationLoss {
      line += "; validation \(Units.significant(loss, digits: 4))"
      if let accuracy = record.validationAccuracy {
        line += ", \(Units.percent(accuracy, decimals: 2))"
      }
    }
    let rate = Double(count) / max(record.seconds, 1e-9)
    return line
      + "; \(Units.duration(seconds: record.seconds)), \(Units.scaled(Int(rate))) a second"
  }

  /// What an epoch's projections did, to follow its line.
  private static func line(_ record: LowRankProjection.Record) -> String {
    "; projected \(record.count == 1 ? "once" : "\(record.count) times"), error "
      + "\(Units.significant(record.relativeError, digits: 3)), "
      + Units.duration(seconds: record.seconds)
  }

  /// Writes the history as CSV, JSON or SVG, by the name's end.
  static func write(
    _ history: [EpochRecord], projections: [LowRankProjection.Record] = [], to path: String,
    force: Bool
  ) throws {
    let hasProjections = !projections.isEmpty
    let table = Table(
      columns: ([
        "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate",
        "seconds",
      ] + (hasProjections ? ["projection_error", "projection_seconds"] : []))
      .map { Table.Column($0) },
      rows: history.map { record in
        let projection = projections.first { $0.epoch == record.epoch }
        func number(_ value: Double?) -> Cell { value.map { .number($0) } ?? .missing }
        return [
          .integer(record.epoch), .number(record.loss), number(record.accuracy),
          number(record.validationLoss), number(record.validationAccuracy),
          .number(record.learningRate), .number(record.seconds),
        ]
          + (hasProjections
            ? [number(projection?.relativeError), number(projection?.seconds)] : [])
      })
    let text: String
    switch (path as NSString).pathExtension.lowercased() {
    case "csv": text = table.csv() + "\n"
    case "json":
      text =
        JSONValue.object(["version": 1, "epochs": table.jsonRows]).serialized(pretty: true) + "\n"
    case "svg": text = plot(history)
    default:
      throw CommandFailure.usage(
        "--history \(path): expected a name that ends in .csv, .json or .svg")
    }
    try AtomicFile.write(text, to: path, force: force)
  }

  private static func plot(_ history: [EpochRecord]) -> String {
    func series(_ name: String, _ value: (EpochRecord) -> Double?) -> LinePlot.Series {
      .init(
        name: name,
        points: history.compactMap { record in
          value(record).map { .init(x: Double(record.epoch), y: $0) }
        })
    }
    let curves = [series("training", { $0.loss }), series("validation", { $0.validationLoss })]
    return LinePlot(
      title: "Loss while training", xTitle: "epoch", yTitle: "mean loss",
      series: curves.filter { !$0.points.isEmpty }
    ).svg()
  }
}
