import Archives
import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct IDXTests {
  @Test(arguments: ["-", "."], [false, true])
  func aFolderInAnySpellingIsRead(separator: String, isGzip: Bool) throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(mnist(separator: separator, isGzip: isGzip), to: folder)
      let splits = try DatasetLoader.load(folder.path)
      let train = try splits.training()
      #expect(train.kind == .idx)
      #expect(train.inputShape == [4, 6])
      #expect(train.labels == [0, 1, 2, 0, 1, 2])
      #expect(train.suggestedScaling == .bytesToUnit)
      #expect(try splits.evaluation().count == 3)
      let batch = try train.batch([5, 0])
      #expect(batch.inputs.shape == [2, 4, 6])
      #expect(batch.inputs.elements == (formula(6)[120...] + formula(1)).map(Float.init))
      #expect(batch.labels == [2, 0])
      // The digest depends on the content alone.
      #expect(try train.digest() == Self.digest)
    }
  }

  /// By Python's hashlib over the header line, the 144 bytes and six little-endian int64 labels.
  static let digest = "1425c17d00fa99e3fd1be14445b4f7c74e89510364beeabf0da40f0d50f37168"

  @Test func theImagesFileAloneFindsItsLabels() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(mnist(separator: "-", isGzip: false), to: folder)
      let path = folder.appendingPathComponent("t10k-images-idx3-ubyte").path
      let splits = try DatasetLoader.load(path)
      #expect(try splits.evaluation().labels == [0, 1, 2])
      #expect(splits[.train] == nil)
      #expect(
        message { try splits.training() } == "\(path): no train part, it has: test")
    }
  }

  @Test func missingLabelsAreNamedUnlessTheyAreNotNeeded() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(
        ["train-images-idx3-ubyte.gz": Gzip.compress(idx([1, 4, 6], formula(1)))], to: folder)
      let path = folder.appendingPathComponent("train-images-idx3-ubyte.gz").path
      #expect(
        message { try DatasetLoader.load(folder.path) }
          == "\(path): no labels beside it, expected 'train-labels-idx1-ubyte.gz'")
      var options = DatasetOptions()
      options.requiresLabels = false
      #expect(try DatasetLoader.load(folder.path, options: options).training().labels == nil)
    }
  }

  struct Lie: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var images: [UInt8]
    var labels: [UInt8]
    var message: String
  }

  static let lies = [
    Lie(
      testDescription: "counts", images: idx([2, 4, 6], formula(2)), labels: idx([3], [0, 1, 2]),
      message: "train-images-idx3-ubyte: 2 examples, but 3 labels in FOLDER/train-labels-idx1-ubyte"
    ),
    Lie(
      testDescription: "truncated", images: idx([2, 4, 6], Array(formula(2).dropLast())),
      labels: idx([2], [0, 1]),
      message: "train-images-idx3-ubyte: the header declares 48 bytes, 47 are there"),
    Lie(
      testDescription: "longer", images: idx([2, 4, 6], formula(2) + [0]),
      labels: idx([2], [0, 1]),
      message: "train-images-idx3-ubyte: the header declares 48 bytes, 49 are there"),
    Lie(
      testDescription: "gzip longer", images: Gzip.compress(idx([2, 4, 6], formula(2) + [0])),
      labels: idx([2], [0, 1]),
      message: "train-images-idx3-ubyte: bytes follow the declared 48"),
    Lie(
      testDescription: "huge", images: idx([0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], []),
      labels: idx([2], [0, 1]),
      message: "train-images-idx3-ubyte: declares [4294967295, 4294967295, 4294967295] values, "
        + "more than any file holds"),
    Lie(
      testDescription: "gzip huge", images: Gzip.compress(idx([0xFFFF, 0xFFFF], [])),
      labels: idx([2], [0, 1]),
      message: "train-images-idx3-ubyte: the header declares 4294836225 bytes, "),
    Lie(
      testDescription: "labels as images", images: idx([2], [0, 1]), labels: idx([2], [0, 1]),
      message: "train-images-idx3-ubyte: expected images [examples × height × width], found [2], "
        + "which looks like labels; give the file of images"),
    Lie(
      testDescription: "images as labels", images: idx([2, 4, 6], formula(2)),
      labels: idx([2, 4, 6], formula(2)),
      message: "train-labels-idx1-ubyte: expected labels [examples], found [2×4×6]"),
    Lie(
      testDescription: "negative labels", images: idx([2, 4, 6], formula(2)),
      labels: idx([2], type: 9, [0, 0xFF]),
      message: "train-labels-idx1-ubyte: label -1 at example 1, expected 0 to 999999"),
    Lie(
      testDescription: "no examples", images: idx([0, 4, 6], []), labels: idx([0], []),
      message: "train-images-idx3-ubyte: no examples"),
  ]

  @Test(arguments: lies) func everyLieIsNamed(lie: Lie) throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(
        ["train-images-idx3-ubyte": lie.images, "train-labels-idx1-ubyte": lie.labels], to: folder)
      let found = message { try DatasetLoader.load(folder.path) }
      let expected = lie.message.replacing("FOLDER", with: folder.path)
      #expect(found.hasPrefix("\(folder.path)/\(expected)"), "\(found)")
    }
  }

  @Test(arguments: [false, true]) func truncationAtEveryByteIsRefused(isGzip: Bool) throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      let whole = idx([2, 4, 6], formula(2))
      let bytes = isGzip ? Gzip.compress(whole) : whole
      let path = folder.appendingPathComponent("train-images-idx3-ubyte").path
      try write(["train-labels-idx1-ubyte": idx([2], [0, 1])], to: folder)
      for count in 0..<bytes.count {
        try write(["train-images-idx3-ubyte": Array(bytes[..<count])], to: folder)
        #expect(throws: DatasetError.self, "\(count)") { try DatasetLoader.load(path) }
      }
    }
  }

  static let types: [(UInt8, [UInt8], [Float])] = [
    (0x0B, [0xFF, 0xFE, 0x01, 0x00], [-2, 256]),
    (0x0C, [0, 0, 0, 7, 0xFF, 0xFF, 0xFF, 0xFF], [7, -1]),
    (0x0D, [0x3F, 0x80, 0, 0, 0xC0, 0x20, 0, 0], [1, -2.5]),
    (0x0E, [0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0xC0, 0x04, 0, 0, 0, 0, 0, 0], [1, -2.5]),
  ]

  @Test(arguments: types)
  func everyTypeIsReadBigEndian(type: UInt8, bytes: [UInt8], values: [Float]) throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(["x-images-idx2": idx([1, 2], type: type, bytes)], to: folder)
      var options = DatasetOptions()
      options.requiresLabels = false
      let splits = try DatasetLoader.load(folder.path, options: options)
      #expect(try splits.training().batch(0..<1).inputs.elements == values)
      #expect(try splits.training().suggestedScaling == nil)
    }
  }
}
