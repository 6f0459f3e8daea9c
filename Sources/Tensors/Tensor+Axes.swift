extension Tensor {
  /// The tensor with its axes reordered: axis `i` of the result is axis `permutation[i]` of this.
  public func transposed(_ permutation: [Int]) -> Tensor {
    precondition(permutation.sorted() == Array(0..<shape.order), "not a permutation of the axes")
    let resultShape = Shape(permutation.map { shape[$0] })
    if permutation == Array(0..<shape.order) || count == 0 {
      return Tensor(shape: resultShape, elements: elements)
    }
    let sourceStrides = shape.strides
    let strides = permutation.map { sourceStrides[$0] }
    let innerCount = resultShape.last
    let innerStride = strides[strides.count - 1]
    var result = [Float](repeating: 0, count: count)
    var index = [Int](repeating: 0, count: resultShape.order)
    var base = 0
    var position = 0
    while position < count {
      var source = base
      for offset in 0..<innerCount {
        result[position + offset] = elements[source]
        source += innerStride
      }
      position += innerCount
      var axis = resultShape.order - 2
      while axis >= 0 {
        index[axis] += 1
        base += strides[axis]
        if index[axis] < resultShape[axis] { break }
        base -= strides[axis] * resultShape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return Tensor(shape: resultShape, elements: result)
  }

  /// Rows `range` along the first axis.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(shape.order >= 1 && range.upperBound <= shape[0], "rows out of range")
    let rowCount = count / max(shape[0], 1)
    return Tensor(
      shape: Shape([range.count] + shape.extents.dropFirst()),
      elements: Array(elements[range.lowerBound * rowCount..<range.upperBound * rowCount]))
  }
}
