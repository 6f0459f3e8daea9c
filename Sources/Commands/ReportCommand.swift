import ArgumentParser
import Foundation
import ModelFile
import Pipelines
import Reports

/// `modelc report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make one self-contained HTML page of results: tables, and plots with their values.",
    discussion: """
      Takes what other commands write: sweeps (-o), histories (--history), results of compress and \
      evaluate (--format json), tables (.csv), plots (.svg), pictures (.png) and text (.md), whose \
      pictures are embedded. The page loads nothing from the network.

      Examples:
        modelc report sweep.json -o sweep.html
        modelc report history.json result.json confusion.svg --title 'First run' -o run.html
        modelc report plain.json tuned.json --plot accuracy:parameters=both.svg -o both.html
        modelc report README.md -o page.html
      """)

  @Argument(help: "Results, in the order in which they are shown.", completion: .file())
  var runs: [String]

  @Option(help: "The page's title.")
  var title: String?

  @Option(name: .shortAndLong, help: "The page to write.", completion: .file())
  var output: String?

  @Option(help: "Draw all sweeps together: FILE.svg, or Y:X=FILE.svg (repeatable).")
  var plot: [String] = []

  @Flag(name: .shortAndLong, help: "Replace existing files.")
  var force = false

  @OptionGroup var messages: OutputOptions

  func run() throws {
    guard output != nil || !plot.isEmpty else {
      throw CommandFailure.usage("give -o with the page to write, or --plot")
    }
    let plots = try plot.map { try SweepPlot(parsing: $0) }
    let results = try runs.map { try RunResult(reading: $0) }
    if !plots.isEmpty {
      let records = results.compactMap(\.sweep)
      guard !records.isEmpty else {
        throw CommandFailure.usage("--plot: none of the results is a sweep")
      }
      let report = SweepReport(records)
      for plot in plots { try AtomicFile.write(report.svg(plot), to: plot.path, force: true) }
    }
    guard let output else { return }
    let page = HTMLPage(
      title: title ?? results.lazy.compactMap(\.title).first ?? "Results of modelc",
      blocks: results.flatMap { $0.blocks(isOnly: results.count == 1) })
    let html = page.html()
    try AtomicFile.write(html, to: output, force: force)
    messages.console.result("wrote \(output), \(Units.bytes(html.utf8.count)), self-contained")
  }
}
