import Foundation
import Pipelines
import Reports

/// What is drawn of a sweep and where: `FILE.svg`, `Y=FILE.svg` or `Y:X=FILE.svg`.
struct SweepPlot {
  /// The measured value, or `classes` for a heat map; nil means accuracy.
  let y: String?
  /// A measured value, an axis or `epoch`; nil means the first axis.
  let x: String?
  /// The file.
  let path: String

  init(parsing text: String) throws {
    guard text.lowercased().hasSuffix(".svg") else {
      throw CommandFailure.usage(
        "--plot '\(text)': expected FILE.svg, or Y:X=FILE.svg such as accuracy:parameters=a.svg")
    }
    guard let equals = text.firstIndex(of: "=") else {
      (y, x, path) = (nil, nil, text)
      return
    }
    let names = text[..<equals].split(separator: ":", omittingEmptySubsequences: false)
      .map(String.init)
    path = String(text[text.index(after: equals)...])
    guard (1...2).contains(names.count), names.allSatisfy({ !$0.isEmpty }) else {
      throw CommandFailure.usage(
        "--plot '\(text)': expected Y:X=FILE.svg such as accuracy:parameters=a.svg")
    }
    y = names[0]
    x = names.count == 2 ? names[1] : nil
  }
}

extension SweepReport {
  /// The picture.
  /// - Throws: a usage error that lists what can be drawn.
  func svg(_ plot: SweepPlot) throws -> String {
    let y = plot.y ?? "accuracy"
    if y == "classes" { return try classMap().svg() }
    let x = plot.x ?? axes.first ?? "parameters"
    if x == "epoch" { return try epochPlot(y).svg() }
    guard metrics.contains(y) else {
      throw CommandFailure.usage(
        "--plot: nothing called '\(y)' was measured, only \(metrics.joined(separator: ", "))")
    }
    guard axes.contains(x) || metrics.contains(x) else {
      throw CommandFailure.usage(
        "--plot: '\(x)' is neither an axis (\(axes.joined(separator: ", "))) nor measured "
          + "(\(metrics.joined(separator: ", ")))")
    }
    return linePlot(y: y, x: x).svg()
  }

  /// Every plot that suits the data: for pages.
  func standardPlots() -> [(caption: String, svg: String)] {
    var plots: [(String, String)] = []
    let first = axes.first
    for y in ["accuracy", "stock_accuracy", "loss", "error", "microseconds", "seconds_per_epoch"]
    where metrics.contains(y) {
      guard let first else { continue }
      let plot = linePlot(y: y, x: first)
      plots.append((plot.title, plot.svg()))
    }
    if metrics.contains("accuracy"), metrics.contains("parameters"),
      Set(summaries.compactMap { $0["parameters"]?.mean }).count > 2
    {
      let plot = linePlot(y: "accuracy", x: "parameters")
      plots.append((plot.title, plot.svg()))
    }
    if let plot = try? epochPlot("validation_accuracy") { plots.append((plot.title, plot.svg())) }
    if axes.count == 1, let map = try? classMap() { plots.append((map.title, map.svg())) }
    return plots
  }

  private func scaled(_ value: SweepSummary.Value, _ name: String) -> (Double, Double?) {
    let factor = SweepReport.shares.contains(name) ? 100.0 : 1
    return (value.mean * factor, value.spread.map { $0 * factor })
  }

  private func title(_ name: String) -> String { SweepReport.titles[name] ?? name }

  private func position(of summary: SweepSummary, on x: String) -> Double? {
    if let setting = summary.settings.first(where: { $0.axis.rawValue == x }) {
      return SweepAxis.number(setting.value)
    }
    return summary[x].map { scaled($0, x).0 }
  }

