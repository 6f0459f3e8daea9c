import Messages
import Tensors

/// Tables with a label column.
enum CSVSource {
  private static let labelNames = ["label", "labels", "class", "target", "y", "species"]

  /// Reads a table; columns other than the label are the inputs, in order.
  ///
  /// Labels that are not numbers become classes in alphabetical order, whole numbers are classes,
  /// other numbers are targets. Tables of bytes (at least 64 columns, as of pixels) are stored so.
  static func read(
    path: String, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    // The numbers are held in memory, so a bomb must not go on for ever.
    let limit = max(4 * options.residentByteCount, 1 << 20)
    var reader = try CSVReader(path: path, limit: min(options.byteLimit, limit))
    let column = try labelColumn(of: reader, options: options)
    var inputs = CSVInputs()
    var labels: [String] = []
    while let record = try reader.next() {
      for field in record.fields.indices {
        if field == column {
          labels.append(record.text(field))
        } else {
          inputs.append(try reader.number(field, of: record))
        }
      }
    }
    let width = reader.columnCount - (column == nil ? 0 : 1)
    guard width > 0 else {
      throw DatasetError(
        .shape(expected: "a label and at least one input column", found: "1 column"), at: path)
    }
    var classNames: [String]?
    let supervision: Dataset.Supervision =
      column == nil ? .none : try supervision(of: labels, names: &classNames, path: path)
    let name = Folder.lastComponent(of: path)
    let lowercased = name.lowercased()
    let split: DatasetSplit =
      lowercased.contains("train") ? .train : lowercased.contains("test") ? .test : .all
    return [
      split: Dataset(
        name: name, kind: .csv, split: split,
        storage: inputs.samples(count: reader.rowCount, width: width),
        supervision: supervision, classNames: classNames)
    ]
  }

  private static func labelColumn(
    of reader: CSVReader, options: DatasetOptions
  ) throws(DatasetError) -> Int? {
    let count = reader.columnCount
    if let wanted = options.labelName {
      if let column = reader.columnNames?.firstIndex(of: wanted) { return column }
      if let index = Int(wanted) {
        let column = index < 0 ? count + index : index
        if (0..<count).contains(column) { return column }
        throw DatasetError(
          .missing("no column \(index), there are \(count), counted from 0"), at: reader.path)
      }
      let names = reader.columnNames?.prefix(12).map { $0.shortened() }.joined(separator: ", ")
      throw DatasetError(
        .missing("no column '\(wanted)', " + (names.map { "it has: \($0)" } ?? "it has no header")),
        at: reader.path)
    }
    if let names = reader.columnNames?.map({ $0.lowercased() }) {
      for name in labelNames {
        if let column = names.firstIndex(of: name) { return column }
      }
    }
    let record = reader.firstRecord
    let words = record.fields.indices.filter {
      DecimalNumber.parse(record.bytes, record.fields[$0]) == nil
    }
    if words.count == 1 { return words[0] }
    guard options.requiresLabels else { return nil }
    throw DatasetError(
      .missing(
        "which of the \(count) columns is the label? name it with --label NAME, "
          + "or --label INDEX from 0"), at: reader.path)
  }

  private static func supervision(
    of labels: [String], names: inout [String]?, path: String
  ) throws(DatasetError) -> Dataset.Supervision {
    let numbers = labels.map { text in
      let bytes = Array(text.utf8)
      return DecimalNumber.parse(bytes, 0..<bytes.count)
    }
    guard numbers.allSatisfy({ $0 != nil }) else {
      let classes = Set(labels).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      guard classes.count <= 10_000 else {
        throw DatasetError(
          .refused("the label column has \(classes.count) different words; is it the right one?"),
          at: path)
      }
      guard !classes.contains("") else {
        throw DatasetError(
          .text(expected: "a label", found: "an empty field"),
          at: "\(path): example \(labels.firstIndex(of: "") ?? 0)")
      }
      let positions = Dictionary(uniqueKeysWithValues: zip(classes, 0...))
      names = classes
      return .classes(labels.map { positions[$0] ?? 0 })
    }
    let values = numbers.map { Float($0 ?? 0) }
    let areWhole = values.allSatisfy { $0 == $0.rounded() && abs($0) < 1_000_000 }
    guard areWhole else { return .targets(Tensor(shape: [values.count, 1], elements: values)) }
    return .classes(
      try ArrayContent.classes(values, classCount: nil, place: "\(path): label column"))
  }
}

/// Collects numbers as bytes for as long as they are all whole and from 0 to 255.
struct CSVInputs {
  private var bytes: [UInt8] = []
  private var floats: [Float] = []
  private var areBytes = true

  mutating func append(_ value: Double) {
    if areBytes {
      if let byte = UInt8(exactly: value) {
        bytes.append(byte)
        return
      }
      areBytes = false
      floats = bytes.map(Float.init)
      bytes = []
    }
    floats.append(Float(value))
  }

  /// The samples; few columns, or small whole numbers only, are measurements and not pixels.
  func samples(count: Int, width: Int) -> ResidentSamples {
    if areBytes && width >= 64 && (bytes.max() ?? 0) > 1 {
      return ResidentSamples(
        count: count, rowShape: [width], scalarType: .uint8, content: bytes)
    }
    let values = areBytes ? bytes.map(Float.init) : floats
    return ResidentSamples(
      count: count, rowShape: [width], scalarType: .float32,
      content: ScalarCoding.encode(values, as: .float32))
  }
}
