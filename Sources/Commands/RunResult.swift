import Datasets
import Foundation
import JSON
import Pipelines
import Reports

/// One result as it was written by another command, and what a page shows of it.
struct RunResult {
  private enum Content {
    case sweep(SweepRecord)
    case history([JSONObject])
    case values(JSONObject)
    case table(Table)
    case svg(String)
    case png([UInt8])
    case text(Markdown)
  }

  private let path: String
  private let content: Content
  /// The largest result that is read, in bytes.
  private static let limit = 256 << 20

  /// Reads a result; its kind follows the name's end and, for JSON, the content.
  /// - Throws: `CommandFailure` that names the file and what is read.
  init(reading path: String) throws {
    self.path = path
    let kind = (path as NSString).pathExtension.lowercased()
    if kind == "csv" {
      content = .table(try RunResult.table(path))
      return
    }
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw CommandFailure("\(path): it cannot be opened")
    }
    let data: Data
    do { data = try file.read(upToCount: RunResult.limit + 1) ?? Data() } catch {
      throw CommandFailure("\(path): it cannot be read")
    }
    guard data.count <= RunResult.limit else {
      throw CommandFailure("\(path): more than \(Units.bytes(RunResult.limit)) are not read")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    switch kind {
    case "json": content = try RunResult.json([UInt8](data), path)
    case "svg": content = .svg(String(decoding: data, as: UTF8.self))
    case "png": content = .png([UInt8](data))
    case "md":
      content = .text(
        Markdown(String(decoding: data, as: UTF8.self)) { target, words in
          RunResult.embedded(target, in: folder, words: words)
        })
    default:
      throw CommandFailure.usage("\(path): expected a .json, .csv, .svg, .png or .md file")
    }
  }

  private static func json(_ bytes: [UInt8], _ path: String) throws -> Content {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch { throw CommandFailure("\(path): \(error)") }
    if value["format"]?.string == SweepRecord.format {
      return .sweep(try SweepRecord(value, place: path))
    }
    if let epochs = value["epochs"]?.array { return .history(epochs.compactMap(\.object)) }
    guard let object = value.object else {
      throw CommandFailure("\(path): expected an object, found \(value.kind)")
    }
    return .values(object)
  }

  private static func table(_ path: String) throws -> Table {
    let rows = try CSVText.rows(of: path, limit: limit)
    guard let header = rows.first, rows.allSatisfy({ $0.count == header.count }) else {
      throw CommandFailure("\(path): expected lines of equally many fields")
    }
    return Table(
      columns: header.map { Table.Column($0, key: $0) },
      rows: rows.dropFirst().map { row in
        row.map { field in
          if field.isEmpty { return Cell.missing }
          if let count = Int(field) { return .integer(count) }
          return Double(field).map { .number($0, digits: 5) } ?? .text(field)
        }
      })
  }

  /// A picture beside a text, as HTML; nil where it is not to be had or lies elsewhere.
  private static func embedded(_ target: String, in folder: URL, words: String) -> String? {
    guard !target.contains("://"), !target.hasPrefix("/") else { return nil }
    let file = folder.appendingPathComponent(target)
    guard let data = try? Data(contentsOf: file), data.count <= 16 << 20 else { return nil }
    switch file.pathExtension.lowercased() {
    case "svg":
      return figure(String(decoding: data, as: UTF8.self), words)
    case "png":
      let source = "data:image/png;base64,\(data.base64EncodedString())"
      return figure("<img alt=\"\" src=\"\(source)\">", words)
    default: return nil
    }
  }

  private static func figure(_ inner: String, _ words: String) -> String {
    HTMLPage.figure(inner, caption: words)
  }

  /// The sweep, if it is one.
  var sweep: SweepRecord? {
    if case .sweep(let record) = content { record } else { nil }
  }

  /// A title of its own.
  var title: String? {
    if case .text(let text) = content { text.title } else { nil }
  }

