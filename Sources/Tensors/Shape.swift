/// The extents of a tensor's axes, outermost first; a scalar has none.
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extent of each axis.
  public let extents: [Int]

  /// Makes a shape; every extent must be at least 0 and the element count must fit in `Int`.
  public init(_ extents: [Int]) {
    precondition(Shape.elementCount(of: extents) != nil, "shape \(extents) is out of range")
    self.extents = extents
  }

  /// Makes a shape from a literal such as `[28, 28, 1]`.
  public init(arrayLiteral elements: Int...) {
    self.init(elements)
  }

  /// Makes a shape from untrusted extents; nil if one is negative or the product overflows.
  public init?(checking extents: [Int]) {
    guard Shape.elementCount(of: extents) != nil else { return nil }
    self.extents = extents
  }

  /// The number of elements, or nil if an extent is negative or the product overflows.
  ///
  /// An extent of 0 hides nothing: the others must be countable by themselves, so that every part
  /// of a shape that was checked, such as one sample's, is a shape too.
  public static func elementCount(of extents: [Int]) -> Int? {
    var count = 1
    for extent in extents where extent != 0 {
      guard extent > 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      count = product
    }
    return extents.contains(0) ? 0 : count
  }

  /// The number of axes (never called rank: that is a factorisation's).
  public var order: Int { extents.count }

  /// The number of elements.
  public var count: Int { extents.reduce(1, *) }

  /// The extent of one axis.
  public subscript(axis: Int) -> Int { extents[axis] }

  /// The last axis' extent, 1 for a scalar.
  public var last: Int { extents.last ?? 1 }

  /// Row-major distances, in elements, between neighbours along each axis.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: order)
    for axis in stride(from: order - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    return strides
  }

  /// The extents joined by ×, such as `3×3×64×128`; a scalar prints `scalar`.
  public var description: String {
    extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: "×")
  }
}
