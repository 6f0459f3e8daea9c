/// The members of a JSON object, in the order in which they were added; keys are distinct.
public struct JSONObject: Sendable {
  private var members: [Member] = []
  /// Positions by key, kept only above `linearLimit` members: small objects are searched.
  private var positions: [String: Int] = [:]

  private struct Member: Sendable {
    var key: String
    var value: JSONValue
  }

  private static let linearLimit = 12

  /// Makes an empty object.
  public init() {}

  /// Makes an object from members; the keys must be distinct.
  public init(_ members: some Sequence<(String, JSONValue)>) {
    for (key, value) in members {
      precondition(append(key, value), "key \"\(key)\" occurs twice")
    }
  }

  /// The keys, in order.
  public var keys: [String] { members.map(\.key) }

  /// The values, in the order of the keys.
  public var values: [JSONValue] { members.map(\.value) }

  /// The value under a key; setting nil removes it, a new key goes last.
  public subscript(key: String) -> JSONValue? {
    get { position(of: key).map { members[$0].value } }
    set {
      guard let newValue else {
        remove(key)
        return
      }
      if let position = position(of: key) {
        members[position].value = newValue
      } else {
        insert(key, newValue)
      }
    }
  }

  /// Whether the key is there, even with the value `null`.
  public func contains(_ key: String) -> Bool { position(of: key) != nil }

  /// Adds a member at the end; false, and no change, if the key is there already.
  public mutating func append(_ key: String, _ value: JSONValue) -> Bool {
    guard position(of: key) == nil else { return false }
    insert(key, value)
    return true
  }

  /// The same members with the keys in ascending order of their Unicode scalars.
  public func sorted() -> JSONObject {
    let ordered = members.sorted {
      $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars)
    }
    return JSONObject(ordered.map { ($0.key, $0.value) })
  }

  private func position(of key: String) -> Int? {
    if members.count > JSONObject.linearLimit { return positions[key] }
    return members.firstIndex { $0.key == key }
  }

  private mutating func insert(_ key: String, _ value: JSONValue) {
    members.append(Member(key: key, value: value))
    if members.count > JSONObject.linearLimit + 1 {
      positions[key] = members.count - 1
    } else if members.count == JSONObject.linearLimit + 1 {
      index()
    }
  }

  private mutating func remove(_ key: String) {
    guard let position = position(of: key) else { return }
    members.remove(at: position)
    index()
  }

  private mutating func index() {
    positions.removeAll()
    guard members.count > JSONObject.linearLimit else { return }
    for (position, member) in members.enumerated() { positions[member.key] = position }
  }
}

extension JSONObject: RandomAccessCollection {
  /// The position of the first member.
  public var startIndex: Int { 0 }
  /// The number of members.
  public var endIndex: Int { members.count }
  /// The member at a position.
  public subscript(position: Int) -> (key: String, value: JSONValue) {
    (members[position].key, members[position].value)
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Makes an object from a literal; the keys must be distinct.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONObject: Hashable {
  /// Whether both hold the same values under the same keys, in any order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard left.count == right.count else { return false }
    return left.allSatisfy { right[$0.key] == $0.value }
  }

  /// Feeds the members to a hasher, independent of their order.
  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for member in members {
      var inner = Hasher()
      inner.combine(member.key)
      inner.combine(member.value)
      sum &+= inner.finalize()
    }
    hasher.combine(sum)
  }
}
