public import Tensors

/// Some samples, ready to compute with.
public struct Batch: Sendable, Hashable {
  /// [samples × input shape].
  public var inputs: Tensor
  /// One class per sample, where the data set has classes.
  public var labels: [Int]?
  /// [samples × target shape], where the data set has targets.
  public var targets: Tensor?
}

extension Dataset {
  /// Reads samples by their positions in this data set, which may repeat.
  ///
  /// - Throws: ``DatasetError`` if the source can no longer be read.
  public func batch(
    _ indices: some Sequence<Int>, scaling: SampleScaling = .identity
  ) throws(DatasetError) -> Batch {
    let indices = Array(indices)
    var elements = [Float](repeating: 0, count: indices.count * inputShape.count)
    try copyInputs(of: indices, scaling: scaling, into: &elements)
    return Batch(
      inputs: Tensor(shape: Shape([indices.count] + inputShape.extents), elements: elements),
      labels: labels(of: indices), targets: targets(of: indices))
  }

  /// Writes scaled inputs to the front of a buffer that the caller keeps from batch to batch.
  ///
  /// `buffer` must hold at least `indices.count · inputShape.count` values.
  ///
  /// - Throws: ``DatasetError`` if the source can no longer be read.
  public func copyInputs(
    of indices: [Int], scaling: SampleScaling = .identity, into buffer: inout [Float]
  ) throws(DatasetError) {
    var span = buffer.mutableSpan
    try copyInputs(of: indices[...], scaling: scaling, into: &span)
  }

  /// Writes scaled inputs to the front of a span, such as a program's input buffer.
  ///
  /// `span` must hold at least `indices.count · inputShape.count` values.
  ///
  /// - Throws: ``DatasetError`` if the source can no longer be read.
  public func copyInputs(
    of indices: ArraySlice<Int>, scaling: SampleScaling = .identity,
    into span: inout MutableSpan<Float>
  ) throws(DatasetError) {
    let count = indices.count * inputShape.count
    precondition(span.count >= count, "\(span.count) places for \(count) values")
    let rows = indices.map { selection[$0] }
    var front = span._mutatingExtracting(0..<count)
    try storage.decode(rows, scaling: scaling, into: &front)
  }

  /// The classes of samples, or nil where there are none.
  public func labels(of indices: [Int]) -> [Int]? {
    guard case .classes(let classes) = supervision else { return nil }
    return indices.map { classes[selection[$0]] }
  }

  /// The targets of samples, or nil where there are none.
  public func targets(of indices: [Int]) -> Tensor? {
    guard case .targets(let targets) = supervision else { return nil }
    let rowCount = targets.count / max(targets.shape[0], 1)
    var elements: [Float] = []
    elements.reserveCapacity(indices.count * rowCount)
    for index in indices {
      let row = selection[index]
      elements.append(contentsOf: targets.elements[row * rowCount..<(row + 1) * rowCount])
    }
    return Tensor(
      shape: Shape([indices.count] + targets.shape.extents.dropFirst()), elements: elements)
  }
}
