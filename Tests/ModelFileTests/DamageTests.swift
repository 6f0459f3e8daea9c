import Foundation
import HDF5
import ModelFile
import Models
import Tensors
import TestSupport
import Testing

/// Files that were sound and lost or changed a byte.
@Suite struct DamageTests {
  private static func bytes(_ model: Model, _ options: StorageOptions = StorageOptions()) throws
    -> [UInt8]
  {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("model.h5")
      try ModelFileWriter.write(model, to: url.path, options: options)
      return [UInt8](try Data(contentsOf: url))
    }
  }

  private static func findings(_ bytes: [UInt8]) -> [ModelFileVerifier.Finding] {
    do {
      return ModelFileVerifier.verify(try HDF5File(bytes: bytes, name: "model.h5")).findings
    } catch {
      return [.init(place: error.path, problem: "\(error.reason)")]
    }
  }

  @Test func aSoundFileHasNoFindings() throws {
    for (name, model) in try SampleModels.all() where name != "every type" {
      #expect(Self.findings(try Self.bytes(model)) == [], "\(name)")
    }
  }

  @Test func aFlippedByteOfAPackedTensorIsFoundInItsPlace() throws {
    // Codes of int8 that fill their range are noise, so their part is stored as it is.
    let kernel = SampleModels.quantised([40, 8], seed: 11)
    let model = Model.sequential(
      name: "noise",
      layers: [
        SampleModels.input([40]),
        SampleModels.dense("dense", Weight(kernel), bias: SampleModels.parameter([8])),
      ])
    var bytes = try Self.bytes(model, StorageOptions(layout: .packed))
    let codes = try kernel.raw().bytes
    let start = try #require(Data(bytes).range(of: Data(codes))?.lowerBound)
    for index in start..<start + codes.count {
      bytes[index] ^= 4
      #expect(Self.findings(bytes).map(\.place) == ["/packed (dense/kernel/values)"])
      let read = try ModelFileReader().read(try HDF5File(bytes: bytes, name: "model.h5")).model
      #expect(throws: ModelFileError.self) {
        try read.layers[1].weights[0].weight.components[0].parameter.raw()
      }
      bytes[index] ^= 4
    }
  }

  static let options = [
    StorageOptions(), StorageOptions(compression: .deflate(level: 6)),
    StorageOptions(layout: .packed),
  ]

  @Test(arguments: options)
  func oneFlippedBitAnywhereIsFound(options: StorageOptions) throws {
    var bytes = try Self.bytes(try SampleModels.mlp(), options)
    for index in bytes.indices {
      let bit = UInt8(1) << (index % 8)
      bytes[index] ^= bit
      #expect(!Self.findings(bytes).isEmpty, "byte \(index)")
      bytes[index] ^= bit
    }
    #expect(Self.findings(bytes).isEmpty)
  }

  @Test func aFlippedByteOfATensorIsFoundInItsPlace() throws {
    var bytes = try Self.bytes(try SampleModels.mlp())
    let file = try HDF5File(bytes: bytes, name: "model.h5")
    for (path, place) in [
      ("/nodes/dense/kernel/left", "dense/kernel/left"),
      ("/nodes/dense/kernel/spectrum", "dense/kernel spectrum"),
      ("/nodes/dense_1/bias/values", "dense_1/bias/values"),
    ] {
      let dataset = try file.dataset(path)
      let start = try #require(dataset.contiguousOffset)
      for index in start..<start + dataset.byteCount {
        bytes[index] ^= 0x80
        let findings = Self.findings(bytes)
        #expect(findings.count == 1)
        #expect(findings.first?.place == "\(path) (\(place))")
        bytes[index] ^= 0x80
      }
    }
  }

  @Test(arguments: options)
  func aFileCutAnywhereIsRefused(options: StorageOptions) throws {
    let bytes = try Self.bytes(try SampleModels.mlp(), options)
    for count in bytes.indices {
      let cut = Array(bytes[..<count])
      #expect(throws: (any Error).self, "\(count) bytes") {
        let file = try HDF5File(bytes: cut, name: "cut.h5")
        let model = try ModelFileReader().read(file).model
        for layer in model.layers {
          for named in layer.weights {
            for component in named.weight.components { _ = try component.parameter.raw() }
          }
        }
      }
    }
  }

  @Test func bytesBehindTheEndAreFound() throws {
    let bytes = try Self.bytes(try SampleModels.mlp())
    #expect(!Self.findings(bytes + [0]).isEmpty)
  }
}
