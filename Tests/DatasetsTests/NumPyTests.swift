import Archives
import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct NumPyTests {
  static let variants: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: fixture("npy"))) ?? []).sorted()

  @Test func thereAreVariants() { #expect(Self.variants.count >= 22) }

  @Test(arguments: variants) func everyVariantOfNumPyHoldsTheSameValues(name: String) throws {
    let tensor = try NumPyFile.read(fixture("npy/\(name)")).tensor()
    #expect(tensor.shape == [2, 3, 4])
    let expected = (0..<24).map { name == "bool.npy" ? Float($0 % 2) : Float($0) }
    #expect(tensor.elements == expected)
  }

  @Test(arguments: [
    (
      "object.npy",
      "an array of Python objects is never unpickled; save it with a number type, such as x.astype('float32')"
    ),
    ("text.npy", "element type '<U2', numbers and Booleans are read"),
    ("complex.npy", "element type '<c8', numbers and Booleans are read"),
    ("record.npy", "a structured array; save one array per field"),
  ])
  func otherElementsAreRefused(name: String, reason: String) {
    let path = fixture("refused/\(name)")
    #expect(message { try NumPyFile.read(path) } == "\(path): \(reason)")
  }

  @Test func headersThatLieAreRefused() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      let path = folder.appendingPathComponent("x.npy").path
      func found(_ header: String, version: UInt8 = 1, _ content: [UInt8] = [1, 2]) throws -> String
      {
        let bytes: [UInt8] =
          [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(header.utf8.count), 0]
          + Array(header.utf8) + content
        try write(["x.npy": bytes], to: folder)
        return message { try NumPyFile.read(path) }
      }
      let good = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n"
      #expect(try found(good) == "no error")
      #expect(try found(good, [1]) == "\(path): the header declares 2 bytes, 1 are there")
      #expect(try found(good, [1, 2, 3]) == "\(path): the header declares 2 bytes, 3 are there")
      #expect(try found(good, version: 4) == "\(path): NumPy format version 4, 1 to 3 are read")
      #expect(
        try found("{'descr': '|u1', 'fortran_order': False}")
          == "\(path): header: expected the keys 'descr', 'fortran_order' and 'shape', found not all of them"
      )
      #expect(
        try found("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}")
          == "\(path): header: expected an extent that fits in 64 bits, found more")
      #expect(
        try found("{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999, 9999999999)}")
          == "\(path): declares [9999999999, 9999999999] values, more than any file holds")
      #expect(
        try found("{'descr': '|u1', 'fortran_order': __import__('os'), 'shape': (2,)}")
          == "\(path): header: expected True or False, found '_'")
      #expect(
        try found("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (2,)}")
          == "\(path): header: expected the keys 'descr', 'fortran_order', 'shape' once each, found 'descr'"
      )
      #expect(
        try found("{'descr': '|u1', 'fortran_order': False, 'shape': (-2,)}")
          == "\(path): header: expected a number, found '-'")
    }
  }

  @Test func truncationAtEveryByteAndMutationsAreRefusedOrHarmless() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture("npy/fortran.npy"))))
    var generator = SeededGenerator(seed: 5)
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      let path = folder.appendingPathComponent("x.npy").path
      for count in 0..<bytes.count {
        try write(["x.npy": Array(bytes[..<count])], to: folder)
        #expect(throws: DatasetError.self) { try NumPyFile.read(path) }
      }
      for _ in 0..<2000 {
        var mutated = bytes
        mutated[Int(generator.next() % 80)] = UInt8(truncatingIfNeeded: generator.next())
        try write(["x.npy": mutated], to: folder)
        _ = try? NumPyFile.read(path)
      }
    }
  }

  @Test func archivesAreReadByTheirUsualNames() throws {
    let splits = try DatasetLoader.load(fixture("split.npz"))
    #expect(try splits.training().kind == .npz)
    #expect(try splits.training().labels == (0..<10).map { $0 % 3 })
    #expect(try splits.evaluation().count == 4)
    #expect(
      try splits.training().batch(9..<10).inputs.elements == formula(10)[216...].map(Float.init))
    for name in ["compressed.npz", "positional.npz"] {
      let dataset = try DatasetLoader.load(fixture(name)).training()
      #expect(dataset.split == .all)
      #expect(try dataset.digest() == splits.training().digest())
    }
  }

  @Test func otherNamesAreAskedFor() throws {
    let path = fixture("names.npz")
    #expect(
      message { try DatasetLoader.load(path) }
        == "\(path): no array 'x' or 'x_train', it has: 'pictures', 'digits'; name it with --x")
    var options = DatasetOptions()
    options.inputName = "pictures"
    #expect(
      message { try DatasetLoader.load(path, options: options) }
        == "\(path): no labels for 'pictures', it has: 'pictures', 'digits'; name them with --y")
    options.labelName = "digit"
    #expect(
      message { try DatasetLoader.load(path, options: options) }
        == "\(path): no array 'digit', it has: 'pictures', 'digits'")
    options.labelName = "digits"
    #expect(try DatasetLoader.load(path, options: options).training().count == 10)
  }

  @Test func countsThatDifferAreNamedWithBothSides() {
    let path = fixture("counts.npz")
    #expect(
      message { try DatasetLoader.load(path) }
        == "\(path): x: 10 examples, but 4 labels in \(path): y")
  }

  @Test func aPairOfFilesIsReadFromEitherEnd() throws {
    let folder = try DatasetLoader.load(fixture("pair")).training()
    let file = try DatasetLoader.load(fixture("pair/x_train.npy")).training()
    #expect(folder.kind == .npy)
    #expect(folder.split == .train)
    #expect(folder.scalarType == .float32)
    #expect(try folder.digest() == file.digest())
    #expect(try folder.batch([1]).inputs.elements == formula(2)[24...].map { Float($0) / 4 })
  }

  @Test func streamedArraysGiveTheSameAsResidentOnes() throws {
    var options = DatasetOptions()
    options.residentByteCount = 0
    for name in ["split.npz", "compressed.npz", "pair", "plain.h5", "groups.h5"] {
      let resident = try DatasetLoader.load(fixture(name)).training()
      let streamed = try DatasetLoader.load(fixture(name), options: options).training()
      #expect(try resident.digest() == streamed.digest())
      let order = [3, 4, 5, 9, 0, 0, 1]
      #expect(
        try resident.batch(order, scaling: .bytesToUnit)
          == streamed.batch(order, scaling: .bytesToUnit))
    }
  }

  @Test func writtenArraysReadBackWithEveryType() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      let tensor = Tensor(shape: [2, 3], elements: [0, 1, 2, 3, 4, 5])
      let path = folder.appendingPathComponent("x.npz").path
      let types = ScalarType.allCases.filter { $0 != .bfloat16 }
      try NumPyArchive.write(
        types.map { ($0.rawValue, RawTensor(tensor, as: $0)) }, to: path, compressed: true)
      for type in types {
        #expect(try NumPyArchive.read(type.rawValue, from: path) == RawTensor(tensor, as: type))
      }
      #expect(
        message { try NumPyArchive.read("nothing", from: path) }
          == "\(path): no entry 'nothing.npy'")
    }
  }

  @Test func anEncodedArrayIsByteForByteNumPys() throws {
    let elements = (0..<24).map(Float.init)
    let tensor = RawTensor(Tensor(shape: [2, 3, 4], elements: elements))
    let reference = [UInt8](
      try Data(contentsOf: URL(fileURLWithPath: fixture("npy/f4-little.npy"))))
    #expect(NumPyFile.encoded(tensor) == reference)
  }
}
