/// Copies the part of a chunk that overlaps a box of rows into that box.
struct BoxCopy {
  private let chunk: [Int]
  private let box: [Int]
  private let elementSize: Int
  /// Per axis: the first overlapping index in the chunk, in the box, and how many there are.
  private let parts: [(chunk: Int, box: Int, count: Int)]

  /// `origin` is the chunk's first element in coordinates of the box; it may lie before it.
  init(chunk: [Int], at origin: [Int], box: [Int], elementSize: Int) {
    self.chunk = chunk
    self.box = box
    self.elementSize = elementSize
    parts = box.indices.map { axis in
      let low = max(0, origin[axis])
      let high = min(box[axis], origin[axis] + chunk[axis])
      return (low - origin[axis], low, max(0, high - low))
    }
  }

  func run(from source: [UInt8], to target: inout [UInt8]) {
    guard parts.allSatisfy({ $0.count > 0 }) else { return }
    precondition(source.count == chunk.reduce(elementSize, *))
    precondition(target.count == box.reduce(elementSize, *))
    unsafe source.withUnsafeBytes { source in
      unsafe target.withUnsafeMutableBytes { target in
        unsafe copy(axis: 0, source, target, chunkStart: 0, boxStart: 0)
      }
    }
  }

  /// Starts count elements from the beginning, in row-major order of the axes before `axis`.
  private func copy(
    axis: Int, _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer,
    chunkStart: Int, boxStart: Int
  ) {
    let part = parts[axis]
    let from = chunkStart * chunk[axis] + part.chunk
    let to = boxStart * box[axis] + part.box
    guard axis == box.count - 1 else {
      for index in 0..<part.count {
        unsafe copy(
          axis: axis + 1, source, target, chunkStart: from + index, boxStart: to + index)
      }
      return
    }
    let size = part.count * elementSize
    let (first, place) = (from * elementSize, to * elementSize)
    precondition(first >= 0 && first + size <= source.count)
    precondition(place >= 0 && place + size <= target.count)
    // Both ranges were checked on the two lines above.
    unsafe UnsafeMutableRawBufferPointer(rebasing: target[place..<place + size])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[first..<first + size]))
  }
}
