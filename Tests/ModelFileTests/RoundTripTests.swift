import Foundation
import HDF5
import ModelFile
import Models
import Tensors
import TestSupport
import Testing

@Suite struct RoundTripTests {
  static let options: [StorageOptions] = [
    StorageOptions(), StorageOptions(compression: .none),
    StorageOptions(compression: .deflate(level: 9)), StorageOptions(layout: .packed),
  ]

  @Test(arguments: ["mlp", "every form", "every type", "graph", "sparse"], options)
  func whatIsReadIsBitwiseWhatWasWritten(name: String, options: StorageOptions) throws {
    let model = try #require(try SampleModels.all().first { $0.name == name }?.model)
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      let written = try ModelFileWriter.write(model, to: path, options: options)
      let read = try ModelFileReader().readModel(
        at: path, options: ReadOptions(allowsNonFinite: true))
      #expect(read.format == "modelc")
      #expect(read.remarks.isEmpty)
      try expectSame(read.model, model)
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      #expect(written.byteCount == size)
    }
  }

  @Test(arguments: ["mlp", "every form", "every type", "graph", "sparse"])
  func theSameModelGivesTheSameBytes(name: String) throws {
    let model = try #require(try SampleModels.all().first { $0.name == name }?.model)
    try Fixtures.withTemporaryFolder { folder in
      let paths = ["a.h5", "other name.h5"].map { folder.appendingPathComponent($0).path }
      let written = try paths.map { try ModelFileWriter.write(model, to: $0) }
      #expect(written[0] == written[1])
      let bytes = paths.map { FileManager.default.contents(atPath: $0) }
      #expect(bytes[0] == bytes[1])
    }
  }

  @Test func aReadModelIsWrittenAgainAsTheSameBytes() throws {
    try Fixtures.withTemporaryFolder { folder in
      let paths = ["a.h5", "b.h5"].map { folder.appendingPathComponent($0).path }
      try ModelFileWriter.write(try SampleModels.everyForm(), to: paths[0])
      let read = try ModelFileReader().readModel(at: paths[0], options: ReadOptions())
      try ModelFileWriter.write(read.model, to: paths[1])
      let bytes = paths.map { FileManager.default.contents(atPath: $0) }
      #expect(bytes[0] == bytes[1])
    }
  }

  @Test func strippingLeavesOutSpectraAndProvenanceOnly() throws {
    try Fixtures.withTemporaryFolder { folder in
      let paths = ["full.h5", "stripped.h5"].map { folder.appendingPathComponent($0).path }
      var model = try SampleModels.mlp()
      let full = try ModelFileWriter.write(model, to: paths[0])
      let stripped = try ModelFileWriter.write(
        model, to: paths[1], options: StorageOptions(isStripped: true))
      #expect(stripped.byteCount < full.byteCount)
      let read = try ModelFileReader().readModel(at: paths[1], options: ReadOptions()).model
      model.metadata.provenance = nil
      guard case .lowRank(var form) = model.layers[1].weights[0].weight else { return }
      form.record.spectra = []
      form.record.route = nil
      model.layers[1].weights[0].weight = .lowRank(form)
      try expectSame(read, model)
    }
  }

  @Test func sparseTensorsShrinkWithoutBeingAsked() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      let written = try ModelFileWriter.write(SampleModels.everyType(), to: path)
      let stored = try #require(written.storedByteCounts["custom/pruned/values"])
      #expect(stored < 16_000)
    }
  }

  @Test func largeTensorsOfNoiseAreContiguous() throws {
    let weight = Weight(SampleModels.parameter([1100, 1000]))
    let model = Model.sequential(
      name: "big",
      layers: [
        SampleModels.input([1100]),
        SampleModels.dense("dense", weight, bias: SampleModels.parameter([1000])),
      ])
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      try ModelFileWriter.write(model, to: path)
      let file = try HDF5File(reading: path)
      #expect(try file.dataset("/nodes/dense/kernel/values").layoutName == "contiguous")
    }
  }

  @Test func namesInTheFileAreReadableAndUnique() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      try ModelFileWriter.write(try SampleModels.everyForm(), to: path)
      let names = try HDF5File(reading: path).group("/nodes").names
      #expect(
        names == [
          "Faltung_eins", "block.conv", "block.conv_0", "block.conv_2", "map", "map...",
          "quantised",
        ])
    }
  }
}
