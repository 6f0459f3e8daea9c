import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ImageTests {
  @Test(.enabled(if: ImageCodec.isAvailable))
  func picturesAreReadAsPillowReadsThem() throws {
    let splits = try DatasetLoader.load(fixture("colour"))
    let train = try splits.training()
    #expect(train.kind == .images)
    #expect(train.classNames == ["cat", "dog"])
    #expect(train.labels == [0, 0, 0, 1, 1, 1])
    #expect(train.inputShape == [6, 9, 3])
    #expect(try splits.evaluation().labels == [0, 1])
    var position = 0
    for kind in ["cat", "dog"] {
      for file in ["0.png", "1.png", "2.jpg"] {
        let reference = try NumPyArchive.read(
          "colour|train|\(kind)|\(file)", from: fixture("decoded.npz")
        ).tensor()
        let found = try train.batch([position]).inputs.elements
        let difference = zip(found, reference.elements).map { abs($0 - $1) }.max() ?? 0
        // PNG is exact; two JPEG decoders may round differently.
        #expect(difference <= (file.hasSuffix("jpg") ? 3 : 0))
        position += 1
      }
    }
  }

  @Test(.enabled(if: ImageCodec.isAvailable))
  func greyPicturesHaveNoChannelAxis() throws {
    let grey = try DatasetLoader.load(fixture("grey")).training()
    #expect(grey.inputShape == [5, 4])
    #expect(grey.labels == [0, 0, 1])
    let reference = try NumPyArchive.read("grey|b|0.png", from: fixture("decoded.npz")).tensor()
    #expect(try grey.batch([2]).inputs.elements == reference.elements)
    var options = DatasetOptions()
    options.residentByteCount = 0
    #expect(
      try DatasetLoader.load(fixture("grey"), options: options).training().digest() == grey.digest()
    )
  }

  @Test(.enabled(if: ImageCodec.isAvailable))
  func damagedAndUnequalPicturesAreNamed() throws {
    try Fixtures.withTemporaryFolder { (folder: URL) throws in
      let small = try #require(ImageCodec.png([0, 1, 2, 3], width: 2, height: 2, channels: 1))
      let large = try #require(
        ImageCodec.png([0, 1, 2, 3, 4, 5], width: 3, height: 2, channels: 1))
      try write(["a/0.png": small, "b/0.png": large], to: folder)
      #expect(
        message { try DatasetLoader.load(folder.path) }
          == "\(folder.path)/b/0.png: expected 2×2 pixels as in \(folder.path)/a/0.png, found 2×3; scale the pictures to one size"
      )
      for count in stride(from: 8, to: small.count - 12, by: 1) {
        try write(["b/0.png": Array(small[..<count])], to: folder)
        #expect(throws: DatasetError.self, "\(count)") { try DatasetLoader.load(folder.path) }
      }
    }
  }

  @Test(.enabled(if: ImageCodec.isAvailable))
  func mutatedPicturesNeverTrap() throws {
    var generator = SeededGenerator(seed: 7)
    for file in ["0.png", "2.jpg"] {
      let url = URL(fileURLWithPath: fixture("colour/train/cat/\(file)"))
      let bytes = [UInt8](try Data(contentsOf: url))
      for _ in 0..<2000 {
        var mutated = bytes
        mutated[Int(generator.next() % UInt64(bytes.count))] = UInt8(
          truncatingIfNeeded: generator.next())
        guard let size = try? ImageCodec.size(of: mutated, place: file),
          size.width * size.height < 1 << 20
        else { continue }
        _ = try? ImageCodec.decode(mutated, size: size, channels: 3, place: file)
      }
    }
  }

  @Test(.enabled(if: !ImageCodec.isAvailable))
  func aBuildWithoutTheLibrariesSaysSo() {
    let path = fixture("grey")
    #expect(
      message { try DatasetLoader.load(path) }
        == "\(path): this build cannot read PNG and JPEG; build it with 'swift build --traits Images' (libpng, libjpeg), or save the pictures as .npz"
    )
  }
}
