public import JSON
import Messages

/// One value of a table: it is printed for people and written raw for programs.
public enum Cell: Sendable, Hashable {
  /// A word or a path.
  case text(String)
  /// A count, grouped by thousands for people.
  case integer(Int)
  /// A number with a fixed count of significant digits for people.
  case number(Double, digits: Int = 3)
  /// A share between 0 and 1, printed as per cent with a fixed count of decimals.
  case share(Double, decimals: Int = 1)
  /// A size, printed with binary units.
  case bytes(Int)
  /// Something unknown or without meaning here.
  case missing

  /// What people read, on one line.
  public var printed: String {
    switch self {
    case .text(let text): text.withoutControls()
    case .integer(let count): Units.grouped(count)
    case .number(let value, let digits): Units.significant(value, digits: digits)
    case .share(let share, let decimals): Units.percent(share, decimals: decimals)
    case .bytes(let count): Units.bytes(count)
    case .missing: "–"
    }
  }

  /// What programs read; unknown values are null.
  public var json: JSONValue {
    switch self {
    case .text(let text): .string(text)
    case .integer(let count), .bytes(let count): .integer(count)
    case .number(let value, _), .share(let value, _): .number(value)
    case .missing: .null
    }
  }

  /// What a CSV file holds: raw numbers, empty where unknown.
  var csv: String {
    switch self {
    case .text(let text): text.withoutControls()
    case .integer(let count), .bytes(let count): String(count)
    case .number(let value, _), .share(let value, _): value.isFinite ? "\(value)" : ""
    case .missing: ""
    }
  }

  /// Whether the value lines up on the right.
  var isNumeric: Bool {
    if case .text = self { return false }
    return true
  }
}
