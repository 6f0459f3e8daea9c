import CSource
import Compression
import Datasets
import JSON
import Models
import Pipelines
import Reports
import Training

/// Prints what a compression planned or did.
struct CompressionReport {
  let outcome: CompressionOutcome
  let request: CompressionRequest

  init(_ outcome: CompressionOutcome, request: CompressionRequest) {
    self.outcome = outcome
    self.request = request
  }

  func print(_ format: Table.Format, to console: Console) {
    switch format {
    case .json: console.result(json: json())
    case .csv: console.result(table(), as: .csv)
    case .table, .markdown:
      let table = table().droppingEmptyColumns()
      console.result(table, as: format)
      console.result()
      if !outcome.explanations.isEmpty {
        outcome.explanations.lines.forEach { console.result($0) }
        console.result()
      }
      lines().forEach { console.result($0) }
    }
  }

  /// A line per kernel: what was done, at what cost and why.
  private func table() -> Table {
    let reports = Dictionary(
      outcome.reports.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    let rows = outcome.plan.kernels.map { decision -> [Cell] in
      let report = reports[decision.path]
      var form: Cell = .text("dense")
      var ranks: [Int] = []
      if case .factorize(let kind, let chosen) = decision.action {
        form = .text(kind.rawValue)
        ranks = chosen
      } else if let report, report.form != .dense {
        form = .text(report.form.rawValue)
        ranks = report.ranks
      }
      return [
        .text(decision.path), form,
        ranks.isEmpty ? .missing : .text(ranks.map(String.init).joined(separator: "×")),
        report.map { .integer($0.parametersBefore) } ?? .missing,
        report.map { .integer($0.parametersAfter) } ?? .missing,
        report?.relativeError.map { $0 == 0 ? .missing : .number($0) } ?? .missing,
        .text(decision.reason),
      ]
    }
    return Table(
      columns: [
        Table.Column("kernel"), Table.Column("form"), Table.Column("rank", key: "ranks"),
        Table.Column("before", key: "parameters_before"),
        Table.Column("after", key: "parameters_after"),
        Table.Column("error", key: "relative_error"), Table.Column("why", key: "reason"),
      ], rows: rows)
  }

  private func lines() -> [String] {
    let before = outcome.before
    var lines: [String] = []
    guard let after = outcome.after else {
      if let planned = outcome.planned {
        lines.append(
          "plan: parameters \(Units.grouped(planned.originalParameterCount)) → "
            + "\(Units.grouped(planned.parameterCount)) (\(Units.ratio(planned.compressionRatio)))"
            + macs(before.multiplications, planned.multiplications)
            + (planned.isExact ? "" : " · not proven to be the best")
        )
      }
      lines += boundLines
      lines.append("test accuracy was not used to choose anything")
      lines.append("nothing was written (--dry-run)")
      return lines
    }
    lines.append(
      "parameters \(ratio(before.parameterCount, after.parameterCount)) "
        + "(\(Units.grouped(before.parameterCount)) → \(Units.grouped(after.parameterCount))) · "
        + "file \(ratio(before.fileByteCount, after.fileByteCount)) "
        + "(\(Units.bytes(before.fileByteCount)) → \(Units.bytes(after.fileByteCount)))"
        + macs(before.multiplications, after.multiplications)
        + " · \(Units.duration(seconds: outcome.seconds))")
    lines += pruned
    lines += before.remarks.map { "note: \($0.description)" }
    lines.append(
      outcome.viewObstacle.map { "Keras view: no (\($0))" }
        ?? "Keras view: yes, keras.models.load_model(\"\(request.output)\") opens this file")
    if let device = outcome.device {
      lines += device.lines(output: request.output)
    } else if !after.devices.isEmpty {
      lines.append(
        "as C: "
          + after.devices.map { "\($0.storage) \($0.footprint.text)" }.joined(separator: "; "))
    }
    lines += accuracy
    lines.append("wrote \(request.output); next: modelc inspect \(request.output)")
    return lines
  }

  /// What is known of the result's accuracy, and how the method was chosen.
  private var accuracy: [String] {
    guard let report = outcome.report, let data = request.data else {
      return [
        "accuracy: not measured, and it may fall a lot; measure it with: "
          + "modelc evaluate \(request.output) --data DATA",
        "test accuracy was not used to choose anything",
      ]
    }
    var lines = boundLines + combinations
    if outcome.candidates.count > 1 {
      let tried = outcome.candidates.map { candidate in
        "\(candidate.weighting.rawValue) \(Units.significant(candidate.loss, digits: 3))"
          + (candidate.isChosen ? " (taken)" : "")
      }
      lines.append("weighting, by loss on held-out examples: " + tried.joined(separator: ", "))
    }
    if let norms = outcome.norms {
      lines.append(
        "batch normalisations measured anew: loss on held-out examples "
          + "\(Units.significant(norms.lossBefore, digits: 3)) → "
          + Units.significant(norms.lossAfter, digits: 3)
          + (norms.isTaken ? " (taken)" : " (not taken)"))
    }
    if let last = outcome.history.last {
      lines.append(
        "fine-tuned for \(outcome.history.count) epochs, validation loss "
          + Units.significant(last.validationLoss ?? last.loss, digits: 3))
    }
    let share = report.accuracy.map { "\(Units.percent($0, decimals: 2)), " } ?? ""
    if outcome.accuracyBound == nil {
      lines.append(
        "accuracy: \(share)loss \(Units.significant(report.loss, digits: 4)) on "
          + "\(Units.grouped(report.count)) training examples of \(data.dataset.name) that "
          + "chose nothing")
    }
    lines.append(
      "test accuracy was not used to choose anything; measure it with: modelc evaluate "
        + "\(request.output) --data DATA")
    return lines
  }

  /// What was removed beside the factorisation.
  private var pruned: [String] {
    outcome.pruned.map { report in
      "pruned \(report.path): \(Units.grouped(report.before)) → \(Units.grouped(report.after)) "
        + report.subject.rawValue
        + (report.error.map { ", error \(Units.significant($0, digits: 3))" } ?? "")
    } + forward + (outcome.pruned.speedRemark.map { [$0] } ?? [])
  }

  /// What pruning did to the time of a forward pass.
  private var forward: [String] {
    guard let seconds = outcome.forwardSeconds, seconds.count == 2 else { return [] }
    return [
      "forward pass of 256 examples on one thread: \(Units.duration(seconds: seconds[0])) → "
        + Units.duration(seconds: seconds[1])
    ]
  }

  /// What was tried to meet a limit in bytes, and what was taken.
  private var combinations: [String] {
    guard !outcome.combinations.isEmpty else { return [] }
    let table = CombinationTable.table(outcome.combinations).droppingEmptyColumns()
    var lines = table.aligned().split(separator: "\n").map(String.init)
    if let chosen = outcome.combinations.first(where: \.isChosen) {
      lines.append(
        "taken: \(CombinationTable.words(chosen.combination)), the least loss on held-out training "
          + "examples (or as good, and readable by Keras)")
    }
    return lines
  }

  /// What a bound on the accuracy's fall asked for and came to.
  private var boundLines: [String] {
    guard let bound = outcome.accuracyBound else { return [] }
    func percent(_ share: Double) -> String { Units.percent(share, decimals: 2) }
    let points = Units.significant(bound.points, digits: 2)
    let asked =
      "asked: ≥ \(percent(bound.threshold)) (\(percent(bound.before)) − \(points) points) on "
      + "\(Units.grouped(bound.count)) held-out training examples"
    let reached =
      "reached: \(percent(bound.after)) there, the smallest of \(bound.trialCount) sizes that "
      + "holds; \(percent(bound.validationAfter)) where the model had "
      + "\(percent(bound.validationBefore)) on \(Units.grouped(bound.validationCount)) others, "
      + "which validate it"
    let refused =
      bound.refusedCount == 0
      ? [] : ["refused: \(bound.refusedCount) smaller that held on the first part only"]
    return [asked, reached] + refused
  }

  private func macs(_ before: Int?, _ after: Int?) -> String {
    guard let before, let after, after > 0 else { return "" }
    return " · MACs \(ratio(before, after))"
  }

  private func ratio(_ before: Int, _ after: Int) -> String {
    Units.ratio(Double(before) / Double(max(after, 1)))
  }

  private func json() -> JSONValue {
    let before = outcome.before
    let after = outcome.after
    func count(_ value: Int?) -> JSONValue { value.map { .integer($0) } ?? .null }
    return .object([
      "version": 1, "output": after == nil ? .null : .string(request.output),
      "parameters_before": .integer(before.parameterCount),
      "parameters_after": count(after?.parameterCount ?? outcome.planned?.parameterCount),
      "file_bytes_before": .integer(before.fileByteCount),
      "file_bytes_after": count(after?.fileByteCount),
      "macs_before": count(before.multiplications),
      "macs_after": count(after?.multiplications ?? outcome.planned?.multiplications),
      "device": outcome.device?.json ?? .null,
      "devices": .array((after?.devices ?? []).map(\.json)),
      "seconds": .number(outcome.seconds),
      "held_out_loss": outcome.report.map { .number($0.loss) } ?? .null,
      "held_out_accuracy": outcome.report?.accuracy.map { .number($0) } ?? .null,
      "candidates": .array(
        outcome.candidates.map {
          .object([
            "weighting": .string($0.weighting.rawValue), "loss": .number($0.loss),
            "taken": .bool($0.isChosen),
          ])
        }),
      "pruned": outcome.pruned.table().jsonRows,
      "combinations": CombinationTable.table(outcome.combinations).jsonRows,
      "keras_view": after == nil ? .null : .bool(outcome.viewObstacle == nil),
      "keras_view_obstacle": outcome.viewObstacle.map { .string($0) } ?? .null,
      "kernels": table().jsonRows, "plan": outcome.plan.json, "test_data_used": .bool(false),
      "accuracy_bound": outcome.accuracyBound.map(CompressionReport.json) ?? .null,
      "explanations": outcome.explanations.isEmpty ? .null : outcome.explanations.json,
    ])
  }

  private static func json(_ bound: AccuracyBound) -> JSONValue {
    .object([
      "points": .number(bound.points), "threshold": .number(bound.threshold),
      "before": .number(bound.before), "after": .number(bound.after),
      "count": .integer(bound.count), "validation_before": .number(bound.validationBefore),
      "validation_after": .number(bound.validationAfter),
      "validation_count": .integer(bound.validationCount),
      "tried": .integer(bound.trialCount), "refused": .integer(bound.refusedCount),
    ])
  }
}
