import Foundation
import HDF5
import ModelFile
import Models
import TestSupport
import Testing

/// A second reading of the same file: hard links and attributes beside the container.
@Suite struct ViewTests {
  /// A view that links every kernel of one name, as the Keras view does.
  struct LinkingView: ContainerView {
    func write(
      to file: borrowing HDF5Writer,
      tensorPath: (_ layer: String, _ weight: String, _ component: String) -> String
    ) throws {
      try file.setAttribute("model_config", .variableText(#"{"class_name": "Sequential"}"#))
      try file.createGroup("/model_weights/dense")
      try file.link(tensorPath("dense", "kernel", "left"), at: "/model_weights/dense/left:0")
      try file.link(tensorPath("dense_1", "bias", "values"), at: "/model_weights/dense_1/bias:0")
    }
  }

  struct FailingView: ContainerView {
    struct Failure: Error, Equatable {}
    func write(
      to file: borrowing HDF5Writer,
      tensorPath: (_ layer: String, _ weight: String, _ component: String) -> String
    ) throws {
      try file.createGroup("/model_weights")
      throw Failure()
    }
  }

  @Test func aViewSharesTheTensorsAndChangesNothing() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      let model = try SampleModels.mlp()
      try ModelFileWriter.write(model, to: path, views: [LinkingView()])
      let file = try HDF5File(reading: path)
      let (linked, own) = (
        try file.dataset("/model_weights/dense/left:0"),
        try file.dataset("/nodes/dense/kernel/left")
      )
      #expect(linked.objectAddress == own.objectAddress)
      try expectSame(try ModelFileReader().read(file).model, model)
      #expect(ModelFileVerifier.verify(path).isSound)
      #expect(try ModelFileInspection(path).hasKerasView)
    }
  }

  @Test func aFlippedByteOfAViewIsFound() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("model.h5")
      try ModelFileWriter.write(try SampleModels.mlp(), to: url.path, views: [LinkingView()])
      var data = try Data(contentsOf: url)
      let range = try #require(data.range(of: Data("Sequential".utf8)))
      data[range.lowerBound + 3] ^= 1
      try data.write(to: url)
      let findings = ModelFileVerifier.verify(url.path).findings
      #expect(findings.map(\.place) == ["/seal"])
    }
  }

  @Test func aViewThatFailsLeavesNothing() throws {
    try Fixtures.withTemporaryFolder { (folder) throws in
      let path = folder.appendingPathComponent("model.h5").path
      #expect(throws: FailingView.Failure()) {
        try ModelFileWriter.write(try SampleModels.mlp(), to: path, views: [FailingView()])
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }

  @Test(arguments: [StorageOptions(), StorageOptions(layout: .packed)])
  func inspectionKnowsWhatIsStored(options: StorageOptions) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      let written = try ModelFileWriter.write(
        try SampleModels.everyForm(), to: path, options: options)
      let inspection = try ModelFileInspection(path)
      #expect(inspection.version.description == "1.0")
      #expect(inspection.features == (options.layout == .packed ? ["packed"] : []))
      #expect(inspection.digest == written.digest)
      #expect(inspection.byteCount == written.byteCount)
      #expect(inspection.isSealed && !inspection.hasKerasView)
      #expect(inspection.tensors.count == 29)
      let left = try #require(inspection.tensors.first { $0.place == "block/conv:0/kernel/left" })
      #expect(left.byteCount == 3 * 3 * 6 * 5 * 4)
      #expect(left.path == (options.layout == .packed ? "" : "/nodes/block.conv_0/kernel/left"))
      #expect(left.storedByteCount <= left.byteCount)
    }
  }
}
