/// A small deterministic generator (SplitMix64): the same seed gives the same numbers everywhere.
///
/// Source: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators".
public struct SeededGenerator: RandomNumberGenerator, Sendable, Hashable {
  /// The whole state, so that a run can be saved and continued bit for bit.
  public private(set) var state: UInt64

  /// Starts from a seed.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A generator for an independent stream, named by a number.
  public func split(_ stream: UInt64) -> SeededGenerator {
    var child = SeededGenerator(seed: state ^ (stream &* 0xD1B5_4A32_D192_ED03 &+ 1))
    _ = child.next()
    return child
  }

  /// A number in [0, 1).
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
