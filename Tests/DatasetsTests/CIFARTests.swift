import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct CIFARTests {
  /// Records whose red plane is 1, 2, …, green 100 and blue `label`.
  static func records(_ labels: [[UInt8]]) -> [UInt8] {
    let red = (0..<1024).map { UInt8($0 % 251) }
    let green = [UInt8](repeating: 100, count: 1024)
    var bytes: [UInt8] = []
    for label in labels {
      bytes += label
      bytes += red
      bytes += green
      bytes += [UInt8](repeating: label[0], count: 1024)
    }
    return bytes
  }

  @Test func theStandardFilesBecomeTwoParts() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(
        [
          "cifar-10-batches-bin/data_batch_1.bin": Self.records([[3], [9]]),
          "cifar-10-batches-bin/data_batch_2.bin": Self.records([[0]]),
          "cifar-10-batches-bin/test_batch.bin": Self.records([[7]]),
        ], to: folder)
      let splits = try DatasetLoader.load(folder.path)
      let train = try splits.training()
      #expect(train.kind == .cifar10)
      #expect(train.inputShape == [32, 32, 3])
      #expect(train.labels == [3, 9, 0])
      #expect(train.classNames?[9] == "truck")
      #expect(train.classCount == 10)
      let pixels = try train.batch([1]).inputs.elements
      #expect(pixels[3 * 500..<3 * 501] == [Float(500 % 251), 100, 9])
      #expect(try splits.evaluation().labels == [7])
      let file = folder.appendingPathComponent("cifar-10-batches-bin/data_batch_2.bin").path
      #expect(try DatasetLoader.load(file).training().labels == [0])
    }
  }

  @Test func fineLabelsAreTheDefaultOfCIFAR100() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(
        [
          "train.bin": Self.records([[19, 99], [1, 5]]), "test.bin": Self.records([[2, 50]]),
          "fine_label_names.txt": Array((0..<100).map { "fine\($0)\n" }.joined().utf8),
          "coarse_label_names.txt": Array((0..<20).map { "coarse\($0)\n" }.joined().utf8),
        ], to: folder)
      let fine = try DatasetLoader.load(folder.path).training()
      #expect(fine.kind == .cifar100)
      #expect(fine.labels == [99, 5])
      #expect(fine.classNames?.last == "fine99")
      var options = DatasetOptions()
      options.usesCoarseLabels = true
      let coarse = try DatasetLoader.load(folder.path, options: options).training()
      #expect(coarse.labels == [19, 1])
      #expect(coarse.classNames?.last == "coarse19")
    }
  }

  @Test func damageIsNamed() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      let path = folder.appendingPathComponent("data_batch_1.bin").path
      try write(["data_batch_1.bin": Array(Self.records([[3], [4]]).dropLast())], to: folder)
      #expect(
        message { try DatasetLoader.load(folder.path) }
          == "\(path): 6145 bytes are not a multiple of 3073, the length of a cifar-10 record; is it cut off?"
      )
      try write(["data_batch_1.bin": Self.records([[3], [10]])], to: folder)
      #expect(
        message { try DatasetLoader.load(folder.path) }
          == "\(path): label 10 at example 1, expected 0 to 9")
    }
  }
}
