import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct DatasetTests {
  static func made(_ labels: [Int]) -> Dataset {
    let elements = (0..<labels.count * 2).map(Float.init)
    return Dataset(
      name: "made", inputs: Tensor(shape: [labels.count, 2], elements: elements), labels: labels)
  }

  @Test(arguments: [0.0, 0.1, 0.137, 0.5])
  func validationKeepsTheSharesOfTheClasses(fraction: Double) throws {
    let labels = (0..<1000).map { $0 % 10 < 7 ? 0 : $0 % 3 }
    let dataset = Self.made(labels)
    let (training, validation) = try dataset.split(validation: .fraction(fraction), seed: 1)
    #expect(validation.count == Int((fraction * 1000).rounded()))
    #expect(training.count + validation.count == 1000)
    for label in 0..<3 {
      let total = Double(labels.count { $0 == label })
      let held = Double((validation.labels ?? []).count { $0 == label })
      #expect(abs(held - fraction * total) < 1)
    }
    let first = try training.batch(0..<training.count).inputs.elements
    let second = try validation.batch(0..<validation.count).inputs.elements
    #expect((first + second).sorted() == (0..<2000).map(Float.init))
    #expect(first == first.sorted())
    #expect(validation.split == .validation)
  }

  @Test func theSeedDecidesTheSplit() throws {
    let dataset = Self.made((0..<100).map { $0 % 4 })
    func held(_ seed: UInt64) throws -> [Float] {
      try dataset.split(validation: .count(20), seed: seed).validation.batch(0..<20).inputs.elements
    }
    #expect(try held(1) == held(1))
    #expect(try held(1) != held(2))
    #expect(
      message { try dataset.split(validation: .count(100), seed: 1) }
        == "made: 100 of 100 examples held out leave none to learn from")
  }

  @Test func sizesAreReadFromText() {
    #expect(ValidationSize("0.1") == .fraction(0.1))
    #expect(ValidationSize("10%") == .fraction(0.1))
    #expect(ValidationSize("6000") == .count(6000))
    for text in ["", "-1", "1.5", "100%", "x", "nan", "-0.1"] {
      #expect(ValidationSize(text) == nil)
    }
  }

  @Test func subsetsOfSubsetsShowTheRightSamples() throws {
    let dataset = Self.made(Array(0..<50))
    let subset = dataset.subset(10..<40).subset([5, 0, 29]).subset(1..<3)
    #expect(subset.labels == [10, 39])
    #expect(try subset.batch([1, 0]).inputs.elements == [78, 79, 20, 21])
    #expect(subset.classCount == 50)
    #expect(try subset.digest() != dataset.digest())
    let same = dataset.subset(Array(0..<50))
    #expect(try same.digest() == dataset.digest())
  }

  @Test func aLimitTakesTheFirstOnesUnlessTheyAreSortedByClass() {
    #expect(Self.made([2, 0, 1, 0]).limited(to: 2).labels == [2, 0])
    #expect(Self.made([0, 0, 0, 1, 1, 1, 2, 2, 2]).limited(to: 3).labels == [0, 1, 2])
    #expect(Self.made([0, 1]).limited(to: 5).count == 2)
  }

  @Test func shapesBindByTheirValues() throws {
    let splits = try DatasetLoader.load(fixture("plain.h5"))
    let dataset = try splits.training()
    #expect(try dataset.reshaped(to: [4, 6, 1]).batch([0]).inputs.shape == [1, 4, 6, 1])
    #expect(try dataset.reshaped(to: [24]).inputShape == [24])
    for shape in [Shape([6, 4, 1]), [4, 5], [3, 4, 6]] {
      #expect(
        message { try dataset.reshaped(to: shape) }
          == "plain.h5: expected [\(shape)] as the model's input, \(shape.count) values, found [4×6], 24 values"
      )
    }
  }

  @Test func labelsOutsideOfAModelsClassesAreNamed() throws {
    let dataset = try DatasetLoader.load(fixture("plain.h5")).training()
    try dataset.checkLabels(classCount: 3)
    #expect(
      message { try dataset.checkLabels(classCount: 2) }
        == "plain.h5: label 2 at example 2, expected 0 to 1")
  }

  @Test func scalingIsAppliedOnlyWhenAsked() throws {
    let dataset = try DatasetLoader.load(fixture("plain.h5")).training()
    let raw = try dataset.batch([0]).inputs.elements
    #expect(raw == formula(1).map(Float.init))
    let scaled = try dataset.batch([0], scaling: SampleScaling(scale: 2, offset: -1)).inputs
      .elements
    #expect(scaled == raw.map { $0 * 2 - 1 })
    #expect(SampleScaling.bytesToUnit.description == "÷255")
    #expect(SampleScaling(scale: 2, offset: -1).description == "×2.0 − 1.0")
  }

  @Test func hdf5IsReadInItsForms() throws {
    let plain = try DatasetLoader.load(fixture("plain.h5")).training()
    #expect(plain.kind == .hdf5)
    #expect(plain.classNames == ["nought", "one", "two"])
    #expect(plain.labels == (0..<10).map { $0 % 3 })
    let groups = try DatasetLoader.load(fixture("groups.h5"))
    #expect(try groups.training().labels == plain.labels)
    #expect(try groups.training().batch(0..<10).inputs.elements == formula(10).map(Float.init))
    #expect(try groups.evaluation().count == 4)
    let targets = try DatasetLoader.load(fixture("targets.h5")).training()
    #expect(targets.targetShape == [2])
    #expect(targets.targets(of: [2])?.elements == [1, -5])
    #expect(try targets.subset([4]).batch([0]).targets?.elements == [0.5, -6])
  }

  @Test func theEmbeddedDigitsAreComplete() throws {
    let splits = try DatasetLoader.load(Fixtures.path("data/digits.h5"))
    let train = try splits.training()
    let test = try splits.evaluation()
    #expect(train.count == 1437)
    #expect(test.count == 360)
    #expect(train.inputShape == [8, 8])
    #expect(train.scalarType == .uint8)
    #expect(train.classNames == (0..<10).map(String.init))
    #expect(train.suggestedScaling == SampleScaling(scale: 1 / 16))
    for label in 0..<10 {
      let share = Double((train.labels ?? []).count { $0 == label }) / 1437
      #expect(abs(Double((test.labels ?? []).count { $0 == label }) / 360 - share) < 0.005)
    }
    let sum = try train.batch(0..<1437).inputs.elements.reduce(0, +)
    #expect(sum + (try test.batch(0..<360).inputs.elements.reduce(0, +)) == 561_718)
  }

  static let strangers: [(String, [UInt8], String)] = [
    ("empty", [], "the file is empty"),
    (
      "page", Array("<!DOCTYPE html><html>".utf8),
      "an HTML page, not the data; the download went wrong"
    ),
    (
      "pointer", Array("version https://git-lfs.github.com/spec/v1\noid".utf8),
      "a Git LFS pointer, not the data; run 'git lfs pull'"
    ),
    (
      "data_batch_1", [0x80, 0x02, 0x7D],
      "a Python pickle, which is never loaded; take the binary version of the data set"
    ),
    (
      "x.png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
      "a single image; give the folder that holds a sub-folder per class"
    ),
    ("x.parquet", Array("PAR1".utf8), "a Parquet file; save it as CSV or .npz"),
    (
      "x.bin", [1, 2, 3],
      "not a data set that is read: it begins with 01 02 03; known are IDX, CIFAR binary, HDF5, .npz, .npy, CSV and folders of images"
    ),
  ]

  @Test(arguments: strangers)
  func strangersAreToldWhatTheyAre(name: String, bytes: [UInt8], expected: String) throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write([name: bytes], to: folder)
      let path = folder.appendingPathComponent(name).path
      #expect(message { try DatasetLoader.load(path) } == "\(path): \(expected)")
    }
  }

  @Test func aFolderOfOtherThingsSaysWhatItHolds() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      try write(["notes.txt": [65], "inner/more.txt": [65]], to: folder)
      #expect(
        message { try DatasetLoader.load(folder.path) }
          == "\(folder.path): not a data set that is read: neither IDX, CIFAR (.bin) nor .npy files, nor sub-folders of images; it holds notes.txt, inner/"
      )
      #expect(
        message { try DatasetLoader.load(folder.path + "/nothing") }
          == "\(folder.path)/nothing: cannot open: no such file or directory")
    }
  }
}
