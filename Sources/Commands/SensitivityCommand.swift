public import ArgumentParser
public import Compression
import Foundation
import JSON
import ModelFile
import Models
import Pipelines
import Reports

/// `modelc sensitivity`.
struct SensitivityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensitivity",
    abstract: "Measure what each layer can lose, all others as they are; reveal its rank.",
    discussion: """
      For each kernel: loss and accuracy on held-out training examples against its rank (or the \
      share of zeros, or the stored type), and the knee: the smallest setting whose gain over the \
      next, and every later gain, is below the tolerance. Ranks are tried on a geometric grid, then \
      between there and the knee. What runs before the kernel is computed once.

      Examples:
        modelc sensitivity model.h5 --data mnist/ --over rank
        modelc sensitivity model.h5 --data mnist/ --over rank --tolerance 0.005,dense=0.001 \
      --save-plan knees.json
        modelc sensitivity model.h5 --data mnist/ --over dtype -o small.h5
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @Option(help: "What is varied: rank, prune or dtype.")
  var over: SensitivityAnalysis.Axis = .rank

  @Option(help: "The gain in loss that is too small: 0.01, or 0.01,layer=0.001,other=0.1.")
  var tolerance = "0.01"

  @Option(help: "About how many ranks to try before those around the knee.")
  var grid = 10

  @OptionGroup(title: "Data") var data: DataOptions
  @OptionGroup(title: "Method") var method: MethodOptions
  @OptionGroup(title: "Method with data") var calibration: CalibrationOptions

  @Option(help: "Write the plan of the knees as JSON to this file.", completion: .file())
  var savePlan: String?

  @Option(
    name: .shortAndLong, help: "Write the model with every kernel at its knee.",
    completion: .file())
  var output: String?

  @Option(help: "Draw the losses to this file.", completion: .file())
  var svg: String?

  @Option(help: "Draw the spectra to this file.", completion: .file())
  var spectrumSvg: String?

  @Flag(help: "Replace existing outputs.")
  var force = false

  @OptionGroup var format: FormatOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var messages: OutputOptions

  func validate() throws {
    guard (2...10_000).contains(grid) else {
      throw ValidationError("--grid: expected 2 to 10000, found \(grid)")
    }
    guard savePlan == nil || over == .rank else {
      throw ValidationError("--save-plan: a plan states ranks; with --over \(over) write -o")
    }
    guard spectrumSvg == nil || over == .rank else {
      throw ValidationError("--spectrum-svg: spectra belong to --over rank")
    }
  }

  func run() throws {
    let console = messages.console
    _ = try data.path()
    for output in [savePlan, svg, spectrumSvg].compactMap({ $0 }) {
      try AtomicFile.check(output, force: force)
    }
    let (common, special) = try SensitivityCommand.tolerances(tolerance)
    let bar = ProgressLine(console)
    defer { bar.finish() }
    let outcome = try Sensitivity.run(
      SensitivityRequest(
        CompressionRequest(
          input: file, output: output ?? "", source: .planning(try method.planning(.ratio(1))),
          data: try calibration.compressionData(data), settings: method.settings,
          threads: method.threads, force: force, readOptions: reading.readOptions,
          command: ["sensitivity", "--over", over.rawValue, "--tolerance", tolerance]
            + method.words + calibration.words,
          toolVersion: Versions.tool),
        axis: over, tolerance: common, tolerances: special, gridCount: grid)
    ) { kernel, done, total in
      bar.update(done: Double(done), total: Double(total), label: kernel)
    }
    bar.finish()
    if let savePlan, let plan = outcome.plan {
      try AtomicFile.write(plan.json.serialized(pretty: true) + "\n", to: savePlan, force: force)
    }
    let report = SensitivityReport(
      outcome: outcome, axis: over, dataset: data.data.map { ($0 as NSString).lastPathComponent })
    if let svg { try AtomicFile.write(report.lossPlot, to: svg, force: force) }
    if let spectrumSvg {
      try AtomicFile.write(report.spectrumPlot, to: spectrumSvg, force: force)
    }
    report.print(format.format, to: console)
    guard format.format == .table || format.format == .markdown else { return }
    if let savePlan {
      console.result("wrote \(savePlan); next: modelc compress \(file) --plan \(savePlan)")
    }
    if let output, let written = outcome.written {
      console.result(
        "wrote \(output), \(Units.bytes(written.byteCount)); next: modelc evaluate \(output) "
          + "--data \(data.data ?? "DATA")")
    }
  }

  /// `0.01` or `0.01,layer=0.001`.
  static func tolerances(
    _ text: String
  ) throws -> (common: Double, special: [(pattern: Glob, tolerance: Double)]) {
    var common = 0.01
    var special: [(pattern: Glob, tolerance: Double)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard let value = Double(sides[sides.count - 1]), value.isFinite, value > 0,
        sides.count <= 2
      else {
        throw CommandFailure.usage(
          "--tolerance: '\(part)' is no tolerance; write 0.01 or layer=0.001")
      }
      if sides.count == 1 {
        common = value
      } else {
        special.append((try Glob(sides[0], subject: "--tolerance"), value))
      }
    }
    return (common, special)
  }
}

extension SensitivityAnalysis.Axis: ExpressibleByArgument {}
