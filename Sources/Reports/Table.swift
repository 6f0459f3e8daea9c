public import JSON

/// A titled grid of values, printable in several formats.
public struct Table: Sendable, Hashable {
  /// One column.
  public struct Column: Sendable, Hashable {
    /// What people read above it.
    public var title: String
    /// The key that programs read.
    public var key: String

    /// Names a column.
    public init(_ title: String, key: String? = nil) {
      self.title = title
      self.key = key ?? title.lowercased().map { $0 == " " ? "_" : $0 }.map(String.init).joined()
    }
  }

  /// The formats in which results are printed.
  public enum Format: String, Sendable, Hashable, CaseIterable {
    case table, markdown, json, csv
  }

  /// The columns.
  public var columns: [Column]
  /// The rows, one cell a column.
  public var rows: [[Cell]]
  /// Rows set apart at the end, such as totals.
  public var footer: [[Cell]]

  /// Makes a table.
  public init(columns: [Column], rows: [[Cell]] = [], footer: [[Cell]] = []) {
    self.columns = columns
    self.rows = rows
    self.footer = footer
  }

  /// The table without the columns in which every cell is missing.
  public func droppingEmptyColumns() -> Table {
    let kept = columns.indices.filter { index in
      (rows + footer).contains { $0[index] != .missing && $0[index] != .text("") }
    }
    return Table(
      columns: kept.map { columns[$0] }, rows: rows.map { row in kept.map { row[$0] } },
      footer: footer.map { row in kept.map { row[$0] } })
  }

  /// The rows as objects under the columns' keys.
  public var jsonRows: JSONValue {
    .array(
      rows.map { row in
        .object(JSONObject(zip(columns, row).map { ($0.key, $1.json) }))
      })
  }

  /// Aligned text with a rule under the titles and above the footer.
  public func aligned() -> String {
    let titles = columns.map(\.title)
    let printed = rows.map { $0.map(\.printed) }
    let printedFooter = footer.map { $0.map(\.printed) }
    let widths = columns.indices.map { index in
      ([titles] + printed + printedFooter).map { $0[index].count }.max() ?? 0
    }
    let numeric = columns.indices.map { index in
      rows.contains { $0[index].isNumeric && $0[index] != .missing }
        && rows.allSatisfy { $0[index].isNumeric }
    }
    func line(_ cells: [String]) -> String {
      var text = ""
      for index in cells.indices {
        let padding = String(repeating: " ", count: widths[index] - cells[index].count)
        text += (index == 0 ? "" : "  ") + (numeric[index] ? padding + cells[index] : cells[index])
        if !numeric[index], index < cells.count - 1 { text += padding }
      }
      while text.last == " " { text.removeLast() }
      return text
    }
    let rule = String(
      repeating: "─", count: widths.reduce(0, +) + 2 * max(widths.count - 1, 0))
    var lines = [line(titles), rule] + printed.map(line)
    if !footer.isEmpty { lines += [rule] + printedFooter.map(line) }
    return lines.joined(separator: "\n")
  }

  /// A Markdown table.
  public func markdown() -> String {
    func line(_ cells: [String]) -> String {
      "| "
        + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    let marks = columns.indices.map { index in
      rows.allSatisfy { $0[index].isNumeric } && !rows.isEmpty ? "--:" : ":--"
    }
    return
      ([line(columns.map(\.title)), line(marks)]
      + (rows + footer).map { line($0.map(\.printed)) }).joined(separator: "\n")
  }

  /// Comma-separated values with a header of keys; quotes are doubled.
  public func csv() -> String {
    func quoted(_ text: String) -> String {
      text.contains { ",\"\n\r".contains($0) }
        ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
    return
      ([columns.map { quoted($0.key) }] + rows.map { $0.map { quoted($0.csv) } })
      .map { $0.joined(separator: ",") }.joined(separator: "\n")
  }
}
