#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// base^exponent.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// ln(x).
func naturalLogarithm(_ x: Double) -> Double { log(x) }
