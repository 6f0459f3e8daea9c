/// input = stored · scale + offset, applied to every value of a sample.
public struct SampleScaling: Sendable, Hashable, CustomStringConvertible {
  /// The factor.
  public var scale: Float
  /// The summand, added after the multiplication.
  public var offset: Float

  /// Makes a scaling.
  public init(scale: Float, offset: Float = 0) {
    self.scale = scale
    self.offset = offset
  }

  /// Values as they are stored.
  public static let identity = SampleScaling(scale: 1)

  /// Bytes 0 … 255 to 0 … 1.
  public static let bytesToUnit = SampleScaling(scale: 1 / 255)

  /// Maps a range of values, given as lower and upper bound, to 0 … 1; nil unless it is one.
  init?(unitFrom range: [Double]) {
    guard range.count == 2, range.allSatisfy(\.isFinite), range[0] < range[1] else { return nil }
    let scale = 1 / (range[1] - range[0])
    self.init(scale: Float(scale), offset: Float(0 - range[0] * scale))
  }

  /// A short form for tables: `÷255`, `none`, `×0.5 − 1`.
  public var description: String {
    if self == .identity { return "none" }
    let factor = self.scale == Self.bytesToUnit.scale ? "÷255" : "×\(scale)"
    if offset == 0 { return factor }
    return "\(factor) \(offset < 0 ? "−" : "+") \(abs(offset))"
  }
}
