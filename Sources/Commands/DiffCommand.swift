import ArgumentParser
import JSON
import Models
import Pipelines
import Reports

/// `modelc diff`.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two model files, weight by weight.",
    discussion: """
      Exit code 0: the same; 1: they differ; 2: trouble.

      Example:
        modelc diff model.h5 model.small.h5
      """)

  @Argument(help: "The first model file.", completion: .file())
  var first: String

  @Argument(help: "The second model file.", completion: .file())
  var second: String

  @OptionGroup var format: FormatOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let difference: ModelDifference
    do {
      let left = try OpenedModel(first, options: reading.readOptions)
      let right = try OpenedModel(second, options: reading.readOptions)
      difference = try ModelDifference(left.imported.model, right.imported.model)
    } catch {
      throw CommandFailure("\(error)", exitCode: 2)
    }
    let console = output.console
    switch format.format {
    case .table, .markdown:
      let table = difference.table()
      console.result(table, as: format.format)
      console.result()
      difference.layerRemarks.forEach { console.result($0) }
      console.result(difference.isEmpty ? "the same" : difference.summary)
    case .csv: console.result(difference.table(), as: .csv)
    case .json:
      console.result(
        json: .object([
          "version": 1, "same": .bool(difference.isEmpty),
          "layers": .array(difference.layerRemarks.map { .string($0) }),
          "weights": difference.table().jsonRows,
        ]))
    }
    if !difference.isEmpty { throw ExitCode(1) }
  }
}

extension ModelDifference {
  /// Both models side by side.
  func table() -> Table {
    Table(
      columns: [
        Table.Column("weight"), Table.Column("first"), Table.Column("second"),
        Table.Column("parameters", key: "first_parameters"),
        Table.Column("", key: "second_parameters"),
        Table.Column("error", key: "relative_error"),
      ],
      rows: rows.map { row in
        [
          .text(row.path), row.left.map { .text($0) } ?? .missing,
          row.isIdentical ? .text("same") : row.right.map { .text($0) } ?? .missing,
          row.leftCount.map { .integer($0) } ?? .missing,
          row.rightCount.map { .integer($0) } ?? .missing,
          row.relativeError.map { .number($0) } ?? .missing,
        ]
      })
  }

  /// How many weights differ.
  var summary: String {
    let count = rows.count { !$0.isIdentical }
    return "\(count) of \(rows.count) weights differ"
  }
}
