/// A value together with its place, for readers whose every complaint must name the place.
public struct JSONCursor: Sendable, Hashable {
  /// The value.
  public let value: JSONValue
  /// Its place in the document.
  public let path: JSONPath

  /// Makes a cursor.
  public init(_ value: JSONValue, at path: JSONPath = JSONPath()) {
    self.value = value
    self.path = path
  }

  /// The member under a key, or nil if there is none or it is `null`.
  ///
  /// - Throws: ``JSONMismatch`` if this is no object.
  public func optional(_ key: String) throws(JSONMismatch) -> JSONCursor? {
    guard let member = try object()[key], !member.isNull else { return nil }
    return JSONCursor(member, at: path[key])
  }

  /// The member under a key.
  ///
  /// - Throws: ``JSONMismatch`` if it is missing or this is no object.
  public func member(_ key: String) throws(JSONMismatch) -> JSONCursor {
    guard let member = try object()[key] else {
      throw JSONMismatch(path: path[key], expected: "a value", found: "nothing")
    }
    return JSONCursor(member, at: path[key])
  }

  /// The elements of an array.
  ///
  /// - Throws: ``JSONMismatch`` if this is no array.
  public func elements() throws(JSONMismatch) -> [JSONCursor] {
    guard let array = value.array else { throw mismatch("an array") }
    return array.enumerated().map { JSONCursor($1, at: path[$0]) }
  }

  /// The object.
  ///
  /// - Throws: ``JSONMismatch`` if this is something else.
  public func object() throws(JSONMismatch) -> JSONObject {
    guard let object = value.object else { throw mismatch("an object") }
    return object
  }

  /// The integer, inside `range`.
  ///
  /// - Throws: ``JSONMismatch`` if this is something else or outside of the range.
  public func int(
    in range: ClosedRange<Int> = Int.min...Int.max
  ) throws(JSONMismatch) -> Int {
    guard let int = value.int else { throw mismatch("an integer") }
    guard range.contains(int) else {
      let upper = range.upperBound
      throw JSONMismatch(
        path: path,
        expected: upper == .max
          ? "at least \(range.lowerBound)" : "an integer from \(range.lowerBound) to \(upper)",
        found: String(int))
    }
    return int
  }

  /// The number, which must be finite.
  ///
  /// - Throws: ``JSONMismatch`` if this is something else, NaN or infinite.
  public func double() throws(JSONMismatch) -> Double {
    guard let double = value.double else { throw mismatch("a number") }
    guard double.isFinite else {
      throw JSONMismatch(path: path, expected: "a finite number", found: value.description)
    }
    return double
  }

  /// The string.
  ///
  /// - Throws: ``JSONMismatch`` if this is something else.
  public func string() throws(JSONMismatch) -> String {
    guard let string = value.string else { throw mismatch("a string") }
    return string
  }

  /// The Boolean.
  ///
  /// - Throws: ``JSONMismatch`` if this is something else.
  public func bool() throws(JSONMismatch) -> Bool {
    guard let bool = value.bool else { throw mismatch("a boolean") }
    return bool
  }

  /// Refuses members whose key is not in `known`.
  ///
  /// - Throws: ``JSONMismatch`` that names the first unknown key.
  public func refuseKeys(otherThan known: Set<String>) throws(JSONMismatch) {
    for key in try object().keys where !known.contains(key) {
      throw JSONMismatch(
        path: path[key], expected: "one of the keys " + known.sorted().joined(separator: ", "),
        found: JSONValue.quoted(key))
    }
  }

  private func mismatch(_ expected: String) -> JSONMismatch {
    JSONMismatch(path: path, expected: expected, found: value.kind)
  }
}
