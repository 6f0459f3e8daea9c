import Tensors

/// The shape rules of merging, padding and rearranging.
extension ShapeInference {
  func rearrangedExtents() throws(LoweringError) -> [Int] {
    let x = operands[0]
    switch operation {
    case .elementwise: return try broadcastExtents()
    case .concatenate(let axis): return try concatenated(axis)
    case .pad(let amounts, _): return try margined(amounts, sign: 1)
    case .crop(let amounts): return try margined(amounts, sign: -1)
    case .upsample(let heightFactor, let widthFactor, _):
      guard x.order == 3 else { throw mismatch("3 axes [height × width × channels]", "\(x)") }
      guard heightFactor >= 1, widthFactor >= 1 else {
        throw mismatch("factors of at least 1", "\(heightFactor)×\(widthFactor)")
      }
      guard let height = product(x[0], heightFactor), let width = product(x[1], widthFactor) else {
        throw .tooLarge(origin: origin, operation: operation.name, size: "the enlarged image")
      }
      return [height, width, x[2]]
    case .repeatVector(let count):
      guard count >= 1 else { throw mismatch("at least one repetition", "\(count)") }
      return [count] + x.extents
    case .reshape(let shape):
      guard shape.count == x.count else {
        throw mismatch("\(x.count) elements of \(x)", "\(shape)")
      }
      return shape.extents
    case .transpose(let permutation):
      guard permutation.sorted() == Array(0..<x.order) else {
        throw mismatch("a permutation of \(x.order) axes", "\(permutation)")
      }
      return permutation.map { x[$0] }
    case .affine(let scale, let offset):
      guard x.order >= 1 || (scale.count == 1 && offset.count == 1) else {
        throw mismatch("at least one axis", "\(x)")
      }
      for list in [scale, offset] where list.count != 1 && list.count != x.last {
        throw mismatch("1 or \(x.last) values", "\(list.count)")
      }
      return x.extents
    case .embedding(let id):
      return x.extents + [try parameter(id, order: 2, "[entries × width]")[1]]
    case .selectLast(let indices):
      guard x.order >= 1, indices.allSatisfy({ $0 >= 0 && $0 < x.last }) else {
        let outside = indices.first { $0 < 0 || $0 >= x.last } ?? 0
        throw mismatch("entries below \(x.last) of \(x)", "entry \(outside)")
      }
      return x.extents.dropLast() + [indices.count]
    default: return x.extents
    }
  }

  private func broadcastExtents() throws(LoweringError) -> [Int] {
    var extents = operands[0].extents
    for other in operands.dropFirst() {
      guard other.order == extents.count else {
        throw mismatch("operands of \(extents.count) axes like \(operands[0])", "\(other)")
      }
      for axis in extents.indices where extents[axis] != other[axis] {
        guard extents[axis] == 1 || other[axis] == 1 else {
          throw mismatch("operands of the shape \(operands[0])", "\(other)")
        }
        extents[axis] = max(extents[axis], other[axis])
      }
    }
    return extents
  }

  private func concatenated(_ axis: Int) throws(LoweringError) -> [Int] {
    let first = operands[0]
    try checkAxis(axis, of: first)
    var joined = 0
    for other in operands {
      guard other.order == first.order,
        replacing(axis, of: other, by: first[axis]) == first.extents
      else { throw mismatch("\(first) but for axis \(axis)", "\(other)") }
      guard let next = sum(joined, other[axis]) else {
        throw .tooLarge(origin: origin, operation: operation.name, size: "the joined axis")
      }
      joined = next
    }
    return replacing(axis, of: first, by: joined)
  }

  private func margined(_ amounts: [AxisMargin], sign: Int) throws(LoweringError) -> [Int] {
    let x = operands[0]
    guard amounts.count == x.order else {
      throw mismatch("margins for \(x.order) axes", "\(amounts.count)")
    }
    var extents: [Int] = []
    for (axis, amount) in amounts.enumerated() {
      guard amount.before >= 0, amount.after >= 0, let margin = sum(amount.before, amount.after)
      else { throw mismatch("margins of at least 0", "\(amount.before), \(amount.after)") }
      guard let grown = sum(x[axis], margin) else {
        throw .tooLarge(origin: origin, operation: operation.name, size: "the padded axis")
      }
      let extent = sign > 0 ? grown : x[axis] - margin
      guard extent >= 1 else {
        throw mismatch("margins below \(x[axis]) along axis \(axis)", "\(margin)")
      }
      extents.append(extent)
    }
    return extents
  }
}
