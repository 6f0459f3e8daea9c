import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct CSVTests {
  @Test func wordsBecomeClassesInAlphabeticalOrder() throws {
    let flowers = try DatasetLoader.load(fixture("flowers.csv")).training()
    #expect(flowers.kind == .csv)
    #expect(flowers.classNames == ["setosa", "versi\"color", "virginica"])
    #expect(flowers.labels == [0, 2, 1, 0])
    #expect(flowers.inputShape == [3])
    #expect(try flowers.batch([1]).inputs.elements == [1.5, -1, 0.001])
    #expect(flowers.suggestedScaling == nil)
  }

  @Test func aColumnIsNamedOrCounted() throws {
    var options = DatasetOptions()
    options.labelName = "width"
    let path = fixture("semicolons.csv")
    #expect(
      message { try DatasetLoader.load(path, options: options) }
        == "\(path): no column 'width', it has no header")
    #expect(
      message { try DatasetLoader.load(path) }
        == "\(path): which of the 3 columns is the label? name it with --label NAME, or --label INDEX from 0"
    )
    options.labelName = "1"
    let dataset = try DatasetLoader.load(path, options: options).training()
    #expect(dataset.labels == [0, 2, 4])
    #expect(try dataset.batch(0..<3).inputs.elements == [5, 1, 7, 3, 6, 255])
    options.labelName = "-1"
    #expect(try DatasetLoader.load(path, options: options).training().labels == [1, 3, 255])
    options.labelName = "3"
    #expect(
      message { try DatasetLoader.load(path, options: options) }
        == "\(path): no column 3, there are 3, counted from 0")
  }

  @Test func tablesOfPixelsStayBytes() throws {
    var options = DatasetOptions()
    options.labelName = "0"
    let dataset = try DatasetLoader.load(fixture("pixels.csv"), options: options).training()
    #expect(dataset.scalarType == .uint8)
    #expect(dataset.inputShape == [72])
    #expect(dataset.suggestedScaling == .bytesToUnit)
    #expect(
      try dataset.batch([2]).inputs.elements.prefix(24) == formula(3)[48...].map(Float.init)[...])
  }

  static let texts: [(String, String?, String)] = [
    ("a,b\n1,2\n3\n", "a", "line 3: expected 2 fields, found 1"),
    ("a,b\n1,2\n3,x\n", "a", "line 3, column 2 'b': expected a finite number, found 'x'"),
    ("a,b\n1,2\n3,\n", "a", "line 3, column 2 'b': expected a finite number, found an empty field"),
    ("a,b\n1,2\n3,nan\n", "a", "line 3, column 2 'b': expected a finite number, found 'nan'"),
    ("a,b\n1,0x10\n", "a", "line 2, column 2 'b': expected a finite number, found '0x10'"),
    ("a,b\n1,\"2\n", "a", "line 2: expected a closing quote, found the end of the file"),
    (
      "a,b\n1,\"2\"3\n", "a",
      "line 2, column 2: expected a delimiter after a quoted field, found '3'"
    ),
    ("a,b\n-1,2\n", "a", "label column: label -1 at example 0, expected 0 to 999999"),
    ("a,b\n1,2\n", "c", "no column 'c', it has: a, b"),
    (
      "label,\n", nil,
      "which of the 2 columns is the label? name it with --label NAME, or --label INDEX from 0"
    ),
  ]

  @Test(arguments: texts)
  func complaintsNameLineAndColumn(text: String, label: String?, expected: String) throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(["x.csv": Array(text.utf8)], to: folder)
      let path = folder.appendingPathComponent("x.csv").path
      var options = DatasetOptions()
      options.labelName = label
      let found = message { try DatasetLoader.load(path, options: options) }
      #expect(found == "\(path): \(expected)" || found == "\(path)" + ": " + expected)
    }
  }

  @Test func quotedFieldsMayHoldLineBreaksAndLinesMayEndAnyWay() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      let text = "x,\"y\nz\",label\r\n1,2,\"a,\r\nb\"\r\n\r\n 3 ,\"4\",\"c\"\"d\""
      try write(["x.csv": Array(text.utf8)], to: folder)
      let dataset = try DatasetLoader.load(folder.appendingPathComponent("x.csv").path).training()
      #expect(dataset.classNames == ["a,\r\nb", "c\"d"])
      #expect(try dataset.batch(0..<2).inputs.elements == [1, 2, 3, 4])
    }
  }

  @Test func aRecordAcrossReadsIsPutTogether() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      // Longer than the reader's steps of 1 MiB.
      var text = "label,x,y\n"
      for row in 0..<150_000 { text += "\(row % 7),\(row),\(Double(row) / 8)\n" }
      try write(["x.csv": Array(text.utf8)], to: folder)
      let dataset = try DatasetLoader.load(folder.appendingPathComponent("x.csv").path).training()
      #expect(dataset.count == 150_000)
      #expect(try dataset.batch([123_457]).inputs.elements == [123_457, 123_457 / 8])
      #expect(dataset.label(at: 123_457) == 123_457 % 7)
    }
  }

  @Test func fractionsAreTargets() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(["x.csv": Array("a,target\n1,0.5\n2,1\n".utf8)], to: folder)
      let dataset = try DatasetLoader.load(folder.appendingPathComponent("x.csv").path).training()
      #expect(dataset.labels == nil)
      #expect(dataset.targetShape == [1])
      #expect(try dataset.batch([1, 0]).targets == Tensor(shape: [2, 1], elements: [1, 0.5]))
    }
  }

  @Test func numbersAreRoundedCorrectly() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      var generator = SeededGenerator(seed: 6)
      var values: [Float] = [
        0.1, .leastNonzeroMagnitude, 3.4028235e38, 16_777_216, 123456.789, 1e22,
      ]
      for _ in 0..<500 {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
        if value.isFinite { values.append(value) }
      }
      let text = values.map(\.description).joined(separator: "\n") + "\n"
      try write(["x.csv": Array(("v,w\n" + text.replacing("\n", with: ",0\n")).utf8)], to: folder)
      let table = try CSVTable(path: folder.appendingPathComponent("x.csv").path)
      #expect(table.columnNames == ["v", "w"])
      #expect(
        stride(from: 0, to: table.values.count, by: 2).map { table.values.elements[$0] } == values)
    }
  }

  @Test func writtenTextIsQuotedWhereItMustBe() {
    #expect(
      CSVTable.text(header: ["a", "b,c"], rows: [["1", "x\"y"], ["2", "z"]])
        == "a,\"b,c\"\n1,\"x\"\"y\"\n2,z\n")
  }
}
