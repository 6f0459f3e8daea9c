import Messages
public import Tensors

/// A table of numbers in a text file.
public struct CSVTable: Sendable {
  /// The names of the columns, where the file has a header.
  public let columnNames: [String]?
  /// [rows × columns].
  public let values: Tensor

  /// Reads a table in which every field is a number, after an optional header.
  ///
  /// - Throws: ``DatasetError`` with line and column.
  public init(path: String, limit: Int = 8 << 30) throws(DatasetError) {
    var reader = try CSVReader(path: path, limit: limit)
    var elements: [Float] = []
    while let record = try reader.next() {
      for field in record.fields.indices {
        elements.append(Float(try reader.number(field, of: record)))
      }
    }
    columnNames = reader.columnNames
    values = Tensor(shape: [reader.rowCount, reader.columnCount], elements: elements)
  }

  /// Text for a table with a header; fields are quoted where they must be.
  public static func text(header: [String], rows: some Sequence<[String]>) -> String {
    var result = line(header)
    for row in rows { result += line(row) }
    return result
  }

  /// One line; fields are quoted where they must be.
  public static func line(_ fields: [String]) -> String {
    fields.map { field in
      let mustQuote = field.utf8.contains {
        $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D
          || $0 == UInt8(ascii: ";") || $0 == 0x09
      }
      return mustQuote ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
    }.joined(separator: ",") + "\n"
  }
}

/// Records of equal length after an optional header, with complaints that name line and column.
struct CSVReader {
  let path: String
  private(set) var columnNames: [String]?
  private(set) var columnCount = 0
  private(set) var rowCount = 0
  private var records: CSVRecords
  private var pending: [CSVRecords.Record] = []

  init(path: String, limit: Int) throws(DatasetError) {
    self.path = path
    records = CSVRecords(try ByteStream(path: path, limit: limit))
    guard let first = try records.next() else {
      throw DatasetError(.refused("no records"), at: path)
    }
    columnCount = first.fields.count
    let second = try records.next()
    // A header is a first record without numbers above one with numbers.
    if !CSVReader.hasNumber(first), let second, CSVReader.hasNumber(second) {
      let names = first.fields.indices.map(first.text)
      columnNames = names
      pending = [second]
    } else {
      pending = [first] + (second.map { [$0] } ?? [])
    }
  }

  /// The records that wait to be handed out first; they show what the columns hold.
  var firstRecord: CSVRecords.Record { pending[0] }

  mutating func next() throws(DatasetError) -> CSVRecords.Record? {
    let record = pending.isEmpty ? try records.next() : pending.removeFirst()
    guard let record else { return nil }
    guard record.fields.count == columnCount else {
      throw DatasetError(
        .text(expected: "\(columnCount) fields", found: "\(record.fields.count)"),
        at: "\(path): line \(record.line)")
    }
    rowCount += 1
    return record
  }

  /// The finite number in a field.
  func number(_ field: Int, of record: CSVRecords.Record) throws(DatasetError) -> Double {
    if let number = DecimalNumber.parse(record.bytes, record.fields[field]),
      Float(number).isFinite
    {
      return number
    }
    let text = record.text(field)
    let name = columnNames.map { " '\($0[field].shortened())'" } ?? ""
    throw DatasetError(
      .text(
        expected: "a finite number",
        found: text.isEmpty ? "an empty field" : "'\(text.shortened(to: 40))'"),
      at: "\(path): line \(record.line), column \(field + 1)\(name)")
  }

  static func hasNumber(_ record: CSVRecords.Record) -> Bool {
    record.fields.contains { DecimalNumber.parse(record.bytes, $0) != nil }
  }
}
