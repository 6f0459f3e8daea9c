public import ArgumentParser
import Datasets
import Foundation
import JSON
import ModelFile
import Models
import Pipelines
import Reports
public import Training

/// `modelc evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure loss and accuracy on data, per class, and the time of a forward pass.",
    discussion: """
      Examples:
        modelc evaluate model.h5 --data mnist/
        modelc evaluate model.small.h5 --data digits.h5 --confusion confusion.svg
        modelc evaluate model.small.h5 --data digits.h5 --save-to-file
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: "The loss: cross-entropy, binary-cross-entropy or mse.")
  var loss: Loss = .crossEntropy

  @Option(help: "Also count labels among the k largest outputs.")
  var topK = 5

  @Option(help: "Write the confusion matrix as SVG to this file.", completion: .file())
  var confusion: String?

  @Flag(help: "Also time forward passes of 1 and 256 examples on one thread.")
  var latency = false

  @Flag(help: "Record the result in the container.")
  var saveToFile = false

  @Flag(name: .shortAndLong, help: "Replace an existing SVG file.")
  var force = false

  @Option(help: "Threads.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @OptionGroup var format: FormatOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let console = output.console
    let model = try OpenedModel(file, options: reading.readOptions).wholeModel()
    let dataset = try data.evaluation()
    let bound = try data.bind(dataset, to: model, console)
    let start = Date()
    let result = try model.evaluated(
      on: bound, loss: loss, topK: topK, threads: max(threads, 1))
    let seconds = Date().timeIntervalSince(start)
    let times = latency ? try [1, 256].map { ($0, try model.latency(batch: $0)) } : []
    let names = EvaluationReport.classNames(model, dataset, count: result.confusion.count)
    if let confusion {
      guard !result.confusion.isEmpty else {
        throw CommandFailure("--confusion: \(dataset.name) has no classes, or more than 4,096")
      }
      try AtomicFile.write(
        HeatMap.confusion(result.confusion, classNames: names).svg(), to: confusion, force: force)
    }
    // Recorded before anything is printed: a reader that closes the pipe must not prevent it.
    if saveToFile { try record(result, of: dataset, in: model, console) }
    EvaluationReport(
      result: result, dataset: dataset, classNames: names, latencies: times, seconds: seconds
    ).print(format.format, title: file, to: console)
  }

  private func record(
    _ result: EvaluationResult, of dataset: Dataset, in model: Model, _ console: Console
  ) throws {
    try Recording.add(
      result, dataset: dataset.name, digest: try dataset.digest(), split: dataset.split.rawValue,
      to: file, model: model)
    console.note("recorded in \(file); modelc inspect shows it")
  }
}

extension Loss: ExpressibleByArgument {}

/// Prints a result of an evaluation.
struct EvaluationReport {
  let result: EvaluationResult
  let dataset: Dataset
  let classNames: [String]
  let latencies: [(batch: Int, seconds: Double)]
  /// The time of the pass over all examples.
  let seconds: Double

  /// The model's names, else the data's, else numbers.
  static func classNames(_ model: Model, _ dataset: Dataset, count: Int) -> [String] {
    let known = model.metadata.classNames ?? dataset.classNames ?? []
    return known.count == count ? known : (0..<count).map(String.init)
  }

  func print(_ format: Table.Format, title: String, to console: Console) {
    switch format {
    case .json: console.result(json: json)
    case .csv: console.result(table, as: .csv)
    case .table, .markdown:
      lines(title).forEach { console.result($0) }
      guard !result.confusion.isEmpty else { return }
      console.result()
      console.result(table, as: format)
    }
  }

  private func lines(_ title: String) -> [String] {
    var lines = [
      "\(title) on \(dataset.name) (\(dataset.split.rawValue), "
        + "\(Units.grouped(result.count)) examples)"
    ]
    if let correct = result.correctCount, let accuracy = result.accuracy,
      let interval = result.accuracyInterval
    {
      lines.append(
        "accuracy  \(Units.percent(accuracy, decimals: 2)) "
          + "(\(Units.grouped(correct)) right; 95 % interval "
          + "\(Units.percent(interval.lowerBound, decimals: 2)) to "
          + "\(Units.percent(interval.upperBound, decimals: 2)))")
    }
    if let top = result.topCount, result.topK > 1 {
      lines.append(
        "top-\(result.topK)     "
          + Units.percent(Double(top) / Double(max(result.count, 1)), decimals: 2))
    }
    lines.append("loss      \(Units.significant(result.loss, digits: 4))")
    for (batch, seconds) in latencies {
      lines.append(
        "latency   \(Units.duration(seconds: seconds)) for \(batch) "
          + "(\(Units.scaled(Int(Double(batch) / seconds))) a second)")
    }
    return lines
  }

  /// Precision and recall per class.
  private var table: Table {
    let rows = result.confusion.indices.map { index -> [Cell] in
      let support = result.confusion[index].reduce(0, +)
      let predicted = result.confusion.reduce(0) { $0 + $1[index] }
      let right = result.confusion[index][index]
      let mistakes = result.confusion[index].indices.filter { $0 != index }
      let worst = mistakes.max { result.confusion[index][$0] < result.confusion[index][$1] }
      let confused = worst.flatMap { result.confusion[index][$0] > 0 ? $0 : nil }
      return [
        .text(classNames[index]), .integer(support),
        predicted > 0 ? .share(Double(right) / Double(predicted)) : .missing,
        support > 0 ? .share(Double(right) / Double(support)) : .missing,
        confused.map { .text("\(classNames[$0]) (\(result.confusion[index][$0]))") } ?? .missing,
      ]
    }
    return Table(
      columns: [
        Table.Column("class"), Table.Column("examples"), Table.Column("precision"),
        Table.Column("recall"), Table.Column("most taken for", key: "confused_with"),
      ], rows: rows)
  }

  private var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    return .object([
      "version": 1, "dataset": .string(dataset.name), "split": .string(dataset.split.rawValue),
      "count": .integer(result.count), "seconds": .number(seconds), "loss": .number(result.loss),
      "accuracy": number(result.accuracy),
      "accuracy_low": number(result.accuracyInterval?.lowerBound),
      "accuracy_high": number(result.accuracyInterval?.upperBound),
      "correct": result.correctCount.map { .integer($0) } ?? .null,
      "top_k": .integer(result.topK),
      "top_k_correct": result.topCount.map { .integer($0) } ?? .null,
      "classes": table.jsonRows,
      "confusion": .array(result.confusion.map { .array($0.map { .integer($0) }) }),
      "latency": .array(
        latencies.map {
          .object(["batch": .integer($0.batch), "seconds": .number($0.seconds)])
        }),
    ])
  }
}
