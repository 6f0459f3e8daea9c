import Compression
import JSON
import Models
import Pipelines
import Reports
import Tensors
import Training

/// Prints and draws what each kernel can lose.
struct SensitivityReport {
  let outcome: SensitivityOutcome
  let axis: SensitivityAnalysis.Axis
  let dataset: String?

  func print(_ format: Table.Format, to console: Console) {
    switch format {
    case .json: console.result(json: json)
    case .csv: console.result(table, as: .csv)
    case .table, .markdown:
      let table = table.droppingEmptyColumns()
      console.result(table, as: format)
      console.result()
      lines.forEach { console.result($0) }
    }
  }

  private var table: Table {
    let columns = [
      Table.Column("kernel"), Table.Column(axis.rawValue, key: "setting"),
      Table.Column("parameters"), Table.Column("bytes"),
      Table.Column("error", key: "relative_error"), Table.Column("loss"),
      Table.Column("more loss", key: "loss_change"), Table.Column("accuracy"),
      Table.Column("knee"),
    ]
    var rows: [[Cell]] = []
    for (index, kernel) in outcome.kernels.enumerated() {
      let knee = outcome.knee(index)
      for point in kernel.points + [kernel.unchanged] {
        let isUnchanged = point == kernel.unchanged
        rows.append([
          .text(kernel.path), .text(isUnchanged ? "as it is" : point.setting.words),
          .integer(point.parameterCount), .bytes(point.byteCount),
          isUnchanged ? .missing : .number(point.relativeError),
          .number(point.loss, digits: 4),
          isUnchanged ? .missing : .number(point.loss - kernel.unchanged.loss, digits: 2),
          point.accuracy.map { .share($0, decimals: 2) } ?? .missing,
          point == knee ? .text("knee") : isUnchanged && knee == nil ? .text("none") : .missing,
        ])
      }
    }
    return Table(columns: columns, rows: rows)
  }

  private var lines: [String] {
    var lines = outcome.kernels.indices.map(line)
    let size = Units.ratio(
      Double(outcome.before.parameterCount) / Double(max(outcome.parameterCount, 1)))
    let counts =
      "\(Units.grouped(outcome.before.parameterCount)) → "
      + "\(Units.grouped(outcome.parameterCount)) parameters"
    lines.append(
      axis == .rank
        ? "all knees together: \(size) (\(counts))" : "all knees together: kernels \(kernelBytes)")
    lines.append(
      "  \(change(outcome.unchanged, outcome.together)) on \(outcome.together.count) held-out "
        + "training examples, which chose the knees")
    lines.append(
      "  \(change(outcome.unchangedReport, outcome.report)) on \(outcome.report.count) others, which "
        + "chose nothing")
    lines.append("test accuracy was not used to choose anything")
    return lines
  }

  /// The bytes of all kernels as they are and at their knees.
  private var kernelBytes: String {
    let before = outcome.kernels.reduce(0) { $0 + $1.unchanged.byteCount }
    let after = outcome.kernels.indices.reduce(0) { sum, index in
      sum + (outcome.knee(index) ?? outcome.kernels[index].unchanged).byteCount
    }
    return "\(Units.bytes(before)) → \(Units.bytes(after))"
      + (axis == .prune ? " (zeros are not left out here; no speed-up expected)" : "")
  }

  /// One kernel's knee in a line.
  private func line(_ index: Int) -> String {
    let kernel = outcome.kernels[index]
    let epsilon = Units.significant(outcome.tolerances[index], digits: 3)
    guard !kernel.points.isEmpty else {
      return "\(kernel.path): no factorisation serves it, so that it has no rank to lose"
    }
    guard let knee = outcome.knee(index) else {
      return "\(kernel.path): no knee at tolerance \(epsilon): every step gains more"
        + spectrum(kernel)
    }
    let more = knee.loss - kernel.unchanged.loss
    let size =
      "\(Units.grouped(knee.parameterCount)) of \(Units.grouped(kernel.unchanged.parameterCount))"
    let what =
      axis == .rank
      ? "\(size) parameters"
      : "\(Units.bytes(knee.byteCount)) of \(Units.bytes(kernel.unchanged.byteCount))"
    return "\(kernel.path): knee at \(axis.rawValue) \(knee.setting.words), \(what), "
      + "loss \(more < 0 ? "−" : "+")\(Units.significant(abs(more), digits: 2)) "
      + "(tolerance \(epsilon))" + spectrum(kernel)
  }

  private func change(_ before: EvaluationResult, _ after: EvaluationResult) -> String {
    let losses = [before, after].map { Units.significant($0.loss, digits: 3) }
    var text = "loss \(losses[0]) → \(losses[1])"
    if let old = before.accuracy, let new = after.accuracy {
      text += ", accuracy \(Units.percent(old, decimals: 2)) → \(Units.percent(new, decimals: 2))"
    }
    return text
  }

