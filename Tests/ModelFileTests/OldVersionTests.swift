import Foundation
import ModelFile
import Models
import TestSupport
import Testing

/// Files that earlier versions wrote; each must be read for ever.
@Suite struct OldVersionTests {
  @Test(arguments: ["mlp", "every-form", "every-type", "graph", "sparse"], ["", "-packed"])
  func version1Point0IsRead(name: String, layout: String) throws {
    let path = Fixtures.path("containers/v1.0-\(name)\(layout).h5")
    let read = try ModelFileReader().readModel(
      at: path, options: ReadOptions(allowsNonFinite: true))
    let wanted = name.replacing("-", with: " ")
    let model = try #require(try SampleModels.all().first { $0.name == wanted }?.model)
    try expectSame(read.model, model)
    #expect(ModelFileVerifier.verify(path, allowsNonFinite: true).isSound)
  }

  /// Writes the files of the present version; those of earlier ones are never written again.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["MODELC_WRITE_CONTAINERS"] != nil))
  func presentVersionIsWritten() throws {
    let folder = try #require(ProcessInfo.processInfo.environment["MODELC_WRITE_CONTAINERS"])
    for (name, model) in try SampleModels.all() {
      for (suffix, layout) in [("", StorageOptions.Layout.open), ("-packed", .packed)] {
        let file = "\(folder)/v1.0-\(name.replacing(" ", with: "-"))\(suffix).h5"
        try ModelFileWriter.write(model, to: file, options: StorageOptions(layout: layout))
      }
    }
  }
}
