import Messages
import Testing

/// Text out of a file cannot steer a terminal, nor forge a line of its own.
@Suite struct ControlsTests {
  @Test(arguments: [
    ("\n", "a line feed"), ("\r", "a carriage return"), ("\t", "a tab"), ("\u{0}", "NUL"),
    ("\u{1B}", "an escape"), ("\u{7F}", "DEL"), ("\u{9B}", "the 8-bit escape"),
    ("\u{85}", "a next line"), ("\u{2028}", "a line separator"),
    ("\u{2029}", "a paragraph separator"), ("\u{202E}", "an override of the direction"),
    ("\u{2066}", "an isolate"), ("\u{200F}", "a mark of the direction"),
  ])
  func isReplaced(text: String, what: String) {
    #expect("a\(text)b".withoutControls() == "a?b")
    #expect(!"a\(text)b".isPrintableName)
  }

  @Test(arguments: ["größe ×", "層/重み", "שכבה", "👩‍👩‍👧", "a b"])
  func namesOfOtherLettersStay(name: String) {
    #expect(name.withoutControls() == name)
    #expect(name.isPrintableName)
  }

  @Test func whatIsAskedForIsKept() {
    #expect("a\nb\u{1B}\tc".withoutControls(except: "\n", "\t") == "a\nb?\tc")
  }

  @Test func aMessageIsNeverAPage() {
    let message = "file: " + String(repeating: "x", count: 1 << 20) + ": what to do"
    #expect(message.oneLine().unicodeScalars.count == 2000)
    #expect(message.oneLine().hasPrefix("file: xx") && message.oneLine().hasSuffix(": what to do"))
    #expect("a\nb".oneLine() == "a?b")
  }

  @Test func longTextsAreCut() {
    #expect(
      String(repeating: "x", count: 61).shortened() == String(repeating: "x", count: 60) + "…")
    #expect("a\nb".shortened() == "a?b")
    #expect(!String(repeating: "x", count: 4097).isPrintableName)
    #expect(!"".isPrintableName)
  }
}
