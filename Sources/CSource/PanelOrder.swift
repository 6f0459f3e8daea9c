/// Where an element of a kernel [rows × groups · columns] lies in panels.
///
/// Each group's columns are cut into panels of 32, 16, 8, 4 and a rest; a panel holds its rows one
/// after another.
struct PanelOrder {
  let rows: Int
  let columns: Int
  let groups: Int
  /// The columns in panels of 32.
  private let fullColumns: Int
  /// The first column and the width of each panel behind them.
  private let tail: [(start: Int, width: Int)]

  /// Cuts the columns of each of `groups` groups.
  init(rows: Int, columns: Int, groups: Int) {
    self.rows = rows
    self.columns = columns
    self.groups = groups
    fullColumns = columns / 32 * 32
    var tail: [(start: Int, width: Int)] = []
    var start = fullColumns
    while start < columns {
      let left = columns - start
      let width = [16, 8, 4].first { $0 <= left } ?? left
      tail.append((start, width))
      start += width
    }
    self.tail = tail
  }

  /// The place of the element at a row-major position of the kernel.
  func place(_ position: Int) -> Int {
    let row = position / (columns * groups)
    let column = position % (columns * groups)
    let own = column % columns
    let panel =
      own < fullColumns
      ? (start: own / 32 * 32, width: 32)
      : tail.last { $0.start <= own } ?? (start: 0, width: columns)
    return column / columns * rows * columns + panel.start * rows + row * panel.width
      + own - panel.start
  }
}
