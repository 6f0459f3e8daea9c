/// A grid of values as coloured cells, such as a confusion matrix, in SVG.
public struct HeatMap: Sendable, Hashable {
  /// What stands above the map.
  public var title: String
  /// What the columns are.
  public var columnTitle: String
  /// What the rows are.
  public var rowTitle: String
  /// The columns' names.
  public var columns: [String]
  /// The rows' names.
  public var rows: [String]
  /// The values, row by row, that colour the cells.
  public var values: [[Double]]
  /// The text of each cell.
  public var labels: [[String]]

  /// Makes a map; `values` and `labels` have one entry a row and column.
  public init(
    title: String, columnTitle: String, rowTitle: String, columns: [String], rows: [String],
    values: [[Double]], labels: [[String]]
  ) {
    precondition(values.count == rows.count && labels.count == rows.count, "one list a row")
    precondition(
      values.allSatisfy { $0.count == columns.count }
        && labels.allSatisfy { $0.count == columns.count }, "one value a column")
    self.title = title
    self.columnTitle = columnTitle
    self.rowTitle = rowTitle
    self.columns = columns
    self.rows = rows
    self.values = values
    self.labels = labels
  }

  /// A confusion matrix: rows are true classes, columns predictions, colours shares of the row.
  public static func confusion(_ counts: [[Int]], classNames: [String]) -> HeatMap {
    let shares = counts.map { row -> [Double] in
      let total = max(row.reduce(0, +), 1)
      return row.map { Double($0) / Double(total) }
    }
    return HeatMap(
      title: "Confusion matrix", columnTitle: "predicted", rowTitle: "true", columns: classNames,
      rows: classNames, values: shares,
      labels: counts.map { $0.map { $0 == 0 ? "" : Units.grouped($0) } })
  }

  /// The picture.
  public func svg() -> String {
    let longest = Double(rows.map(\.count).max() ?? 1)
    let cell = 46.0
    let left = 46 + max(longest * 7.2, 24)
    let top = 84.0
    let width = left + cell * Double(columns.count) + 20
    let height = top + cell * Double(rows.count) + 20
    var canvas = SVGCanvas(width: max(width, 260), height: height)
    canvas.text(title, x: max(width, 260) / 2, y: 22, size: 15)
    canvas.text(columnTitle, x: left + cell * Double(columns.count) / 2, y: 44, size: 13)
    canvas.text(
      rowTitle, x: 16, y: top + cell * Double(rows.count) / 2, size: 13, rotated: true)
    let finite = values.flatMap { $0 }.filter(\.isFinite)
    let low = min(finite.min() ?? 0, 0)
    let high = max(finite.max() ?? 1, low + 1e-9)
    for (column, name) in columns.enumerated() {
      canvas.text(
        name.count > 8 ? "\(name.prefix(7))…" : name, x: left + cell * (Double(column) + 0.5),
        y: top - 8, size: 11)
    }
    for (row, name) in rows.enumerated() {
      let y = top + cell * Double(row)
      canvas.text(name, x: left - 8, y: y + cell / 2 + 4, anchor: "end", size: 11)
      for column in columns.indices {
        let share = (values[row][column] - low) / (high - low)
        let x = left + cell * Double(column)
        canvas.rectangle(
          x: x + 1, y: y + 1, width: cell - 2, height: cell - 2,
          color: HeatMap.color(share),
          hover: "\(name), \(columns[column]): \(Units.significant(values[row][column], digits: 3))"
        )
        canvas.text(
          labels[row][column], x: x + cell / 2, y: y + cell / 2 + 4, size: 11,
          color: share > 0.55 ? "#fff" : "#222")
      }
    }
    return canvas.document(title: title)
  }

  /// From near white to dark blue.
  private static func color(_ share: Double) -> String {
    let clamped = share.isFinite ? min(max(share, 0), 1) : 0
    func channel(_ from: Double, _ to: Double) -> Int { Int(from + (to - from) * clamped) }
    return "rgb(\(channel(240, 8)),\(channel(244, 64)),\(channel(250, 129)))"
  }
}
