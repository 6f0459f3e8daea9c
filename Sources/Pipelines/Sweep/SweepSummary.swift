/// Points of one series and setting over their repetitions.
public struct SweepSummary: Sendable {
  /// The series.
  public let series: String
  /// The settings; empty for a model as it is.
  public let settings: [SweepSetting]
  /// The repetitions.
  public let points: [SweepPoint]

  /// A mean with the standard deviation of single values around it.
  public struct Value: Sendable, Hashable {
    /// The mean.
    public let mean: Double
    /// The standard deviation (n − 1); nil for one value.
    public let spread: Double?
    /// The number of values.
    public let count: Int

    /// Summarises values; nil if there are none.
    public init?(_ values: [Double]) {
      guard !values.isEmpty else { return nil }
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      self.mean = mean
      spread = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
      count = values.count
    }
  }

  /// A metric over the repetitions; nil where no point has it.
  public subscript(metric: String) -> Value? { Value(points.compactMap { $0[metric] }) }

  /// The mean share of right answers by class; empty without classes.
  public var classShares: [Double] {
    let all = points.map(\.classShares).filter { !$0.isEmpty }
    guard let first = all.first, all.allSatisfy({ $0.count == first.count }) else { return [] }
    return first.indices.map { index in
      all.reduce(0) { $0 + $1[index] } / Double(all.count)
    }
  }

  /// A column of the training history over the repetitions, epoch by epoch.
  public func epochs(_ name: String) -> [Value] {
    let longest = points.map(\.epochs.count).max() ?? 0
    return (0..<longest).compactMap { epoch in
      Value(points.compactMap { $0.epochs.indices.contains(epoch) ? $0.epochs[epoch][name] : nil })
    }
  }

  /// Groups points; groups come in the order of their first points.
  public static func summaries(of points: [SweepPoint]) -> [SweepSummary] {
    var order: [String] = []
    var groups: [String: [SweepPoint]] = [:]
    for point in points {
      let key =
        ([point.series] + point.settings.map { "\($0.axis.rawValue)=\($0.value)" })
        .joined(separator: "|")
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(point)
    }
    return order.compactMap { key in
      guard let points = groups[key], let first = points.first else { return nil }
      return SweepSummary(series: first.series, settings: first.settings, points: points)
    }
  }
}
