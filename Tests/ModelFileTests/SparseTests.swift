import Foundation
import HDF5
import JSON
import Models
import Tensors
import TestSupport
import Testing

@testable import ModelFile

/// Tensors that are stored without their zeros.
@Suite struct SparseTests {
  private static let layouts = [StorageOptions(), StorageOptions(layout: .packed)]

  @Test(arguments: layouts)
  func zerosAreLeftOutWhereThatIsSmaller(options: StorageOptions) throws {
    let model = try SampleModels.sparse()
    try Fixtures.withTemporaryFolder { folder in
      let paths = ["sparse.h5", "whole.h5"].map { folder.appendingPathComponent($0).path }
      let sparse = try ModelFileWriter.write(model, to: paths[0], options: options)
      var plain = options
      plain.compression = .none
      let whole = try ModelFileWriter.write(model, to: paths[1], options: plain)
      // A packed file deflates its parts in any case.
      #expect(sparse.byteCount < whole.byteCount / (options.layout == .open ? 2 : 1))
      #expect(try ModelFileInspection(paths[0]).features.contains("sparse"))
      #expect(try !ModelFileInspection(paths[1]).features.contains("sparse"))
      for path in paths {
        let read = try ModelFileReader().readModel(at: path, options: ReadOptions()).model
        try expectSame(read, model)
        #expect(ModelFileVerifier.verify(path).isSound)
      }
    }
  }

  @Test(arguments: [0, 1, 254, 255, 256, 509, 510, 511, 5000])
  func gapsOfAnyLengthComeBack(gap: Int) throws {
    var elements = [Float](repeating: 0, count: 2 * gap + 12)
    elements[gap] = 3
    elements[gap + 1] = -0.0
    elements[2 * gap + 2] = 5
    let raw = RawTensor(Tensor(shape: [elements.count / 2, 2], elements: elements))
    let sparse = SparseValues(raw)
    #expect(sparse.count == 3)
    let bytes = SparseValues.expanded(
      values: sparse.values, gaps: sparse.gaps, shape: raw.shape, scalarType: .float32)
    #expect(bytes == raw.bytes)
  }

  @Test func gapsThatDoNotFitAreRefused() {
    func expanded(_ values: [UInt8], _ gaps: [UInt8], _ count: Int) -> [UInt8]? {
      SparseValues.expanded(values: values, gaps: gaps, shape: [count], scalarType: .int8)
    }
    #expect(expanded([7, 9], [1, 2], 5) == [0, 7, 0, 0, 9])
    #expect(expanded([7, 9], [1, 2], 4) == nil)
    #expect(expanded([7, 9], [1], 5) == nil)
    #expect(expanded([7], [1, 2], 5) == nil)
    #expect(expanded([7], [1, 255], 5) == nil)
    #expect(expanded([], [], 2) == [0, 0])
  }

  /// A view's links need whole tensors.
  @Test func tensorsOfAViewAreWhole() throws {
    struct NoView: ContainerView {
      func write(
        to file: borrowing HDF5Writer, tensorPath: (String, String, String) -> String
      ) throws {}
    }
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("viewed.h5").path
      try ModelFileWriter.write(try SampleModels.sparse(), to: path, views: [NoView()])
      #expect(try ModelFileInspection(path).features.isEmpty)
      #expect(
        try HDF5File(reading: path).dataset("/nodes/dense/kernel/values").extents == [60, 50])
    }
  }

  struct Lie: Sendable, CustomTestStringConvertible {
    let expected: String
    let change: @Sendable (inout Forgery) -> Void
    var testDescription: String { expected }
  }

  private static let gaps = "/nodes/dense/kernel/values_gaps"

  static let lies = [
    Lie(expected: "expected the feature 'sparse' among the file's") { $0.features = "" },
    Lie(expected: "sparse.values: expected an integer from 1 to 3000, found 3001") {
      $0.edit(component + ["sparse"]) { $0["values"] = 3001 }
    },
    Lie(expected: "the graph says shape [299], the data set has [300]") {
      $0.edit(component + ["sparse"]) { $0["values"] = 299 }
    },
    Lie(expected: "sparse.gaps: expected an integer from 1 to 3000, found 0") {
      $0.edit(component + ["sparse"]) { $0["gaps"] = 0 }
    },
    Lie(expected: "sparse.path: expected a path below /nodes") {
      $0.edit(component + ["sparse"]) { $0["path"] = "/graph" }
    },
    Lie(expected: "the bytes changed after they were written") {
      $0.datasets[gaps]?.bytes[0] ^= 1
    },
    Lie(expected: "the gaps do not place 300 scalars in the 3000 of [60×50]") { forgery in
      guard var dataset = forgery.datasets[gaps] else { return }
      for index in dataset.bytes.indices { dataset.bytes[index] = 254 }
      let digest = Digest.hexadecimal(dataset.bytes)
      forgery.datasets[gaps] = dataset
      forgery.edit(component + ["sparse"]) { $0["sha256"] = .string(digest) }
    },
  ]

  private static let component: [JSONStep] = ["layers", 1, "weights", 0, "components", 0]

  @Test(arguments: lies)
  func everyLieIsNamed(_ lie: Lie) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("honest.h5").path
      try ModelFileWriter.write(try SampleModels.sparse(), to: path)
      var forgery = try Forgery(path)
      forgery.features = "sparse"
      #expect(try forgery.complaint(in: folder) == nil)
      lie.change(&forgery)
      let complaint = try #require(try forgery.complaint(in: folder), "the lie was believed")
      #expect(complaint.contains(lie.expected), "\(complaint)")
    }
  }

  @Test func wholeTensorsCountAgainstTheLimit() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      let written = try ModelFileWriter.write(try SampleModels.sparse(), to: path)
      let stored = written.storedByteCounts.values.reduce(0, +)
      #expect(stored < 9000)
      #expect(throws: ModelFileError.self) {
        try ModelFileReader().readModel(at: path, options: ReadOptions(maximumByteCount: 12_000))
      }
    }
  }
}
