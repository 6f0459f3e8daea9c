/// A dense row-major array of Float, copied on write.
public struct Tensor: Sendable, Hashable {
  /// The extents.
  public let shape: Shape
  /// The values, `shape.count` of them, last axis fastest.
  ///
  /// Whoever changes them keeps their count: an observer here would copy the array at every write.
  public var elements: [Float]

  /// Makes a tensor; `elements` must have `shape.count` values.
  public init(shape: Shape, elements: [Float]) {
    precondition(elements.count == shape.count, "\(elements.count) elements for \(shape)")
    self.shape = shape
    self.elements = elements
  }

  /// Makes a tensor of one repeated value.
  public init(repeating value: Float, shape: Shape) {
    self.init(shape: shape, elements: [Float](repeating: value, count: shape.count))
  }

  /// Makes a tensor of zeros.
  public static func zeros(_ shape: Shape) -> Tensor { Tensor(repeating: 0, shape: shape) }

  /// The number of elements.
  public var count: Int { elements.count }

  /// The same values under another shape of equal count.
  public func reshaped(to shape: Shape) -> Tensor { Tensor(shape: shape, elements: elements) }

  /// Changes the elements in place without a check per write.
  ///
  /// `body` must not change the number of elements.
  public mutating func withMutableElements<Result>(
    _ body: (inout MutableSpan<Float>) -> Result
  ) -> Result {
    var span = elements.mutableSpan
    return body(&span)
  }
}
