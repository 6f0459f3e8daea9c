import Datasets
import Tensors
import Testing

@testable import Training

@Suite struct AugmentationTests {
  private let shape: Shape = [4, 5, 2]
  private var image: [Float] { (0..<40).map { Float($0 + 1) } }

  private func apply(_ augmentation: Augmentation, seed: UInt64) -> [Float] {
    var result = image
    var scratch = [Float](repeating: 0, count: 40)
    var generator = SeededGenerator(seed: seed)
    var span = result.mutableSpan
    augmentation.apply(to: &span, shape: shape, scratch: &scratch, generator: &generator)
    return result
  }

  /// The image moved and mirrored by definition.
  private func moved(down: Int, right: Int, mirrored: Bool) -> [Float] {
    var result: [Float] = []
    for y in 0..<4 {
      for x in 0..<5 {
        let row = y - down
        let column = mirrored ? 4 - (x - right) : x - right
        let isInside = (0..<4).contains(row) && (0..<5).contains(column)
        for channel in 0..<2 {
          result.append(isInside ? image[(row * 5 + column) * 2 + channel] : 0)
        }
      }
    }
    return result
  }

  @Test func everyShiftAndMirrorOccursAndNothingElse() {
    var expected = Set<[Float]>()
    for down in -1...1 {
      for right in -1...1 {
        for mirrored in [false, true] {
          expected.insert(moved(down: down, right: right, mirrored: mirrored))
        }
      }
    }
    #expect(expected.count == 18)
    let found = Set((0..<600).map { apply(Augmentation(shift: 1, flips: true), seed: $0) })
    #expect(found == expected)
  }

  @Test func flipsMirrorHalfOfTheImages() {
    let mirror = moved(down: 0, right: 0, mirrored: true)
    let count = (0..<1000).count { apply(Augmentation(flips: true), seed: UInt64($0)) == mirror }
    #expect((420...580).contains(count))
  }

  @Test func offChangesNothing() {
    #expect(apply(Augmentation(), seed: 3) == image)
    #expect(!Augmentation().isActive)
  }

  @Test func neitherBatchesNorShardsChangeWhatIsDrawn() throws {
    let data = blobs(count: 12, shape: [4, 5, 2])
    func images(batch: Int, parts: Int, epoch: Int = 2) throws -> [Float] {
      let source = BatchSource(
        dataset: data, scaling: .identity, augmentation: Augmentation(shift: 2, flips: true),
        seed: 8)
      var result: [Float] = []
      for position in stride(from: 0, to: 12, by: batch) {
        let step = TrainingStep(
          source: source, indices: Array(position..<position + batch), epoch: epoch,
          position: position, loss: .crossEntropy, judgesLogits: true, distillation: nil, seed: 0)
        for start in stride(from: 0, to: batch, by: batch / parts) {
          let rows = start..<start + batch / parts
          var part = [Float](repeating: 0, count: rows.count * 40)
          var scratch: [Float] = []
          var span = part.mutableSpan
          try source.fill(&span, rows: rows, of: step, scratch: &scratch)
          result += part
        }
      }
      return result
    }
    let whole = try images(batch: 12, parts: 1)
    #expect(try images(batch: 12, parts: 3) == whole)
    #expect(try images(batch: 4, parts: 2) == whole)
    #expect(try images(batch: 12, parts: 1, epoch: 3) != whole)
    #expect(whole != (try data.batch(0..<12).inputs.elements))
  }
}
