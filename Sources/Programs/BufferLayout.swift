/// Places buffers of known lifetimes in one block of memory so that it is small.
///
/// Buffers that are alive at the same step never overlap. Several orders are tried, each buffer
/// going to the lowest place that is free for its whole life; the smallest block is taken.
public struct BufferLayout: Sendable, Hashable {
  /// One buffer: its size, and the steps from its first write to its last use.
  public struct Buffer: Sendable, Hashable {
    /// The bytes.
    public var byteCount: Int
    /// The steps at which it is alive, both ends included.
    public var lifetime: ClosedRange<Int>

    /// Describes a buffer.
    public init(byteCount: Int, lifetime: ClosedRange<Int>) {
      self.byteCount = byteCount
      self.lifetime = lifetime
    }
  }

  /// Where each buffer starts, in bytes, in the order given.
  public let offsets: [Int]
  /// The bytes of the whole block.
  public let byteCount: Int

  /// Lays out buffers; every offset is a multiple of `alignment`.
  public init(_ buffers: [Buffer], alignment: Int = 4) {
    precondition(alignment > 0, "an alignment of at least 1")
    let indices = Array(buffers.indices)
    func size(_ index: Int) -> Int { buffers[index].byteCount }
    func first(_ index: Int) -> Int { buffers[index].lifetime.lowerBound }
    func length(_ index: Int) -> Int { buffers[index].lifetime.count }
    let orders: [[Int]] = [
      indices.sorted { (size($1), first($0), $0) < (size($0), first($1), $1) },
      indices.sorted { (first($0), size($1), $0) < (first($1), size($0), $1) },
      indices.sorted { (length($1), size($1), $0) < (length($0), size($0), $1) },
    ]
    var best: (offsets: [Int], byteCount: Int)?
    for order in orders {
      let candidate = BufferLayout.placed(buffers, order: order, alignment: alignment)
      if best.map({ candidate.byteCount < $0.byteCount }) ?? true { best = candidate }
    }
    offsets = best?.offsets ?? []
    byteCount = best?.byteCount ?? 0
  }

  private static func placed(
    _ buffers: [Buffer], order: [Int], alignment: Int
  ) -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: buffers.count)
    var done: [Int] = []
    var end = 0
    for index in order {
      let buffer = buffers[index]
      let neighbours = done.filter { buffers[$0].lifetime.overlaps(buffer.lifetime) }
        .sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for other in neighbours {
        if offset + buffer.byteCount <= offsets[other] { break }
        let free = offsets[other] + buffers[other].byteCount
        offset = max(offset, (free + alignment - 1) / alignment * alignment)
      }
      offsets[index] = offset
      done.append(index)
      end = max(end, offset + buffer.byteCount)
    }
    return (offsets, (end + alignment - 1) / alignment * alignment)
  }
}
