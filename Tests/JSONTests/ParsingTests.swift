import Foundation
import JSON
import TestSupport
import Testing

@Suite struct ParsingTests {
  @Test func everyKindIsRead() throws {
    let text = #" {"a": [1, -2.5, "x", true, false, null, {}], "b": {"c": []}, "n": NaN} "#
    let value = try JSONValue(parsing: text)
    #expect(value["a"] == [1, -2.5, "x", true, false, nil, [:]])
    #expect(value["b"]?["c"] == [])
    #expect(value["n"]?.double?.isNaN == true)
    #expect(value.object?.keys == ["a", "b", "n"])
  }

  @Test func integersStayExactAndLargerOnesBecomeNumbers() throws {
    #expect(try JSONValue(parsing: "9223372036854775807") == .integer(.max))
    #expect(try JSONValue(parsing: "-9223372036854775807") == .integer(-.max))
    #expect(try JSONValue(parsing: "9223372036854775808") == .number(0x1p63))
    #expect(try JSONValue(parsing: "1.0") == .number(1))
    #expect(try JSONValue(parsing: "-0").double?.sign == .minus)
    #expect(try JSONValue(parsing: "-Infinity") == .number(-.infinity))
  }

  @Test(arguments: [
    ("", "line 1, column 1: expected a value, found the end of the text"),
    ("[1,]", "line 1, column 4: expected a value, found ']'"),
    ("{\"a\":1,}", "line 1, column 8: expected a key in quotes, found '}'"),
    ("{\"é\" 1}", "line 1, column 6: expected ':', found '1'"),
    ("[1 2]", "line 1, column 4: expected ',' or ']', found '2'"),
    ("{\n \"a\": tru}", "line 2, column 7: expected 'true', found 't'"),
    ("{\"a\":1,\n\"a\":2}", "line 2, column 1: key \"a\" occurs twice"),
    ("1 x", "line 1, column 3: expected the end of the text, found 'x'"),
    ("[01]", "line 1, column 2: a number must not begin with 0"),
    ("1.", "line 1, column 3: expected a digit after the decimal point, found the end of the text"),
    (
      "1e+",
      "line 1, column 4: expected a digit after the exponent's mark, found the end of the text"
    ),
    ("-x", "line 1, column 2: expected a digit, found 'x'"),
    ("\"a", "line 1, column 1: the string is not closed"),
    ("\"a\\", "line 1, column 4: expected an escape, found the end of the text"),
    ("\"\\x\"", "line 1, column 3: expected one of \"\\/bfnrtu after a backslash, found 'x'"),
    ("\"\\ud800\"", "line 1, column 2: a lone surrogate is no character"),
    ("\"\\udc00\\ud800\"", "line 1, column 2: a lone surrogate is no character"),
    ("\"\\u12g4\"", "line 1, column 6: expected four hexadecimal digits, found 'g'"),
    ("\"\n\"", "line 1, column 2: a control character (byte 0x0A) must be escaped in a string"),
    ("\u{FEFF}1", "line 1, column 1: expected a value, found byte 0xEF"),
    ("[}", "line 1, column 2: expected a value, found '}'"),
    ("[1}", "line 1, column 3: expected ',' or ']', found '}'"),
    ("'a'", "line 1, column 1: expected a value, found \"'\""),
  ])
  func refusalsNameThePlace(text: String, message: String) {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    #expect(error?.description == message)
  }

  @Test func bytesThatAreNoUTF8AreRefused() {
    let error = #expect(throws: JSONError.self) {
      try JSONValue(parsing: [0x22, 0x61, 0xC3, 0x28, 0x22])
    }
    #expect(error?.problem == "the string is not UTF-8")
  }

  @Test func depthIsBounded() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSONValue(parsing: nested(256))
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(257)) }
    #expect(error?.description == "line 1, column 257: nested deeper than 256 levels")
    #expect(throws: JSONError.self) {
      try JSONValue(parsing: String(repeating: "[{\"a\":", count: 1_000_000))
    }
  }

  @Test func sizeAndNumberOfValuesAreBounded() {
    var limits = JSONLimits()
    limits.byteCount = 4
    #expect(throws: JSONError.self) { try JSONValue(parsing: "[1,2]", limits: limits) }
    limits.byteCount = 100
    limits.valueCount = 2
    let error = #expect(throws: JSONError.self) {
      try JSONValue(parsing: "[1,2]", limits: limits)
    }
    #expect(error?.description == "line 1, column 4: more than 2 values")
  }

  @Test func aDuplicateKeyIsFoundInALargeObject() {
    let members = (0..<100).map { "\"k\($0)\":\($0)" } + ["\"k7\":0"]
    #expect(throws: JSONError.self) {
      try JSONValue(parsing: "{" + members.joined(separator: ",") + "}")
    }
  }

  @Test func truncationAtEveryByteIsRefused() throws {
    let text = Array(#"{"a":[1.5,true,"\u00e9x",null],"b":{"c":-3}}"#.utf8)
    _ = try JSONValue(parsing: text)
    for count in 0..<text.count {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<count])) }
    }
  }

  @Test func textsAndDoublesAgreeWithPython() throws {
    let bytes = [UInt8](
      try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("json/reference.json"))))
    let reference = try JSONValue(parsing: bytes)
    let ascii = try JSONValue(parsing: try #require(reference["ascii"]?.string))
    let utf8 = try JSONValue(parsing: try #require(reference["utf8"]?.string))
    #expect(ascii == utf8)
    #expect(ascii["text"]?.string?.unicodeScalars.contains("\u{1F600}") == true)
    #expect(ascii["big"]?.double == 0x1p70)
    #expect(ascii["min"] == .integer(.min))
    let doubles = try #require(reference["doubles"]?.array)
    #expect(doubles.count > 200)
    for entry in doubles {
      let text = try #require(entry[0]?.string)
      let hexadecimal = try #require(entry[1]?.string)
      let bits = try #require(UInt64(hexadecimal, radix: 16))
      let value = try #require(try JSONValue(parsing: text).double)
      #expect(value.bitPattern == bits, "\(text)")
      let again = try JSONValue(parsing: JSONValue.number(value).serialized())
      #expect(again.double?.bitPattern == bits)
      let shortest = JSONValue.number(value).serialized()
      #expect(shortest.filter(\.isNumber).count <= text.filter(\.isNumber).count + 1)
    }
  }
}
