#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Numbers as people read them.
public enum Units {
  /// A count grouped by thousands, such as `84,060`.
  public static func grouped(_ count: Int) -> String {
    let digits = String(count.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return (count < 0 ? "-" : "") + result
  }

  /// A size with binary units, such as `328.4 KiB`.
  public static func bytes(_ count: Int) -> String {
    if abs(count) < 1024 { return "\(count) B" }
    var value = Double(count)
    var unit = ""
    for next in ["KiB", "MiB", "GiB", "TiB"] {
      value /= 1024
      unit = next
      if abs(value) < 1023.95 { break }
    }
    return "\(fixed(value, decimals: 1)) \(unit)"
  }

  /// A number with a count of decimals.
  public static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "∞" : "-∞" }
    guard abs(value) < 1e15 else { return "\(value)" }
    let scale = pow(10, Double(decimals))
    let scaled = (abs(value) * scale).rounded()
    let whole = Int(scaled / scale)
    guard decimals > 0 else { return (value < 0 && whole > 0 ? "-" : "") + String(whole) }
    let fraction = Int(scaled - Double(whole) * scale)
    let digits = String(fraction)
    let padding = String(repeating: "0", count: max(decimals - digits.count, 0))
    return (value < 0 && scaled > 0 ? "-" : "") + "\(whole).\(padding)\(digits)"
  }

  /// A number with a count of significant digits; very small and large ones with an exponent.
  public static func significant(_ value: Double, digits: Int) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : fixed(value, decimals: 0) }
    let exponent = Int(floor(log10(abs(value))))
    if exponent < -4 || exponent >= 9 {
      let mantissa = value / pow(10, Double(exponent))
      return "\(fixed(mantissa, decimals: digits - 1))e\(exponent)"
    }
    return fixed(value, decimals: max(digits - 1 - exponent, 0))
  }

  /// A share between 0 and 1 as per cent.
  public static func percent(_ share: Double, decimals: Int = 1) -> String {
    fixed(share * 100, decimals: decimals) + " %"
  }

  /// A ratio, such as `4.06×`; from 100 on without decimals.
  public static func ratio(_ ratio: Double) -> String {
    fixed(ratio, decimals: ratio >= 100 ? 0 : 2) + "×"
  }

  /// A ratio rounded down, so that asking for the printed value works.
  public static func ratioRoundedDown(_ ratio: Double) -> String {
    fixed((ratio * 100).rounded(.down) / 100, decimals: 2)
  }

  /// A count in thousands, millions or milliards, such as `84.1 k`.
  public static func scaled(_ count: Int) -> String {
    let value = Double(count)
    switch count.magnitude {
    case 0..<1000: return String(count)
    case 1000..<1_000_000: return fixed(value / 1e3, decimals: 1) + " k"
    case 1_000_000..<1_000_000_000: return fixed(value / 1e6, decimals: 1) + " M"
    default: return fixed(value / 1e9, decimals: 2) + " G"
    }
  }

  /// A span of time, such as `1.24 s` or `3 min 20 s`.
  public static func duration(seconds: Double) -> String {
    switch seconds {
    case ..<1e-3: return significant(seconds * 1e6, digits: 3) + " µs"
    case ..<1: return significant(seconds * 1e3, digits: 3) + " ms"
    case ..<60: return fixed(seconds, decimals: seconds < 10 ? 2 : 1) + " s"
    default:
      let whole = Int(seconds.rounded())
      return "\(whole / 60) min \(whole % 60) s"
    }
  }
}
