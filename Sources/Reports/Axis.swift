#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Maps values to positions along one side of a plot and chooses where ticks stand.
struct Axis {
  let isLogarithmic: Bool
  let lower: Double
  let upper: Double
  let ticks: [Double]

  /// An axis over the finite values; a logarithmic one only where all are positive.
  init(values: [Double], isLogarithmic wished: Bool, padding: Double = 0.04) {
    let finite = values.filter(\.isFinite)
    let low = finite.min() ?? 0
    let high = finite.max() ?? 1
    isLogarithmic = wished && low > 0 && high > low
    if isLogarithmic {
      let from = log10(low)
      let to = log10(high)
      let margin = (to - from) * padding
      lower = from - margin
      upper = to + margin
      ticks = Axis.logarithmicTicks(from: lower, to: upper)
      return
    }
    let spread = high - low
    let margin = spread > 0 ? spread * padding : max(abs(high) * 0.05, 0.5)
    lower = low - margin
    upper = high + margin
    ticks = Axis.linearTicks(from: lower, to: upper)
  }

  /// The position of a value, 0 at the start and 1 at the end.
  func position(_ value: Double) -> Double {
    ((isLogarithmic ? log10(value) : value) - lower) / (upper - lower)
  }

  /// A tick's label, with as many decimals as the ticks' distance needs.
  func label(_ tick: Double) -> String {
    if isLogarithmic || ticks.count < 2 { return Units.significant(tick, digits: 2) }
    let step = ticks[1] - ticks[0]
    var decimals = max(0, Int((-floor(log10(step))).rounded()))
    // Steps of 2.5, 0.25 and so on need one more.
    let scaled = step * pow(10, Double(decimals))
    if abs(scaled - scaled.rounded()) > 1e-6 { decimals += 1 }
    if abs(tick) >= 1e6 || (decimals > 5 && tick != 0) {
      return Units.significant(tick, digits: 3)
    }
    return decimals == 0
      ? Units.grouped(Int(tick.rounded())) : Units.fixed(tick, decimals: min(decimals, 6))
  }

  private static func linearTicks(from lower: Double, to upper: Double) -> [Double] {
    let rough = (upper - lower) / 6
    guard rough > 0, rough.isFinite else { return [lower] }
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough } ?? power
    var ticks: [Double] = []
    var index = ceil(lower / step)
    while index * step <= upper, ticks.count < 20 {
      ticks.append(index * step)
      index += 1
    }
    return ticks
  }

  private static func logarithmicTicks(from lower: Double, to upper: Double) -> [Double] {
    let multiples: [Double] =
      upper - lower > 3 ? [1] : upper - lower > 1 ? [1, 2, 5] : [1, 2, 3, 5, 7]
    var ticks: [Double] = []
    for exponent in Int(floor(lower))...Int(ceil(upper)) {
      for multiple in multiples {
        let position = log10(multiple) + Double(exponent)
        if position >= lower, position <= upper, ticks.count < 24 {
          ticks.append(multiple * pow(10, Double(exponent)))
        }
      }
    }
    return ticks
  }
}
