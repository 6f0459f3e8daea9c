/// Reads the records of a CSV file one by one (RFC 4180), from a stream.
///
/// Quoted fields may hold delimiters, doubled quotes and line breaks. Blank lines are skipped. The
/// delimiter is the one of `,` `;` tab that is most frequent in the first line.
struct CSVRecords {
  /// The fields of one record, as ranges of its bytes.
  struct Record {
    var bytes: [UInt8]
    var fields: [Range<Int>]
    /// Positions in `fields` whose content still has doubled quotes.
    var escaped: Set<Int>
    /// The line on which the record begins, from 1.
    var line: Int

    /// A field as text.
    func text(_ field: Int) -> String {
      let text = String(decoding: bytes[fields[field]], as: UTF8.self)
      return escaped.contains(field) ? text.replacing("\"\"", with: "\"") : text
    }
  }

  private let stream: ByteStream
  private var buffer: [UInt8] = []
  private var position = 0
  private var line = 1
  private var hasEnded = false
  private var delimiter: UInt8 = UInt8(ascii: ",")
  private var isFirst = true

  private static let longestRecord = 16 << 20

  init(_ stream: ByteStream) { self.stream = stream }

  /// The next record, or nil at the end.
  mutating func next() throws(DatasetError) -> Record? {
    while true {
      guard let end = try recordEnd() else { return nil }
      let start = position
      let startLine = line
      position = min(end + 1, buffer.count)
      var bytes = Array(buffer[start..<end])
      line += 1 + bytes.count { $0 == 0x0A }
      if bytes.last == 0x0D { bytes.removeLast() }
      if isFirst {
        isFirst = false
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        delimiter = CSVRecords.delimiter(of: bytes)
      }
      if bytes.allSatisfy({ $0 == 0x20 }) { continue }
      return try fields(of: bytes, line: startLine)
    }
  }

  /// The position of the line feed that ends the record, or of the file's end.
  private mutating func recordEnd() throws(DatasetError) -> Int? {
    var index = position
    var isQuoted = false
    while true {
      while index < buffer.count {
        let byte = buffer[index]
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        if byte == 0x0A && !isQuoted { return index }
        index += 1
      }
      if hasEnded {
        guard position < buffer.count else { return nil }
        guard !isQuoted else {
          throw DatasetError(
            .text(expected: "a closing quote", found: "the end of the file"),
            at: "\(stream.path): line \(line)")
        }
        return buffer.count
      }
      guard index - position < CSVRecords.longestRecord else {
        throw DatasetError(
          .refused("a record of more than 16 MiB; is a quote not closed?"),
          at: "\(stream.path): line \(line)")
      }
      buffer.removeFirst(position)
      index -= position
      position = 0
      let more = try stream.read(upTo: 1 << 20)
      hasEnded = more.isEmpty
      buffer.append(contentsOf: more)
    }
  }

  private func fields(of bytes: [UInt8], line: Int) throws(DatasetError) -> Record {
    var record = Record(bytes: bytes, fields: [], escaped: [], line: line)
    var index = 0
    while true {
      if index < bytes.count && bytes[index] == UInt8(ascii: "\"") {
        let start = index + 1
        index = start
        while index < bytes.count {
          if bytes[index] == UInt8(ascii: "\"") {
            guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\"") else { break }
            record.escaped.insert(record.fields.count)
            index += 1
          }
          index += 1
        }
        record.fields.append(start..<index)
        index += 1
        guard index >= bytes.count || bytes[index] == delimiter else {
          throw DatasetError(
            .text(
              expected: "a delimiter after a quoted field",
              found: "'\(String(decoding: bytes[index...].prefix(1), as: UTF8.self))'"),
            at: "\(stream.path): line \(line), column \(record.fields.count)")
        }
      } else {
        let start = index
        while index < bytes.count && bytes[index] != delimiter { index += 1 }
        record.fields.append(CSVRecords.trimmed(start..<index, of: bytes))
      }
      guard index < bytes.count else { return record }
      index += 1
    }
  }

  private static func trimmed(_ range: Range<Int>, of bytes: [UInt8]) -> Range<Int> {
    var lower = range.lowerBound
    var upper = range.upperBound
    while lower < upper && bytes[lower] == 0x20 { lower += 1 }
    while lower < upper && bytes[upper - 1] == 0x20 { upper -= 1 }
    return lower..<upper
  }

  private static func delimiter(of line: [UInt8]) -> UInt8 {
    var counts: [UInt8: Int] = [:]
    var isQuoted = false
    for byte in line {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted { counts[byte, default: 0] += 1 }
    }
    let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09]
    return candidates.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? candidates[0]
  }
}