  /// `; σ 3.1 2.2 1.7 … (100)`.
  private func spectrum(_ kernel: KernelSensitivity) -> String {
    guard let values = kernel.spectra.last?.values, !values.isEmpty else { return "" }
    let shown = values.prefix(5).map { Units.significant($0, digits: 3) }
    return "; σ \(shown.joined(separator: " "))\(values.count > 5 ? " … (\(values.count))" : "")"
  }

  private var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    var object: JSONObject = [
      "version": 1, "axis": .string(axis.rawValue),
      "weighting": .string(outcome.weighting.rawValue), "test_data_used": .bool(false),
      "examples": .integer(outcome.unchanged.count),
    ]
    object["loss_before"] = .number(outcome.unchanged.loss)
    object["loss_of_knees"] = .number(outcome.together.loss)
    object["loss_of_knees_elsewhere"] = .number(outcome.report.loss)
    object["accuracy_before"] = number(outcome.unchanged.accuracy)
    object["accuracy_of_knees"] = number(outcome.together.accuracy)
    object["accuracy_of_knees_elsewhere"] = number(outcome.report.accuracy)
    object["parameters_before"] = .integer(outcome.before.parameterCount)
    object["parameters_after"] = .integer(outcome.parameterCount)
    object["seconds"] = .number(outcome.seconds)
    object["points"] = table.jsonRows
    object["kernels"] = .array(outcome.kernels.indices.map(kernelJSON))
    object["plan"] = outcome.plan?.json ?? .null
    return .object(object)
  }

  private func kernelJSON(_ index: Int) -> JSONValue {
    let kernel = outcome.kernels[index]
    let spectra: [JSONValue] = kernel.spectra.map { spectrum in
      .array(spectrum.values.map { .number($0) })
    }
    let knee: JSONValue = outcome.knee(index).map { .string($0.setting.words) } ?? .null
    return .object([
      "kernel": .string(kernel.path), "tolerance": .number(outcome.tolerances[index]),
      "knee": knee, "spectra": .array(spectra),
    ])
  }

  /// Loss against the setting, a curve a kernel.
  var lossPlot: String {
    var series: [LinePlot.Series] = []
    for kernel in outcome.kernels {
      var points: [LinePlot.Series.Point] = []
      for point in kernel.points {
        if let x = point.setting.position { points.append(.init(x: x, y: point.loss)) }
      }
      series.append(.init(name: kernel.path, points: points))
    }
    let positions = series.flatMap { $0.points.map(\.x) }
    if let low = positions.min(), let high = positions.max() {
      let loss = outcome.unchanged.loss
      series.append(
        .init(
          name: "as it is", points: [.init(x: low, y: loss), .init(x: high, y: loss)],
          isDashed: true))
    }
    let titles: [SensitivityAnalysis.Axis: String] = [
      .rank: "rank (the larger one of two)", .prune: "share of zeros",
      .dtype: "bits of a stored scalar",
    ]
    return LinePlot(
      title: "Loss with one layer changed", xTitle: titles[axis] ?? "", yTitle: "mean loss",
      series: series, xIsLogarithmic: axis == .rank, yIsLogarithmic: true
    ).svg()
  }

  /// Singular values, a curve a spectrum.
  var spectrumPlot: String {
    var series: [LinePlot.Series] = []
    for kernel in outcome.kernels {
      for (index, spectrum) in kernel.spectra.enumerated() {
        let name = kernel.spectra.count > 1 ? "\(kernel.path) mode \(index)" : kernel.path
        var points: [LinePlot.Series.Point] = []
        for (position, value) in spectrum.values.enumerated() {
          points.append(.init(x: Double(position + 1), y: value))
        }
        series.append(.init(name: name, points: points))
      }
    }
    return LinePlot(
      title: "Spectra (weighting \(outcome.weighting.rawValue))", xTitle: "index",
      yTitle: "singular value", series: series, xIsLogarithmic: true, yIsLogarithmic: true
    ).svg()
  }
}

extension KernelSensitivity.Setting {
  /// `17`, `4×5`, `50.0 % zeros` or `int8`.
  var words: String {
    switch self {
    case .ranks(_, let ranks): ranks.map(String.init).joined(separator: "×")
    case .sparsity(let share): "\(Units.percent(share, decimals: 0)) zeros"
    case .encoding(let encoding): encoding.rawValue
    }
  }

  /// The place along the axis of a plot.
  fileprivate var position: Double? {
    switch self {
    case .ranks(_, let ranks): ranks.max().map(Double.init)
    case .sparsity(let share): share
    case .encoding(let encoding): Double(8 * encoding.scalarType.byteCount)
    }
  }
}