  /// The name of a curve: its series and the axes that are not along the horizontal.
  private func curveName(of summary: SweepSummary, without x: String) -> String {
    let others = summary.settings.filter { $0.axis.rawValue != x }
    let isOnly = Set(summaries.map(\.series).filter { $0 != CompressionSweep.unchanged }).count == 1
    let settings = others.map { "\($0.axis.rawValue) = \($0.value)" }
    guard axes.contains(x) else { return summary.series }
    return (isOnly && !settings.isEmpty ? settings : [summary.series] + settings)
      .joined(separator: ", ")
  }

  private func linePlot(y: String, x: String) -> LinePlot {
    var order: [String] = []
    var curves: [String: [LinePlot.Series.Point]] = [:]
    var references: [(name: String, y: Double, x: Double?)] = []
    for summary in summaries {
      guard let value = summary[y] else { continue }
      let (mean, spread) = scaled(value, y)
      guard let position = position(of: summary, on: x), !summary.settings.isEmpty else {
        let words = summary.settings.map(\.value)
        references.append(
          (
            ([summary.series] + words).joined(separator: " "), mean,
            position(of: summary, on: x)
          ))
        continue
      }
      let name = curveName(of: summary, without: x)
      if curves[name] == nil { order.append(name) }
      curves[name, default: []].append(.init(x: position, y: mean, spread: spread))
    }
    var series = order.map { name in
      LinePlot.Series(
        name: name, points: (curves[name] ?? []).sorted { $0.x < $1.x })
    }
    let xs = series.flatMap(\.points).map(\.x)
    for reference in references {
      if axes.contains(x), let low = xs.min(), let high = xs.max(), high > low {
        series.append(
          LinePlot.Series(
            name: reference.name,
            points: [.init(x: low, y: reference.y), .init(x: high, y: reference.y)],
            isDashed: true))
      } else if let position = reference.x {
        series.append(
          LinePlot.Series(
            name: reference.name, points: [.init(x: position, y: reference.y)], isJoined: false))
      }
    }
    let logarithmic: Set<String> = ["ratio", "parameters", "bytes", "macs", "learning-rate"]
    return LinePlot(
      title: "\(title(y)) against \(title(x))", xTitle: title(x), yTitle: title(y),
      series: series, xIsLogarithmic: logarithmic.contains(x))
  }

  private func epochPlot(_ y: String) throws -> LinePlot {
    let series = summaries.compactMap { summary -> LinePlot.Series? in
      let values = summary.epochs(y)
      guard !values.isEmpty else { return nil }
      let settings = summary.settings.map { "\($0.axis.rawValue) \($0.value)" }
      let isOnly = Set(summaries.map(\.series)).count == 1
      return LinePlot.Series(
        name: (isOnly && !settings.isEmpty ? settings : [summary.series] + settings)
          .joined(separator: ", "),
        points: values.enumerated().map { epoch, value in
          let (mean, spread) = scaled(value, y)
          return .init(x: Double(epoch + 1), y: mean, spread: spread)
        })
    }
    guard !series.isEmpty else {
      throw CommandFailure.usage("--plot: no epochs with '\(y)' were recorded")
    }
    return LinePlot(
      title: "\(title(y)) while training", xTitle: "epoch", yTitle: title(y), series: series)
  }

  private func classMap() throws -> HeatMap {
    let rows = summaries.filter { !$0.classShares.isEmpty }
    guard let width = rows.first?.classShares.count,
      rows.allSatisfy({ $0.classShares.count == width })
    else { throw CommandFailure.usage("--plot classes: no classes were measured") }
    let known = classNames ?? []
    let names = known.count == width ? known : (0..<width).map(String.init)
    let isOnly = Set(rows.map(\.series)).count == 1
    return HeatMap(
      title: "Share of right answers by class, in %", columnTitle: "class",
      rowTitle: axes.joined(separator: ", "), columns: names,
      rows: rows.map { row in
        let settings = row.settings.map(\.value)
        return (isOnly && !settings.isEmpty ? settings : [row.series] + settings)
          .joined(separator: " ")
      },
      values: rows.map { $0.classShares.map { 100 * $0 } },
      labels: rows.map { $0.classShares.map { Units.fixed(100 * $0, decimals: 1) } })
  }
}