  /// What a page shows; a heading names the file among several.
  func blocks(isOnly: Bool) -> [HTMLPage.Block] {
    let name = (path as NSString).lastPathComponent
    let heading: [HTMLPage.Block] = isOnly ? [] : [.heading(name)]
    switch content {
    case .sweep(let record): return heading + RunResult.blocks(record)
    case .history(let epochs): return heading + RunResult.blocks(epochs)
    case .values(let object): return heading + RunResult.blocks(object)
    case .table(let table): return heading + [.table(table)]
    case .svg(let svg): return [.picture(svg: svg, caption: name)]
    case .png(let bytes):
      let source = "data:image/png;base64,\(Data(bytes).base64EncodedString())"
      return [.fragment(RunResult.figure("<img alt=\"\" src=\"\(source)\">", name))]
    case .text(let text): return [.fragment(text.html)]
    }
  }

  private static func blocks(_ record: SweepRecord) -> [HTMLPage.Block] {
    let report = SweepReport([record])
    var rows: [[Cell]] = []
    for (name, value) in record.header where name != "class_names" {
      rows.append([.text(name), .text(words(value))])
    }
    return report.standardPlots().map { .picture(svg: $0.svg, caption: $0.caption) }
      + [
        .table(report.table().droppingEmptyColumns()),
        .heading("How it was measured"),
        .table(Table(columns: [Table.Column("what"), Table.Column("value")], rows: rows)),
      ]
  }

  private static func blocks(_ epochs: [JSONObject]) -> [HTMLPage.Block] {
    var names: [String] = []
    for epoch in epochs {
      for name in epoch.keys where !names.contains(name) { names.append(name) }
    }
    func series(_ name: String, _ title: String) -> LinePlot.Series {
      .init(
        name: title,
        points: epochs.compactMap { epoch in
          guard let x = epoch["epoch"]?.double, let y = epoch[name]?.double else { return nil }
          return .init(x: x, y: y)
        })
    }
    let loss = LinePlot(
      title: "Loss while training", xTitle: "epoch", yTitle: "mean loss",
      series: [series("loss", "training"), series("validation_loss", "held out")]
        .filter { !$0.points.isEmpty })
    let table = Table(
      columns: names.map { Table.Column($0.replacing("_", with: " "), key: $0) },
      rows: epochs.map { epoch in names.map { cell(epoch[$0] ?? .null) } })
    return [
      .picture(svg: loss.svg(), caption: "Loss while training"),
      .table(table.droppingEmptyColumns()),
    ]
  }

  /// Any other result: lists of objects as tables, single values as one.
  private static func blocks(_ object: JSONObject) -> [HTMLPage.Block] {
    var blocks: [HTMLPage.Block] = []
    var single: [[Cell]] = []
    for (name, value) in object where name != "version" {
      if let matrix = value.array?.compactMap(\.ints), name == "confusion", !matrix.isEmpty {
        let known = object["classes"]?.array?.compactMap { $0["class"]?.string } ?? []
        let names = known.count == matrix.count ? known : matrix.indices.map(String.init)
        blocks.append(
          .picture(
            svg: HeatMap.confusion(matrix, classNames: names).svg(), caption: "Confusion matrix"))
      } else if let rows = value.array?.compactMap(\.object), !rows.isEmpty {
        let keys = rows[0].keys
        blocks.append(.heading(name.replacing("_", with: " ")))
        blocks.append(
          .table(
            Table(
              columns: keys.map { Table.Column($0.replacing("_", with: " "), key: $0) },
              rows: rows.map { row in keys.map { cell(row[$0] ?? .null) } }
            ).droppingEmptyColumns()))
      } else {
        single.append([.text(name.replacing("_", with: " ")), .text(words(value))])
      }
    }
    let values = Table(columns: [Table.Column("what"), Table.Column("value")], rows: single)
    return [.table(values)] + blocks
  }

  private static func cell(_ value: JSONValue) -> Cell {
    switch value {
    case .null: .missing
    case .integer(let count): .integer(count)
    case .number(let number): .number(number, digits: 4)
    case .string(let text): .text(text)
    default: .text(words(value))
    }
  }

  private static func words(_ value: JSONValue) -> String {
    switch value {
    case .null: "–"
    case .string(let text): text
    case .array(let items): items.map(words).joined(separator: ", ")
    case .object(let object):
      object.map { "\($0.key): \(words($0.value))" }.joined(separator: "; ")
    case .integer(let count): Units.grouped(count)
    default: value.serialized()
    }
  }
}
