extension JSONValue {
  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// The Boolean, or nil for any other kind.
  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The integer; also a number without fraction, such as `3.0`, that is exact as `Int`.
  public var int: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The number as Double, from an integer too.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The string, or nil for any other kind.
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The elements, or nil for any other kind.
  public var array: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The object, or nil for any other kind.
  public var object: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The integers of an array that holds nothing else.
  public var ints: [Int]? {
    guard let array else { return nil }
    let values = array.compactMap(\.int)
    return values.count == array.count ? values : nil
  }

  /// The strings of an array that holds nothing else.
  public var strings: [String]? {
    guard let array else { return nil }
    let values = array.compactMap(\.string)
    return values.count == array.count ? values : nil
  }

  /// The value under a key; nil if there is none or this is no object.
  ///
  /// Setting a key of anything but an object first makes it an empty object.
  public subscript(key: String) -> JSONValue? {
    get { object?[key] }
    set {
      var object = self.object ?? JSONObject()
      self = .null  // releases the old storage, so that the change happens in place
      object[key] = newValue
      self = .object(object)
    }
  }

  /// The element at a position; nil if there is none or this is no array.
  public subscript(index: Int) -> JSONValue? {
    guard case .array(let array) = self, array.indices.contains(index) else { return nil }
    return array[index]
  }
}
