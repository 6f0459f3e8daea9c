#if canImport(Glibc)
  internal import Glibc
#else
  internal import Foundation
#endif

extension SeededGenerator {
  /// A standard normal number, by Box and Muller's method.
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }
}

extension Tensor {
  /// A tensor of independent normal numbers.
  public static func normal(
    _ shape: Shape, standardDeviation: Double = 1, generator: inout SeededGenerator
  ) -> Tensor {
    let elements = (0..<shape.count).map { _ in Float(generator.normal() * standardDeviation) }
    return Tensor(shape: shape, elements: elements)
  }
}
