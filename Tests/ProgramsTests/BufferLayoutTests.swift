import Programs
import Tensors
import Testing

/// Buffers in one block of memory.
@Suite struct BufferLayoutTests {
  private static func random(_ count: Int, seed: UInt64) -> [BufferLayout.Buffer] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      let first = Int(generator.uniform() * 20)
      return BufferLayout.Buffer(
        byteCount: 1 + Int(generator.uniform() * 400),
        lifetime: first...first + Int(generator.uniform() * 8))
    }
  }

  @Test(arguments: 1...20)
  func buffersThatLiveTogetherNeverOverlap(seed: Int) {
    let buffers = Self.random(30, seed: UInt64(seed))
    let layout = BufferLayout(buffers, alignment: 8)
    for (i, left) in buffers.enumerated() {
      #expect(layout.offsets[i] % 8 == 0)
      #expect(layout.offsets[i] + left.byteCount <= layout.byteCount)
      for (j, right) in buffers.enumerated()
      where i < j && left.lifetime.overlaps(right.lifetime) {
        let isApart =
          layout.offsets[i] + left.byteCount <= layout.offsets[j]
          || layout.offsets[j] + right.byteCount <= layout.offsets[i]
        #expect(isApart, "\(left) and \(right)")
      }
    }
  }

  @Test(arguments: 1...20)
  func theBlockIsNeverBelowThePeakAndSeldomAboveIt(seed: Int) {
    let buffers = Self.random(12, seed: UInt64(seed))
    let layout = BufferLayout(buffers, alignment: 1)
    let peak =
      (0..<40).map { step in
        buffers.filter { $0.lifetime.contains(step) }.reduce(0) { $0 + $1.byteCount }
      }.max() ?? 0
    #expect(layout.byteCount >= peak)
    #expect(Double(layout.byteCount) <= 1.35 * Double(peak))
  }

  @Test func aChainTakesItsTwoLargestNeighbours() {
    let sizes = [400, 100, 300, 40]
    let buffers = sizes.enumerated().map { index, size in
      BufferLayout.Buffer(byteCount: size, lifetime: index...index + 1)
    }
    #expect(BufferLayout(buffers).byteCount == 500)
  }

  @Test func nothingTakesNothing() {
    #expect(BufferLayout([]).byteCount == 0)
    #expect(BufferLayout([]).offsets.isEmpty)
  }
}
