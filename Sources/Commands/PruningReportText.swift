import Datasets
import JSON
import Models
import Pipelines
import Reports
import Training

extension [PruningReport] {
  /// What went, a line each.
  func table() -> Table {
    Table(
      columns: [
        Table.Column("layer", key: "path"), Table.Column("of", key: "subject"),
        Table.Column("before"), Table.Column("after"), Table.Column("removed"),
        Table.Column("error", key: "relative_error"),
      ],
      rows: map { report in
        [
          .text(report.path), .text(report.subject.rawValue), .integer(report.before),
          .integer(report.after),
          .share(Double(report.before - report.after) / Double(Swift.max(report.before, 1))),
          report.error.map { .number($0) } ?? .missing,
        ]
      })
  }

  /// What unstructured sparsity does not do, where there is some.
  var speedRemark: String? {
    contains { $0.subject == .weights }
      ? "unstructured sparsity: no speed-up expected, zeros are multiplied like any weight" : nil
  }
}

/// Prints what a pruning did.
struct PruningReportText {
  let outcome: PruneOutcome
  let request: PruneRequest

  init(_ outcome: PruneOutcome, request: PruneRequest) {
    self.outcome = outcome
    self.request = request
  }

  func print(_ format: Table.Format, to console: Console) {
    let table = outcome.reports.table()
    switch format {
    case .json: console.result(json: json(table))
    case .csv: console.result(table, as: .csv)
    case .table, .markdown:
      let table = table.droppingEmptyColumns()
      console.result(table, as: format)
      console.result()
      lines.forEach { console.result($0) }
    }
  }

  private func ratio(_ before: Int, _ after: Int) -> String {
    Units.ratio(Double(before) / Double(max(after, 1)))
  }

  private var lines: [String] {
    let (before, after) = (outcome.before, outcome.after)
    var lines = [
      "parameters \(ratio(before.parameterCount, after.parameterCount)) "
        + "(\(Units.grouped(before.parameterCount)) → \(Units.grouped(after.parameterCount))) · "
        + "file \(ratio(before.fileByteCount, after.fileByteCount)) "
        + "(\(Units.bytes(before.fileByteCount)) → \(Units.bytes(after.fileByteCount)))"
    ]
    if let first = outcome.secondsBefore, let second = outcome.secondsAfter {
      lines.append(
        "forward pass of 256 examples on one thread: \(Units.duration(seconds: first)) → "
          + Units.duration(seconds: second))
    }
    if let remark = outcome.reports.speedRemark { lines.append(remark) }
    lines += before.remarks.map { "note: \($0.description)" }
    lines.append(
      outcome.viewObstacle.map { "Keras view: no (\($0))" }
        ?? "Keras view: yes, keras.models.load_model(\"\(request.output)\") opens this file")
    if let last = outcome.history.last {
      lines.append(
        "fine-tuned for \(outcome.history.count) epochs, validation loss "
          + Units.significant(last.validationLoss ?? last.loss, digits: 3))
    }
    lines.append(accuracy)
    lines.append("test accuracy was not used to choose anything")
    lines.append("wrote \(request.output); next: modelc inspect \(request.output)")
    return lines
  }

  private var accuracy: String {
    guard let original = outcome.original, let report = outcome.report, let data = request.data
    else {
      return
        "accuracy: not measured; measure it with: modelc evaluate \(request.output) --data DATA"
    }
    func text(_ result: EvaluationResult) -> String {
      (result.accuracy.map { "\(Units.percent($0, decimals: 2)), " } ?? "")
        + "loss \(Units.significant(result.loss, digits: 4))"
    }
    return "accuracy: \(text(original)) → \(text(report)) on \(Units.grouped(report.count)) "
      + "training examples of \(data.dataset.name) that chose and taught nothing here; on test "
      + "data: modelc evaluate \(request.output) --data DATA"
  }

  private func json(_ table: Table) -> JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    return .object([
      "version": 1, "output": .string(request.output),
      "parameters_before": .integer(outcome.before.parameterCount),
      "parameters_after": .integer(outcome.after.parameterCount),
      "file_bytes_before": .integer(outcome.before.fileByteCount),
      "file_bytes_after": .integer(outcome.after.fileByteCount),
      "forward_seconds_before": number(outcome.secondsBefore),
      "forward_seconds_after": number(outcome.secondsAfter),
      "held_out_accuracy_before": number(outcome.original?.accuracy),
      "held_out_accuracy": number(outcome.report?.accuracy),
      "held_out_loss": number(outcome.report?.loss),
      "keras_view": .bool(outcome.viewObstacle == nil),
      "keras_view_obstacle": outcome.viewObstacle.map { .string($0) } ?? .null,
      "layers": table.jsonRows,
    ])
  }
}
