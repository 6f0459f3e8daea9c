import Datasets
import Foundation
import HDF5
import Tensors
import TestSupport
import Testing

/// The fixture and the images that it stands for were made by NumPy and h5py.
@Suite struct FactoredImagesTests {
  private func load(rank: Int? = nil, resident: Int = 1 << 30) throws -> Dataset {
    var options = DatasetOptions()
    options.dataRank = rank
    options.residentByteCount = resident
    return try DatasetLoader.load(fixture("factored.h5"), options: options).training()
  }

  /// In memory, rebuilt on demand from factors in memory, and from factors in the file.
  @Test(arguments: [3, 2], [1 << 30, 300, 0])
  func imagesAreRebuiltAsNumPyDoes(rank: Int, resident: Int) throws {
    let dataset = try load(rank: rank, resident: resident)
    #expect(dataset.inputShape == [5, 4, 2] && dataset.count == 3)
    #expect(dataset.labels == [1, 0, 1] && dataset.classNames == ["no", "yes"])
    let expected = try HDF5File(reading: fixture("factored.h5")).dataset("rebuilt/\(rank)")
      .readFloats()
    let found = try dataset.batch([0, 1, 2]).inputs.elements
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-3) }
    // Any order, and scaled.
    let scaling = try #require(dataset.suggestedScaling)
    #expect(scaling == .bytesToUnit)
    let last = try dataset.batch([2, 0], scaling: scaling).inputs.elements
    for (index, value) in last.prefix(40).enumerated() {
      #expect(abs(value - expected[80 + index] / 255) < 1e-5)
    }
  }

  @Test func theStoredRankIsTheDefault() throws {
    #expect(try load().digest() == load(rank: 3).digest())
    #expect(try load().digest() != load(rank: 2).digest())
  }

  @Test func aLargerRankThanStoredIsRefused() {
    let text = message { try load(rank: 4) }
    #expect(text.contains("rank 4 asked for, factors are stored up to rank 3"), "\(text)")
  }

  @Test(arguments: ["plain.h5", "pixels.csv", "counts.npz"])
  func imagesWithoutFactorsHaveNoRank(name: String) {
    var options = DatasetOptions()
    options.dataRank = 2
    options.requiresLabels = false
    let text = message { try DatasetLoader.load(fixture(name), options: options) }
    #expect(text.contains("only data sets written by compress-data"), "\(text)")
  }

  /// One lie a file.
  @Test(arguments: [
    ([5, 4], 3, 3, 1), ([5, 4, 3], 3, 3, 1), ([4, 5, 2], 3, 3, 1), ([5, -4, 2], 3, 3, 1),
    ([5, 4, 2], 2, 3, 1), ([5, 4, 2], 3, 3, 2), ([5, 4, 2], 0, 0, 1),
  ])
  func factorsThatDoNotFitAreRefused(
    rowShape: [Int], left: Int, right: Int, version: Int
  ) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("lie.h5").path
      let writer = try HDF5Writer(creating: path)
      try writer.setAttribute("format", .text("modelc-factored-images"))
      try writer.setAttribute("version", .integers([version]))
      try writer.setAttribute("row_shape", .integers(rowShape))
      try writer.writeDataset(
        "train/left", extents: [1, 2, 5, left],
        floats: [Float](repeating: 1, count: 10 * left))
      try writer.writeDataset(
        "train/right", extents: [1, 2, right, 4],
        floats: [Float](repeating: 1, count: 8 * right))
      try writer.writeDataset(
        "train/labels", extents: [1], datatype: .integer(size: 8, isSigned: true),
        bytes: [0, 0, 0, 0, 0, 0, 0, 0])
      try writer.close()
      #expect(throws: DatasetError.self) { try DatasetLoader.load(path) }
    }
  }
}
