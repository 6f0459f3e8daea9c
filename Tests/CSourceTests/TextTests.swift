import Foundation
import Models
import Programs
import Tensors
import TestSupport
import Testing

@testable import CSource

/// The text of the files.
@Suite struct TextTests {
  private static func texts(_ name: String, _ options: CSource.Options = .init()) throws -> CTexts {
    let export = try CSource(try EngineAgreementTests.model(name), options: options)
    return try export.texts(try export.constants(), headerName: "model.h")
  }

  @Test func theSameModelGivesTheSameBytes() throws {
    #expect(try Self.texts("mlp-mnist-k2.h5") == Self.texts("mlp-mnist-k2.h5"))
  }

  @Test func nothingIsAllocatedAndNoLibraryIsNeeded() throws {
    let source = try Self.texts("mnist-cnn-k2.h5").source
    #expect(!source.contains("malloc"))
    #expect(source.components(separatedBy: "#include").count == 3, "its header and stdint.h")
  }

  @Test func thePrefixNamesWhatIsPublic() throws {
    let texts = try Self.texts("digits-cnn-k2.h5", .init(prefix: "digits"))
    #expect(texts.source.contains("void digits_predict(const float *in, float *out)"))
    #expect(texts.header.contains("#define DIGITS_INPUT_COUNT 64 "))
    #expect(texts.header.contains("#define DIGITS_OUTPUT_COUNT 10 "))
  }

  @Test(arguments: ["", "2x", "a-b", "a b", "_x", "int", "a\nb"])
  func aPrefixThatIsNoNameIsRefused(prefix: String) throws {
    let model = try EngineAgreementTests.model("digits-cnn-k2.h5")
    #expect(throws: CSourceError.self) { try CSource(model, options: .init(prefix: prefix)) }
  }

  @Test func classNamesBecomeStringsThatAreWhole() throws {
    var model = try EngineAgreementTests.model("digits-cnn-k2.h5")
    model.metadata.classNames =
      ["a\"b", "c\\d", "*/ end", "??/", "é", "\n", "5", "6", "7", "8"]
    let export = try CSource(model)
    let source = try export.texts(try export.constants(), headerName: "model.h").source
    #expect(source.contains(#"  "a\"b","#))
    #expect(source.contains(#"  "c\\d","#))
    #expect(source.contains(#"  "\?\?/","#))
    #expect(source.contains(#"  "\303\251","#))
    #expect(source.contains(#"  "\012","#))
  }

  @Test func namesOfLayersCannotEndAComment() throws {
    var model = try EngineAgreementTests.model("digits-cnn-k2.h5")
    model.name = "x */ int evil; /*"
    let export = try CSource(model)
    let texts = try export.texts(try export.constants(), headerName: "model.h")
    #expect(!texts.source.contains("*/ int evil"))
    #expect(!texts.header.contains("*/ int evil"))
  }

  /// Names out of files that begin or end a comment, join lines, or steer a terminal.
  static let hostile = [
    "*/", "/*", "a*\\b", "/\\*", "*\u{301}/", "*/\u{301}", "/*\u{301}", "???/", "??/\n", "a\\",
    "x\u{85}y", "x\u{7F}y", "x\u{2028}y", "x\u{202E}y\u{2066}", "**//", "?\u{0}?/",
  ]

  @Test(arguments: hostile)
  func whatStandsInACommentIsPlain(name: String) {
    let comment = Array(CName.comment(name).utf8)
    for forbidden in ["*/", "/*", "??", "\\"] {
      #expect(!comment.contains(Array(forbidden.utf8)), "\(forbidden)")
    }
    let scalars = CName.comment(name).unicodeScalars
    #expect(scalars.count == name.unicodeScalars.count)
    #expect(
      scalars.allSatisfy { scalar in
        !scalar.properties.isBidiControl
          && ![.control, .lineSeparator, .paragraphSeparator].contains(
            scalar.properties.generalCategory)
      })
  }

  @Test(arguments: hostile)
  func hostileNamesLeaveTheCommentsOfAPlainOne(name: String) throws {
    func marks(_ name: String) throws -> [String] {
      var model = try EngineAgreementTests.model("digits-cnn-k2.h5")
      model.name = name
      for index in model.layers.indices { model.layers[index].path += name }
      let export = try CSource(model, options: .init(generator: name))
      let texts = try export.texts(try export.constants(), headerName: "model.h")
      let bytes = Array((texts.source + texts.header).utf8)
      return bytes.indices.dropLast().compactMap { index in
        let pair = String(decoding: bytes[index...index + 1], as: UTF8.self)
        return ["/*", "*/", "??"].contains(pair) ? pair : nil
      }
    }
    #expect(try marks(name) == marks("plain"))
  }

  @Test func theSelfTestJudgesByTheSizeOfEachOutput() throws {
    let model = SmallNetwork.model(
      [
        (SmallNetwork.input([2]), []), (SmallNetwork.dense("a", 2, 2), [0]),
        (SmallNetwork.dense("b", 2, 2), [0]), (SmallNetwork.dense("c", 2, 1), [0]),
      ], outputs: [1, 2, 3])
    let export = try CSource(model)
    let source = try export.texts(
      try export.constants(), headerName: "model.h",
      examples: [
        .init(inputs: [[0, 1]], outputs: [[1, -4096], [0.5, 0.25], [0]]),
        .init(inputs: [[1, 0]], outputs: [[2048, 0], [0, -0.125], [0]]),
      ], tolerance: 0.25
    ).source
    let bounds = source.components(separatedBy: "if (!(distance < ").dropFirst().map {
      $0.prefix { $0 != " " }
    }
    #expect(bounds == ["1024.0f", "0.125f", "1e-30f"])
  }
}
