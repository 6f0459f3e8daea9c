public import JSON
import Messages

/// The settings of one kind of layer, without its weights.
public protocol LayerConfiguration: Sendable {
  /// Writes the settings under the container's names; absent keys take the documented default.
  var attributes: JSONObject { get }
  /// Reads the settings.
  /// - Throws: `AttributeError` naming the key, what was expected and what was found.
  init(_ reader: borrowing AttributeReader) throws(AttributeError)
}

/// A layer's attribute is missing or of another type than its kind asks for.
public struct AttributeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The attribute's name.
  public let key: String
  /// What was expected.
  public let expected: String
  /// What was found.
  public let found: String

  /// States both sides.
  public init(key: String, expected: String, found: String) {
    self.key = key
    self.expected = expected
    self.found = found
  }

  /// `units: expected an integer from 1, found "x"`.
  public var description: String {
    "\(key): expected \(expected), found \(found)".oneLine()
  }
}

/// Typed, range-checked access to a layer's attributes.
public struct AttributeReader: Sendable {
  /// The attributes.
  public let object: JSONObject

  /// Reads from an object.
  public init(_ object: JSONObject) { self.object = object }

  private func failure(_ key: String, _ expected: String) -> AttributeError {
    let found = object[key].map { String($0.description.prefix(60)) } ?? "nothing"
    return AttributeError(key: key, expected: expected, found: found)
  }

  /// An integer in `range`; `fallback` where the key is absent or null.
  public func integer(
    _ key: String, in range: ClosedRange<Int> = 1...Int(Int32.max), default fallback: Int? = nil
  ) throws(AttributeError) -> Int {
    let value = object[key] ?? .null
    if value == .null, let fallback { return fallback }
    guard let number = value.int, range.contains(number) else {
      throw failure(key, "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A finite number.
  public func number(_ key: String, default fallback: Double? = nil) throws(AttributeError)
    -> Double
  {
    let value = object[key] ?? .null
    if value == .null, let fallback { return fallback }
    guard let number = value.double, number.isFinite else { throw failure(key, "a finite number") }
    return number
  }

  /// A finite number, or nil where the key is absent or null.
  public func optionalNumber(_ key: String) throws(AttributeError) -> Double? {
    (object[key] ?? .null) == .null ? nil : try number(key)
  }

  /// A Boolean.
  public func boolean(_ key: String, default fallback: Bool) throws(AttributeError) -> Bool {
    let value = object[key] ?? .null
    if value == .null { return fallback }
    guard let flag = value.bool else { throw failure(key, "true or false") }
    return flag
  }

  /// A string.
  public func string(_ key: String, default fallback: String? = nil) throws(AttributeError)
    -> String
  {
    let value = object[key] ?? .null
    if value == .null, let fallback { return fallback }
    guard let text = value.string else { throw failure(key, "a string") }
    return text
  }

  /// One of a closed set of words.
  public func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, default fallback: Choice? = nil
  ) throws(AttributeError) -> Choice where Choice.RawValue == String {
    if (object[key] ?? .null) == .null, let fallback { return fallback }
    guard let choice = object[key]?.string.flatMap(Choice.init(rawValue:)) else {
      throw failure(key, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  /// A list of integers in `range`, of `count` entries where that is given.
  public func integers(
    _ key: String, count: Int? = nil, in range: ClosedRange<Int> = 1...Int(Int32.max),
    default fallback: [Int]? = nil
  ) throws(AttributeError) -> [Int] {
    let value = object[key] ?? .null
    if value == .null, let fallback { return fallback }
    let numbers = value.array?.compactMap(\.int)
    guard let numbers, numbers.count == value.array?.count, numbers.count == count ?? numbers.count,
      numbers.allSatisfy(range.contains)
    else {
      let size = count.map { "\($0) " } ?? ""
      throw failure(key, "a list of \(size)integers from \(range.lowerBound)")
    }
    return numbers
  }

  /// A list of integers or nulls.
  public func optionalIntegers(_ key: String) throws(AttributeError) -> [Int?] {
    guard let array = object[key]?.array else { throw failure(key, "a list of integers or null") }
    var result: [Int?] = []
    for entry in array {
      if entry == .null {
        result.append(nil)
      } else if let number = entry.int, number >= 0, number <= Int(Int32.max) {
        result.append(number)
      } else {
        throw failure(key, "a list of integers or null")
      }
    }
    return result
  }

  /// A list of finite numbers; one number counts as a list of one.
  public func numbers(_ key: String, default fallback: [Double]? = nil) throws(AttributeError)
    -> [Double]
  {
    let value = object[key] ?? .null
    if value == .null, let fallback { return fallback }
    if let one = value.double, one.isFinite { return [one] }
    let numbers = value.array?.compactMap(\.double)
    guard let numbers, numbers.count == value.array?.count, numbers.allSatisfy(\.isFinite) else {
      throw failure(key, "a list of finite numbers")
    }
    return numbers
  }

  /// A JSON object.
  public func dictionary(_ key: String, default fallback: JSONObject? = nil)
    throws(AttributeError) -> JSONObject
  {
    let value = object[key] ?? .null
    if value == .null, let fallback { return fallback }
    guard let dictionary = value.object else { throw failure(key, "an object") }
    return dictionary
  }
}

extension JSONValue {
  /// A list of integers as JSON.
  static func list(_ integers: [Int]) -> JSONValue { .array(integers.map { .integer($0) }) }
  /// A list of numbers as JSON.
  static func list(_ numbers: [Double]) -> JSONValue { .array(numbers.map { .number($0) }) }
}
