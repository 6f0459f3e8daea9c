import Compression
import JSON
import Pipelines
import Reports
import Training

/// Prints and draws a frontier.
struct FrontierReport {
  let outcome: FrontierOutcome
  let picked: FrontierOutcome.Point?
  let dataset: String?
  let file: String

  private var isMeasured: Bool { dataset != nil }

  func print(_ format: Table.Format, savedTo path: String?, to console: Console) {
    switch format {
    case .json: console.result(json: json)
    case .csv: console.result(table, as: .csv)
    case .table, .markdown:
      let table = table.droppingEmptyColumns()
      console.result(table, as: format)
      console.result()
      notes.forEach { console.result($0) }
      if let picked {
        console.result()
        console.result(
          "point \(number(of: picked)): \(Units.ratio(picked.estimate.compressionRatio)), "
            + "weighting \(picked.weighting.rawValue)")
        outcome.explanations(of: picked).lines.forEach { console.result($0) }
      }
      if let path {
        console.result("wrote \(path); next: modelc compress \(file) --plan \(path)")
      }
    }
  }

  private func number(of point: FrontierOutcome.Point) -> Int {
    1 + (outcome.points.firstIndex { $0.estimate.plan == point.estimate.plan } ?? 0)
  }

  private var table: Table {
    let columns = [
      Table.Column("point"), Table.Column("parameters"), Table.Column("ratio"),
      Table.Column("tensors", key: "bytes"), Table.Column("MACs", key: "macs"),
      Table.Column("error", key: "relative_error"), Table.Column("weighting"),
      Table.Column("loss", key: "choice_loss"), Table.Column("accuracy", key: "choice_accuracy"),
      Table.Column("loss elsewhere", key: "report_loss"),
      Table.Column("accuracy elsewhere", key: "report_accuracy"), Table.Column("forms"),
    ]
    let rows = outcome.points.enumerated().map { index, point -> [Cell] in
      let estimate = point.estimate
      func share(_ value: Double?) -> Cell { value.map { .share($0, decimals: 2) } ?? .missing }
      func loss(_ value: Double?) -> Cell { value.map { .number($0, digits: 4) } ?? .missing }
      return [
        .integer(index + 1), .integer(estimate.parameterCount),
        .number(estimate.compressionRatio), .bytes(estimate.byteCount),
        estimate.multiplications.map { .integer($0) } ?? .missing,
        estimate.relativeError.map { .number($0) } ?? .missing,
        isMeasured ? .text(point.weighting.rawValue) : .missing, loss(point.choice?.loss),
        share(point.choice?.accuracy), loss(point.report?.loss), share(point.report?.accuracy),
        .text(FrontierReport.forms(estimate.plan)),
      ]
    }
    return Table(columns: columns, rows: rows)
  }

  /// `17, –, 8`: ranks in layer order.
  private static func forms(_ plan: CompressionPlan) -> String {
    let words = plan.kernels.map { decision in
      decision.action.ranks.isEmpty
        ? "–" : decision.action.ranks.map(String.init).joined(separator: "×")
    }
    return words.count <= 6
      ? words.joined(separator: ", ")
      : "\(words.count(where: { $0 != "–" })) of \(words.count) kernels"
  }

  private var notes: [String] {
    var lines: [String] = []
    if let dataset, let point = outcome.points.first, let choice = point.choice,
      let report = point.report
    {
      lines.append(
        "loss and accuracy: \(Units.grouped(choice.count)) held-out training examples of "
          + "\(dataset), which chose the points; elsewhere: \(Units.grouped(report.count)) others "
          + "that chose nothing")
      lines.append(
        "\(outcome.refusedCount) of \(outcome.triedCount) plans (weightings "
          + outcome.weightings.map(\.rawValue).joined(separator: ", ")
          + ") were refused: another is no larger and loses no more")
    } else {
      lines.append(
        "error: √(discarded ÷ all) of the kernels' energy, from their spectra; points have the "
          + "least Σ −ln(kept share); --data measures the loss")
    }
    lines.append("test accuracy was not used to choose anything; nothing was changed")
    return lines
  }

  private var json: JSONValue {
    var object: JSONObject = [
      "version": 1, "parameters_before": .integer(outcome.before.parameterCount),
      "tried": .integer(outcome.triedCount), "refused": .integer(outcome.refusedCount),
      "test_data_used": .bool(false), "seconds": .number(outcome.seconds),
      "points": table.jsonRows,
    ]
    if let picked {
      object["point"] = .integer(number(of: picked))
      object["kernels"] = outcome.explanations(of: picked).json
      object["plan"] = picked.estimate.plan.json
    }
    return .object(object)
  }

  /// Loss (or error, without data) against the ratio.
  var svg: String {
    func series(
      _ name: String, _ value: (FrontierOutcome.Point) -> Double?
    ) -> LinePlot.Series {
      var points: [LinePlot.Series.Point] = []
      for point in outcome.points {
        if let y = value(point) { points.append(.init(x: point.estimate.compressionRatio, y: y)) }
      }
      return LinePlot.Series(name: name, points: points)
    }
    let curves =
      isMeasured
      ? [
        series("held-out loss (chose the points)", { $0.choice?.loss }),
        series("loss on other examples", { $0.report?.loss }),
      ]
      : [series("estimated relative error", { $0.estimate.relativeError })]
    return LinePlot(
      title: "What every size costs", xTitle: "parameters before ÷ after",
      yTitle: isMeasured ? "mean loss" : "relative error", series: curves, xIsLogarithmic: true,
      yIsLogarithmic: isMeasured
    ).svg()
  }
}
