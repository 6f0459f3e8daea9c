import ArgumentParser
import Compression
import Datasets
import Foundation
import JSON
import ModelFile
import Models
import Pipelines
import Reports

/// `modelc plan`.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what every size would cost in loss, before anything is changed.",
    discussion: """
      Prints the Pareto frontier: parameters, bytes, MACs and error of the plans that no other plan \
      beats. With --data each plan is applied in memory and its loss is measured on held-out \
      training examples; test data are never read. --ratio or --point picks one plan: its reasons \
      are shown, layer by layer, and --save-plan writes it for 'modelc compress --plan'.

      Examples:
        modelc plan model.h5
        modelc plan model.h5 --data mnist/ --svg frontier.svg
        modelc plan model.h5 --data mnist/ --ratio 8 --save-plan plan.json
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @OptionGroup(title: "Data (optional)") var data: DataOptions
  @OptionGroup(title: "Method") var method: MethodOptions
  @OptionGroup(title: "Method with data") var calibration: CalibrationOptions

  @Option(help: "At most this many points.")
  var points = 16

  @Option(help: "Pick the point with this number.")
  var point: Int?

  @Option(help: "Pick the largest point that reaches this ratio, such as 4.")
  var ratio: String?

  @Option(help: "Write the picked plan as JSON to this file.", completion: .file())
  var savePlan: String?

  @Option(help: "Draw the frontier to this file.", completion: .file())
  var svg: String?

  @Flag(help: "Replace existing outputs.")
  var force = false

  @OptionGroup var format: FormatOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var messages: OutputOptions

  func validate() throws {
    guard (2...1000).contains(points) else {
      throw ValidationError("--points: expected 2 to 1000, found \(points)")
    }
    guard point == nil || ratio == nil else {
      throw ValidationError("one pick at a time: found --point and --ratio")
    }
    guard savePlan == nil || point != nil || ratio != nil else {
      throw ValidationError("--save-plan: pick a point with --ratio or --point")
    }
  }

  func run() throws {
    let console = messages.console
    for output in [savePlan, svg].compactMap({ $0 }) { try AtomicFile.check(output, force: force) }
    let wanted = try ratio.map { try PlanCommand.ratio($0) }
    let request = CompressionRequest(
      input: file, output: "", source: .planning(try method.planning(.ratio(1))),
      data: try calibration.compressionData(data), settings: method.settings,
      threads: method.threads, readOptions: reading.readOptions, toolVersion: Versions.tool)
    let bar = ProgressLine(console)
    defer { bar.finish() }
    let outcome = try Frontier.run(
      request, limit: points,
      progress: { bar.update(done: $0.share / 2, total: 1, label: "\($0.phase) \($0.path)") },
      measured: { done, total in
        bar.update(
          done: 0.5 + 0.5 * Double(done) / Double(max(total, 1)), total: 1,
          label: "measuring plan \(done + 1) of \(total)")
      })
    bar.finish()
    let picked = try pick(outcome, ratio: wanted)
    if let savePlan, let picked {
      try AtomicFile.write(
        picked.estimate.plan.json.serialized(pretty: true) + "\n", to: savePlan, force: force)
    }
    let report = FrontierReport(
      outcome: outcome, picked: picked, dataset: request.data?.dataset.name, file: file)
    if let svg { try AtomicFile.write(report.svg, to: svg, force: force) }
    report.print(format.format, savedTo: savePlan, to: console)
  }

  private static func ratio(_ text: String) throws -> Double {
    guard case .ratio(let ratio) = try CompressionTarget.ratio(parsing: text) else { return 1 }
    return ratio
  }

  private func pick(
    _ outcome: FrontierOutcome, ratio: Double?
  ) throws -> FrontierOutcome.Point? {
    if let point {
      guard outcome.points.indices.contains(point - 1) else {
        throw CommandFailure.usage(
          "--point: expected 1 to \(outcome.points.count), found \(point)")
      }
      return outcome.points[point - 1]
    }
    guard let ratio else { return nil }
    guard let found = outcome.point(reaching: ratio) else {
      let most = outcome.points.last?.estimate.compressionRatio ?? 1
      throw CommandFailure("--ratio: the frontier ends at \(Units.ratioRoundedDown(most))")
    }
    return found
  }
}
