import JSON
import Tensors
import Testing

@Suite struct WritingTests {
  @Test func compactTextHasNoSpaces() {
    let value: JSONValue = ["b": [1, 2.0, nil], "a": ["x": true, "y": "é\n\u{1}\"\\"]]
    #expect(
      value.serialized() == #"{"b":[1,2.0,null],"a":{"x":true,"y":"é\n\u0001\"\\"}}"#)
    #expect(
      value.serialized(sortedKeys: true)
        == #"{"a":{"x":true,"y":"é\n\u0001\"\\"},"b":[1,2.0,null]}"#)
  }

  @Test func prettyTextKeepsScalarArraysOnOneLine() {
    let value: JSONValue = ["shape": [3, 3], "layers": [["name": "a"], []], "none": [:]]
    #expect(
      value.serialized(pretty: true) == """
        {
          "shape": [3, 3],
          "layers": [
            {
              "name": "a"
            },
            []
          ],
          "none": {}
        }
        """)
  }

  @Test func valuesThatAreNotFiniteAreNullUnlessAllowed() {
    let value = JSONValue.array([.number(.nan), .number(.infinity), .number(-.infinity)])
    #expect(value.serialized() == "[null,null,null]")
    #expect(value.serialized(allowsNonFinite: true) == "[NaN,Infinity,-Infinity]")
  }

  @Test func aSeededRandomDocumentSurvivesTheRoundTrip() throws {
    var generator = SeededGenerator(seed: 1)
    func make(_ depth: Int) -> JSONValue {
      switch Int.random(in: 0..<(depth > 4 ? 5 : 7), using: &generator) {
      case 0: return .null
      case 1: return .bool(.random(using: &generator))
      case 2: return .integer(.random(in: .min ... .max, using: &generator))
      case 3: return .number(.random(in: -1e9...1e9, using: &generator))
      case 4: return .string(String(UnicodeScalar(UInt8.random(in: 0..<128, using: &generator))))
      case 5: return .array((0..<4).map { _ in make(depth + 1) })
      default: return .object(JSONObject((0..<20).map { ("k\($0)", make(depth + 1)) }))
      }
    }
    for _ in 0..<50 {
      let value = make(0)
      #expect(try JSONValue(parsing: value.serialized()) == value)
      #expect(try JSONValue(parsing: value.serialized(pretty: true)) == value)
    }
  }

  @Test func objectsKeepTheirOrderAndIgnoreItInEquality() {
    var object = JSONObject((0..<30).map { ("k\($0)", .integer($0)) })
    object["k5"] = nil
    object["k3"] = "three"
    object["new"] = true
    #expect(object.count == 30)
    #expect(object.keys.prefix(6) == ["k0", "k1", "k2", "k3", "k4", "k6"])
    #expect(object["k29"] == 29)
    #expect(object["k5"] == nil)
    #expect(object.keys.last == "new")
    let reversed = JSONObject(object.reversed().map { ($0.key, $0.value) })
    #expect(reversed == object)
    #expect(reversed.hashValue == object.hashValue)
    #expect(reversed.keys != object.keys)
  }

  @Test func aCursorNamesThePlaceOfAMismatch() throws {
    let value: JSONValue = ["layers": [["units": 3], ["units": "x", "a b": 0]]]
    let layers = try JSONCursor(value, at: "config").member("layers").elements()
    #expect(try layers[0].member("units").int(in: 1...5) == 3)
    let wrongKind = #expect(throws: JSONMismatch.self) { try layers[1].member("units").int() }
    #expect(
      wrongKind?.description == "config.layers[1].units: expected an integer, found a string")
    let missing = #expect(throws: JSONMismatch.self) { try layers[0].member("name") }
    #expect(missing?.description == "config.layers[0].name: expected a value, found nothing")
    let range = #expect(throws: JSONMismatch.self) {
      try layers[0].member("units").int(in: 4...5)
    }
    #expect(
      range?.description == "config.layers[0].units: expected an integer from 4 to 5, found 3")
    #expect(try layers[1].member("a b").path.description == "config.layers[1][\"a b\"]")
  }
}
