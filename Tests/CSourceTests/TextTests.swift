import CSource
import Foundation
import Models
import Programs
import Tensors
import TestSupport
import Testing

/// The text of the files.
@Suite struct TextTests {
  private static func texts(_ name: String, _ options: CSource.Options = .init()) throws -> CTexts {
    let export = try CSource(try EngineAgreementTests.model(name), options: options)
    return export.texts(try export.constants(), headerName: "model.h")
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
    let source = export.texts(try export.constants(), headerName: "model.h").source
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
    let texts = export.texts(try export.constants(), headerName: "model.h")
    #expect(!texts.source.contains("*/ int evil"))
    #expect(!texts.header.contains("*/ int evil"))
  }
}
