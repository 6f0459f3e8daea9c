import Testing

@testable import CSource

/// Where kernels lie.
@Suite struct PanelOrderTests {
  /// The widths that the C file's `panel_width` gives one after another.
  private static func widths(_ columns: Int) -> [Int] {
    var widths: [Int] = []
    while widths.reduce(0, +) < columns {
      let left = columns - widths.reduce(0, +)
      widths.append([32, 16, 8, 4].first { $0 <= left } ?? left)
    }
    return widths
  }

  @Test(arguments: [1, 3, 4, 7, 8, 31, 32, 33, 60, 64, 95, 100, 131])
  func panelsLieInTheOrderInWhichCReadsThem(columns: Int) {
    for (rows, groups) in [(1, 1), (5, 1), (3, 2)] {
      let order = PanelOrder(rows: rows, columns: columns, groups: groups)
      var place = 0
      for group in 0..<groups {
        var start = 0
        for width in Self.widths(columns) {
          for row in 0..<rows {
            for column in start..<start + width {
              #expect(order.place((row * groups + group) * columns + column) == place)
              place += 1
            }
          }
          start += width
        }
      }
      #expect(place == rows * columns * groups)
    }
  }
}
