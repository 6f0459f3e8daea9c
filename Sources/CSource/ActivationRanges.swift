public import Programs

/// The least and the largest number that each channel of a program's values took on real data.
///
/// Channels are entries of the last axis.
public struct ActivationRanges: Sendable {
  /// One value's range.
  public struct Range: Sendable, Hashable {
    /// The least number of each channel.
    public var minimum: [Float]
    /// The largest number of each channel.
    public var maximum: [Float]

    /// A range that nothing has been added to.
    public init(channels: Int) {
      minimum = [Float](repeating: .infinity, count: channels)
      maximum = [Float](repeating: -.infinity, count: channels)
    }

    /// Takes in elements [… × channels], row-major from channel 0 on; NaN widens nothing.
    public mutating func add(_ values: Span<Float>) {
      let channels = minimum.count
      var channel = 0
      for index in values.indices {
        let value = values[index]
        if value < minimum[channel] { minimum[channel] = value }
        if value > maximum[channel] { maximum[channel] = value }
        channel = channel + 1 == channels ? 0 : channel + 1
      }
    }
  }

  /// The ranges by value.
  public var ranges: [ValueID: Range]

  /// Collects ranges.
  public init(_ ranges: [ValueID: Range] = [:]) { self.ranges = ranges }
}

/// What int8 codes stand for: x = (q − zero) · scale, with one scale or one a channel.
struct CodeScale: Hashable {
  /// One scale, or one a channel.
  var scales: [Double]
  var zero: Int

  /// The one scale.
  var scale: Double { scales[0] }

  /// The scale of a channel.
  subscript(channel: Int) -> Double { scales.count == 1 ? scales[0] : scales[channel] }

  /// The code of a number; −128 for NaN, as in C.
  func code(_ value: Double) -> Int8 {
    let code = (value / scale).rounded(.toNearestOrAwayFromZero) + Double(zero)
    return code > -128 ? Int8(min(code, 127)) : -128
  }

  /// 0 … 255 steps over a range that holds 0.
  init(minimum: Float, maximum: Float) {
    let low = Double(min(minimum.isFinite ? minimum : 0, 0))
    let high = Double(max(maximum.isFinite ? maximum : 0, 0))
    let scale = high > low ? max((high - low) / 255, CodeScale.least) : 1
    scales = [Double(Float(scale))]
    zero = Int(max(-128, min(127, (-128 - low / scale).rounded())))
  }

  /// A scale per channel, symmetric around 0.
  init(channels range: ActivationRanges.Range) {
    let extremes = zip(range.minimum, range.maximum).map { low, high in
      max(abs(low.isFinite ? low : 0), abs(high.isFinite ? high : 0))
    }
    // Channels far below the others are not worth more than 1/256 of the largest scale.
    let least = (extremes.max() ?? 0) / 256
    scales = extremes.map { extreme in
      let value = max(extreme, least)
      return value > 0 ? max(Double(value) / 127, CodeScale.least) : 1
    }
    zero = 0
  }

  /// The least scale: neither it nor its reciprocal leaves C's floats.
  private static let least = Double(Float.leastNormalMagnitude)
}

extension DeviceProgram {
  /// The code scales of all int8 values.
  /// - Throws: `CSourceError` where a value has no range.
  func codeScales(_ ranges: ActivationRanges) throws(CSourceError) -> [Int: CodeScale] {
    var groups: [ValueID: (minimum: Float, maximum: Float)] = [:]
    for (value, range) in ranges.ranges {
      let root = scaleGroup(of: value)
      let low = range.minimum.min() ?? 0
      let high = range.maximum.max() ?? 0
      let old = groups[root] ?? (low, high)
      groups[root] = (min(old.minimum, low), max(old.maximum, high))
    }
    var result: [Int: CodeScale] = [:]
    for (index, value) in values.enumerated() where value.isQuantized {
      if channelScaled.contains(value.source), let range = ranges.ranges[value.source] {
        result[index] = CodeScale(channels: range)
      } else if let range = groups[scaleGroup(of: value.source)] {
        result[index] = CodeScale(minimum: range.minimum, maximum: range.maximum)
      } else {
        throw CSourceError("value \(value.source.rawValue)", "no range is known")
      }
    }
    return result
  }

  /// The program values whose ranges int8 needs.
  var measuredValues: [ValueID] {
    var wanted: Set<ValueID> = []
    for value in values where value.isQuantized { wanted.insert(value.source) }
    return wanted.sorted { $0.rawValue < $1.rawValue }
  }
}
