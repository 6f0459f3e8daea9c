import JSON
import Tensors

/// Damage to bytes and to JSON, decided by a seeded generator alone.
struct Mutation {
  var generator: SeededGenerator

  /// A number from 0 up to and without `bound`, which is at least 1.
  mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }

  private mutating func oneOf<Element>(_ choices: [Element]) -> Element {
    choices[below(choices.count)]
  }

  // MARK: Bytes

  private static let bytes: [UInt8] = [
    0, 1, 2, 4, 7, 8, 15, 16, 31, 32, 64, 127, 128, 129, 200, 253, 254, 255,
  ]
  private static let words: [UInt64] = [
    0, 1, 2, 8, 255, 256, 65_535, 65_536, 1 << 20, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32,
    1 << 40, 1 << 62, 1 << 63 - 1, 1 << 63, .max - 1, .max,
  ]

  /// A few changes at random places, now and then to the length.
  mutating func damaged(_ whole: [UInt8], other: [UInt8]) -> [UInt8] {
    var bytes = whole
    for _ in 0...below(5) {
      guard !bytes.isEmpty else { break }
      let place = below(bytes.count)
      switch below(16) {
      case 0...4: bytes[place] ^= 1 << UInt8(below(8))
      case 5...7: bytes[place] = oneOf(Self.bytes)
      case 8...10: overwrite(&bytes, at: place)
      case 11:
        for index in place..<min(place + below(32), bytes.count) { bytes[index] = oneOf([0, 255]) }
      case 12:
        let source = below(bytes.count)
        let count = min(below(64), bytes.count - max(source, place))
        for index in 0..<count { bytes[place + index] = bytes[source + index] }
      case 13: bytes.removeSubrange(place..<min(place + 1 + below(16), bytes.count))
      case 14:
        guard !other.isEmpty else { break }
        let start = below(other.count)
        bytes.insert(contentsOf: other[start..<min(start + 1 + below(64), other.count)], at: place)
      default: if below(4) == 0 { bytes.removeSubrange(place...) }
      }
    }
    return bytes
  }

  /// Writes a number that readers may stumble over, little or big endian.
  private mutating func overwrite(_ bytes: inout [UInt8], at place: Int) {
    let width = oneOf([2, 4, 8])
    var word = oneOf(Self.words)
    if below(3) == 0 { word = UInt64(below(bytes.count + 64)) }
    let isLittle = below(4) > 0
    for index in 0..<width where place + index < bytes.count {
      let shift = 8 * (isLittle ? index : width - 1 - index)
      bytes[place + index] = UInt8(truncatingIfNeeded: word >> UInt64(shift))
    }
  }

  // MARK: JSON

  private static let integers = [
    0, 1, -1, 2, 3, -2, 7, 31, 33, 255, 65_536, 1 << 31 - 1, 1 << 31, -1 << 31, 1 << 53, Int.max,
    Int.min,
  ]
  private static let numbers = [0.0, -0.0, 0.5, -1.5, 1e-300, 1e300, .infinity, .nan, 2.0]
  private static let strings = [
    "", "x", "/", "..", "a/b", "same", "valid", "causal", "channels_first", "relu", "softmax",
    "hard_sigmoid", "Dense", "Conv2D", "Conv1D", "Flatten", "Reshape", "InputLayer", "Functional",
    "Sequential", "BatchNormalization", "Lambda", "keras.layers", "float16", "bfloat16", "\u{0}",
    "tucker-2", "low-rank", "dense",
  ]

  /// The document with one to three of its values replaced, exchanged, doubled or left out.
  mutating func damaged(_ document: JSONValue) -> JSONValue {
    var result = document
    for _ in 0...below(3) {
      var target = below(max(Self.count(result), 1))
      let donor = Self.value(below(max(Self.count(document), 1)), of: document)
      result = changed(result, &target, donor)
    }
    return result
  }

  private static func count(_ value: JSONValue) -> Int {
    switch value {
    case .array(let elements): elements.reduce(1) { $0 + count($1) }
    case .object(let object): object.reduce(1) { $0 + count($1.value) }
    default: 1
    }
  }

  /// The value of a number, counted from the outside in.
  private static func value(_ number: Int, of document: JSONValue) -> JSONValue {
    var left = number
    func find(_ value: JSONValue) -> JSONValue? {
      if left == 0 { return value }
      left -= 1
      switch value {
      case .array(let elements): for element in elements { if let it = find(element) { return it } }
      case .object(let object):
        for member in object { if let it = find(member.value) { return it } }
      default: break
      }
      return nil
    }
    return find(document) ?? .null
  }

  private mutating func changed(
    _ value: JSONValue, _ target: inout Int, _ donor: JSONValue
  ) -> JSONValue {
    defer { target -= 1 }
    if target == 0 { return replacement(for: value, donor) }
    guard target > 0 else { return value }
    switch value {
    case .array(let elements):
      var result: [JSONValue] = []
      for element in elements {
        target -= 1
        let isHit = target == 0
        target += 1
        let new = changed(element, &target, donor)
        switch isHit ? below(6) : 5 {
        case 0: continue
        case 1: result += [element, element]
        default: result.append(new)
        }
      }
      return .array(result)
    case .object(let object):
      var result = JSONObject()
      for (key, member) in object {
        target -= 1
        let isHit = target == 0
        target += 1
        let new = changed(member, &target, donor)
        if isHit && below(6) == 0 { continue }
        result[isHit && below(12) == 0 ? oneOf(Self.strings) : key] = new
      }
      return .object(result)
    default: return value
    }
  }

  private mutating func replacement(for value: JSONValue, _ donor: JSONValue) -> JSONValue {
    switch below(8) {
    case 0: return .null
    case 1: return .integer(oneOf(Self.integers))
    case 2: return .number(oneOf(Self.numbers))
    case 3: return .string(oneOf(Self.strings))
    case 4: return donor
    case 5: return below(2) == 0 ? .array([value]) : .array([])
    default: break
    }
    switch value {
    case .integer(let number): return .integer(number &+ oneOf([-1, 1, 2, -3]))
    case .number(let number): return .number(number * oneOf([-1, 0.5, 1e30]))
    case .string(let text): return .string(oneOf([text + "x", String(text.dropLast()), "_"]))
    case .bool(let isTrue): return .bool(!isTrue)
    case .array(let elements): return .array(elements.reversed())
    default: return donor
    }
  }
}
