import Foundation
import JSON
import Pipelines
import Reports

/// Tables and plots of one or more sweeps.
struct SweepReport {
  let records: [SweepRecord]
  let summaries: [SweepSummary]

  init(_ records: [SweepRecord]) {
    self.records = records
    summaries = SweepSummary.summaries(of: records.flatMap(\.points))
  }

  /// The axes, in the order in which they occur.
  var axes: [String] {
    var names: [String] = []
    for summary in summaries {
      for setting in summary.settings where !names.contains(setting.axis.rawValue) {
        names.append(setting.axis.rawValue)
      }
    }
    return names
  }

  /// What was measured, in the order in which it occurs.
  var metrics: [String] {
    var names: [String] = []
    for summary in summaries {
      for point in summary.points {
        for metric in point.metrics where !names.contains(metric.name) {
          names.append(metric.name)
        }
      }
    }
    return names
  }

  var classNames: [String]? {
    records.lazy.compactMap { $0.header["class_names"]?.strings }.first
  }

  func print(_ format: Table.Format, to console: Console) {
    switch format {
    case .json:
      let values = records.map(\.json)
      console.result(json: values.count == 1 ? values[0] : .array(values))
    case .csv: console.result(points(), as: .csv)
    case .table, .markdown:
      let table = table().droppingEmptyColumns()
      console.result(table, as: format)
    }
  }

  /// A line a series and setting: means, with ± the standard deviation over repetitions.
  func table() -> Table {
    let axes = axes
    let metrics = metrics
    return Table(
      columns: [Table.Column("series")] + axes.map { Table.Column($0) } + [Table.Column("n")]
        + metrics.map { Table.Column(SweepReport.titles[$0] ?? $0, key: $0) },
      rows: summaries.map { summary in
        [.text(summary.series)]
          + axes.map { axis in
            summary.settings.first { $0.axis.rawValue == axis }.map { .text($0.value) } ?? .missing
          } + [.integer(summary.points.count)]
          + metrics.map { name in summary[name].map { SweepReport.cell($0, of: name) } ?? .missing }
      })
  }

  /// Every single point, for programs.
  private func points() -> Table {
    let axes = axes
    let metrics = metrics
    return Table(
      columns: (["series"] + axes + ["model", "seed"] + metrics).map { Table.Column($0, key: $0) },
      rows: records.flatMap(\.points).map { point in
        [.text(point.series)]
          + axes.map { axis in
            point.settings.first { $0.axis.rawValue == axis }.map { .text($0.value) } ?? .missing
          } + [.integer(point.model), .integer(point.seed)]
          + metrics.map { name in point[name].map { .number($0, digits: 6) } ?? .missing }
      })
  }

  static let titles = [
    "accuracy": "accuracy in %", "stock_accuracy": "accuracy, stock test, in %",
    "macs": "MACs", "microseconds": "µs an example", "error": "relative error",
    "train_loss": "training loss", "stock_loss": "loss, stock test",
    "seconds_per_epoch": "s an epoch", "projection_seconds": "s of projection",
    "validation_accuracy": "held-out accuracy in %", "validation_loss": "held-out loss",
    "removed": "weights removed", "data-rank": "rank of the images",
    "project-rank": "rank that kernels are projected to", "ratio": "parameters before ÷ after",
    "prune": "share of weights removed", "R1": "R1, input rank", "R2": "R2, output rank",
    "learning-rate": "learning rate",
  ]

  /// Metrics that are shares and shown as per cent.
  static let shares: Set<String> = ["accuracy", "stock_accuracy", "validation_accuracy"]

  private static func cell(_ value: SweepSummary.Value, of metric: String) -> Cell {
    if shares.contains(metric) {
      let spread = value.spread.map { " ± " + Units.fixed(100 * $0, decimals: 2) } ?? ""
      return .text(Units.fixed(100 * value.mean, decimals: 2) + spread)
    }
    switch metric {
    case "parameters", "macs", "removed": return .integer(Int(value.mean.rounded()))
    case "bytes": return .bytes(Int(value.mean.rounded()))
    default:
      let spread =
        value.spread.map { $0 > 0 ? " ± " + Units.significant($0, digits: 2) : "" } ?? ""
      return spread.isEmpty
        ? .number(value.mean, digits: 4)
        : .text(Units.significant(value.mean, digits: 4) + spread)
    }
  }
}
