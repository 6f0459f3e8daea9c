import Tensors

/// Copies a box of elements between two strided layouts; its adjoint adds the other way.
///
/// Padding, cropping, transposing, joining, repeating and broadcasting are all this one map.
struct BoxCopy: Sendable {
  /// The box's extents, merged where both sides allow; at least one axis.
  private let extents: [Int]
  private let sourceStrides: [Int]
  private let targetStrides: [Int]
  private let sourceStart: Int
  private let targetStart: Int

  /// Makes a copy of a box; strides and starts are in elements.
  init(
    extents: [Int], sourceStrides: [Int], targetStrides: [Int], sourceStart: Int = 0,
    targetStart: Int = 0
  ) {
    var merged: [(extent: Int, source: Int, target: Int)] = []
    for axis in extents.indices where extents[axis] != 1 {
      let next = (extent: extents[axis], source: sourceStrides[axis], target: targetStrides[axis])
      if let last = merged.last, last.source == next.source * next.extent,
        last.target == next.target * next.extent
      {
        merged[merged.count - 1] = (last.extent * next.extent, next.source, next.target)
      } else {
        merged.append(next)
      }
    }
    if merged.isEmpty { merged = [(1, 1, 1)] }
    self.extents = merged.map(\.extent)
    self.sourceStrides = merged.map(\.source)
    self.targetStrides = merged.map(\.target)
    self.sourceStart = sourceStart
    self.targetStart = targetStart
  }

  /// Repeats a tensor along the axes in which it has extent 1.
  static func broadcast(_ shape: Shape, to target: Shape) -> BoxCopy {
    let strides = shape.strides
    return BoxCopy(
      extents: target.extents,
      sourceStrides: target.extents.indices.map { shape[$0] == 1 ? 0 : strides[$0] },
      targetStrides: target.strides)
  }

  /// target ← source, inside the box.
  func copy(_ source: Span<Float>, to target: inout MutableSpan<Float>) {
    let inner = extents.count - 1
    let (length, from, to) = (extents[inner], sourceStrides[inner], targetStrides[inner])
    forEachRow { sourceRow, targetRow in
      if from == 1, to == 1 {
        var row = target._mutatingExtracting(targetRow..<targetRow + length)
        row.copy(source.extracting(sourceRow..<sourceRow + length))
      } else if from == 0, to == 1 {
        var row = target._mutatingExtracting(targetRow..<targetRow + length)
        row.fill(source[sourceRow])
      } else {
        for index in 0..<length {
          target[targetRow + index * to] = source[sourceRow + index * from]
        }
      }
    }
  }

  /// source ← source + target, inside the box: the adjoint of `copy`.
  func addBack(_ target: Span<Float>, to source: inout MutableSpan<Float>) {
    let inner = extents.count - 1
    let (length, from, to) = (extents[inner], sourceStrides[inner], targetStrides[inner])
    forEachRow { sourceRow, targetRow in
      if from == 1, to == 1 {
        var row = source._mutatingExtracting(sourceRow..<sourceRow + length)
        row.add(target.extracting(targetRow..<targetRow + length))
      } else if from == 0, to == 1 {
        source[sourceRow] += total(target.extracting(targetRow..<targetRow + length))
      } else {
        for index in 0..<length {
          source[sourceRow + index * from] += target[targetRow + index * to]
        }
      }
    }
  }

  /// Visits the innermost rows in order.
  @inline(__always)
  private func forEachRow(_ body: (_ source: Int, _ target: Int) -> Void) {
    let outer = extents.count - 1
    if outer == 0 {
      body(sourceStart, targetStart)
      return
    }
    var index = [Int](repeating: 0, count: outer)
    var source = sourceStart
    var target = targetStart
    while true {
      body(source, target)
      var axis = outer - 1
      while axis >= 0 {
        index[axis] += 1
        source += sourceStrides[axis]
        target += targetStrides[axis]
        if index[axis] < extents[axis] { break }
        source -= sourceStrides[axis] * extents[axis]
        target -= targetStrides[axis] * extents[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
