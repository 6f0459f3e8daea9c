import ArgumentParser
import CSource
import Datasets
import JSON
import Models
import Pipelines
import Reports
import Tensors
import Training

/// `modelc inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a model file holds: layers, forms, ranks, parameters, MACs, bytes.",
    discussion: """
      Reads headers only, unless --values, --spectrum or --data asks for more.

      Examples:
        modelc inspect model.keras
        modelc inspect model.small.h5 --format json
        modelc inspect model.h5 --spectrum dense
        modelc inspect model.h5 --data mnist/
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @Flag(help: "Also show range, mean, zeros and NaN of every stored tensor.")
  var values = false

  @Option(help: "Also show the singular values of the layers that match this glob.")
  var spectrum: String?

  @OptionGroup(title: "Data (optional): measure accuracy and loss") var data: DataOptions

  @OptionGroup var format: FormatOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    var options = reading.readOptions
    // To show what values there are, NaN among them, is what --values is for.
    if values { options.allowsNonFinite = true }
    let opened = try OpenedModel(file, options: options)
    let inspection = Inspection(opened.imported, fileByteCount: opened.fileByteCount)
    let statistics = values ? try opened.imported.model.valueStatistics() : []
    let spectra =
      try spectrum.map { try KernelSpectrum.spectra(of: opened.imported.model, matching: $0) } ?? []
    let console = output.console
    let measured = try data.data == nil ? nil : measure(opened, console)
    switch format.format {
    case .table, .markdown:
      func show(_ table: Table) {
        console.result(table, as: format.format)
      }
      console.result("\(file): \(inspection.headline)")
      console.result()
      show(inspection.table().droppingEmptyColumns())
      console.result()
      inspection.summaryLines(measured: measured).forEach { console.result($0) }
      if values {
        console.result()
        show(statistics.table())
      }
      for spectrum in spectra {
        console.result()
        spectrum.lines.forEach { console.result($0) }
      }
    case .json:
      guard case .object(var object) = inspection.json() else { return }
      if values { object["values"] = statistics.table().jsonRows }
      if let measured { object["measured"] = measured.json }
      if !spectra.isEmpty { object["spectra"] = .array(spectra.map(\.json)) }
      console.result(json: JSONValue.object(object))
    case .csv:
      console.result(values ? statistics.table() : inspection.table(), as: .csv)
    }
  }

  /// Runs the model on the data; nothing is recorded in the file.
  private func measure(_ opened: OpenedModel, _ console: Console) throws -> Evaluation {
    let model = try opened.wholeModel()
    let dataset = try data.evaluation()
    let result = try model.evaluated(on: try data.bind(dataset, to: model, console))
    return Evaluation(
      dataset: dataset.name, datasetDigest: try dataset.digest(), split: dataset.split.rawValue,
      count: result.count, loss: result.loss, accuracy: result.accuracy, date: "measured now")
  }
}

extension [ValueStatistics] {
  /// The statistics as a table.
  func table() -> Table {
    let titles = ["tensor", "shape", "type", "min", "max", "mean", "std", "zeros", "NaN", "∞"]
    let keys = [
      "tensor", "shape", "type", "minimum", "maximum", "mean", "deviation", "zeros", "nan",
      "infinite",
    ]
    func number(_ value: Double?) -> Cell { value.map { .number($0) } ?? .missing }
    return Table(
      columns: zip(titles, keys).map { Table.Column($0, key: $1) },
      rows: map { row in
        [
          .text(row.path), .text(row.shape.description), .text(row.type), number(row.minimum),
          number(row.maximum), number(row.mean), number(row.deviation),
          .share(Double(row.zeroCount) / Double(Swift.max(row.shape.count, 1))),
          .integer(row.nanCount), .integer(row.infiniteCount),
        ]
      })
  }
}

extension Inspection {
  /// One line: what the file is.
  var headline: String {
    "\(format), model '\(name)', \(layers.count) layers"
  }

  /// The totals and what else is known, a line each; what was measured now stands first.
  func summaryLines(measured: Evaluation? = nil) -> [String] {
    var lines: [String] = []
    let kept =
      parameterCount < denseParameterCount
      ? " of \(Units.grouped(denseParameterCount)) dense, "
        + Units.ratio(Double(denseParameterCount) / Double(Swift.max(parameterCount, 1))) + " fewer"
      : ""
    lines.append(
      "parameters  \(Units.grouped(parameterCount))\(kept) "
        + "(\(Units.grouped(trainableParameterCount)) trainable)")
    lines.append("file        \(Units.bytes(fileByteCount)), tensors \(Units.bytes(byteCount))")
    lines += devices.map { device in
      "as C        \(device.storage): \(device.footprint.text)"
    }
    if let obstacle { lines.append("cannot run  \(obstacle)") }
    if let provenance = metadata.provenance {
      let source = provenance.sourceFormat.map { " from \($0)" } ?? ""
      lines.append(
        "made by     modelc \(provenance.toolVersion)\(source): "
          + provenance.command.joined(separator: " "))
    }
    let evaluations = (measured.map { [$0] } ?? []) + metadata.evaluations
    if evaluations.isEmpty {
      lines.append("accuracy    not recorded")
    }
    for evaluation in evaluations {
      let accuracy = evaluation.accuracy.map { Units.percent($0, decimals: 2) + ", " } ?? ""
      lines.append(
        "accuracy    \(accuracy)loss \(Units.significant(evaluation.loss, digits: 4)) on "
          + "\(evaluation.dataset) (\(evaluation.split), \(Units.grouped(evaluation.count))), "
          + evaluation.date)
    }
    lines += remarks.map { "note        \($0.description)" }
    return lines
  }
}
