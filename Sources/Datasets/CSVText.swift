/// CSV files as text (RFC 4180), for tables that are shown and not learned from.
public enum CSVText {
  /// The records of a file of at most `limit` bytes, each with its fields.
  ///
  /// - Throws: an error that names the file and the line.
  public static func rows(of path: String, limit: Int) throws(DatasetError) -> [[String]] {
    var records = CSVRecords(try ByteStream(path: path, limit: limit))
    var rows: [[String]] = []
    while let record = try records.next() {
      rows.append(record.fields.indices.map { record.text($0) })
    }
    return rows
  }
}
