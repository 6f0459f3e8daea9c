import JSON
import Reports
import Testing

@Suite struct TableTests {
  let table = Table(
    columns: [Table.Column("layer"), Table.Column("parameters"), Table.Column("error", key: "e")],
    rows: [
      [.text("a"), .integer(1234), .missing], [.text("b,\"c\""), .integer(5), .number(0.12345)],
    ],
    footer: [[.text("total"), .integer(1239), .text("")]])

  @Test func numbersLineUpOnTheRight() {
    #expect(
      table.aligned() == """
        layer  parameters  error
        ────────────────────────
        a           1,234      –
        b,"c"           5  0.123
        ────────────────────────
        total       1,239
        """)
  }

  @Test func csvHoldsRawValuesAndQuotes() {
    #expect(table.csv() == "layer,parameters,e\na,1234,\n\"b,\"\"c\"\"\",5,0.12345")
  }

  @Test func jsonHasNullForTheUnknown() {
    #expect(
      table.jsonRows.serialized()
        == "[{\"layer\":\"a\",\"parameters\":1234,\"e\":null},"
        + "{\"layer\":\"b,\\\"c\\\"\",\"parameters\":5,\"e\":0.12345}]")
  }

  @Test func aNameOutOfAFileStaysOnItsLine() {
    let table = Table(columns: [Table.Column("x")], rows: [[.text("a\nb\u{1B}[2J")]])
    #expect(table.aligned() == "x\n───────\na?b?[2J")
    #expect(table.csv() == "x\na?b?[2J")
    #expect(table.markdown().hasSuffix("\n| a?b?[2J |"))
  }

  @Test func markdownEscapesBars() {
    let table = Table(columns: [Table.Column("x")], rows: [[.text("a|b")]])
    #expect(table.markdown() == "| x |\n| :-- |\n| a\\|b |")
  }

  @Test func emptyColumnsCanBeDropped() {
    let table = Table(
      columns: [Table.Column("x"), Table.Column("y")], rows: [[.text("a"), .missing]])
    #expect(table.droppingEmptyColumns().columns == [Table.Column("x")])
  }
}
