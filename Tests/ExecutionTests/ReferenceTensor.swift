import Tensors

/// A tensor of Double with slow, obvious indexing: the raw material of the reference kernels.
struct ReferenceTensor {
  var extents: [Int]
  var values: [Double]

  init(_ extents: [Int], repeating value: Double = 0) {
    self.extents = extents
    values = [Double](repeating: value, count: extents.reduce(1, *))
  }

  init(_ tensor: Tensor) {
    extents = tensor.shape.extents
    values = tensor.elements.map(Double.init)
  }

  /// The tensor whose elements are given by their indices.
  init(_ extents: [Int], _ element: ([Int]) -> Double) {
    self.init(extents)
    for position in values.indices { values[position] = element(indices(of: position)) }
  }

  var last: Int { extents.last ?? 1 }

  func indices(of position: Int) -> [Int] {
    var rest = position
    var indices = [Int](repeating: 0, count: extents.count)
    for axis in extents.indices.reversed() {
      indices[axis] = rest % extents[axis]
      rest /= extents[axis]
    }
    return indices
  }

  subscript(_ indices: [Int]) -> Double {
    get { values[position(indices)] }
    set { values[position(indices)] = newValue }
  }

  subscript(_ indices: Int...) -> Double { self[indices] }

  /// The element, or nil outside the tensor.
  func element(_ indices: [Int]) -> Double? {
    for (index, extent) in zip(indices, extents) where index < 0 || index >= extent { return nil }
    return self[indices]
  }

  private func position(_ indices: [Int]) -> Int {
    precondition(indices.count == extents.count)
    var position = 0
    for (index, extent) in zip(indices, extents) {
      precondition(index >= 0 && index < extent)
      position = position * extent + index
    }
    return position
  }
}
