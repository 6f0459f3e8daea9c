#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// eˣ to within 2 units in the last place, written so that loops over it become vector code.
///
/// x is clamped to [−87.3, 88.7], where Float's normal range ends. NaN stays NaN.
/// Source: Cody and Waite's reduction by ln 2 and the polynomial of Cephes' `expf`.
@inline(__always)
func eToThe(_ x: Float) -> Float {
  let clamped = x < -87.3 ? -87.3 : (x > 88.7 ? 88.7 : x)
  // Adding 1.5 · 2²³ rounds to the nearest integer, which then stands in the low bits.
  let shifted = clamped * 1.442_695_04 + 12_582_912
  let exponent = shifted - 12_582_912
  let r = (clamped - exponent * 0.693_359_375) + exponent * 2.121_944_4e-4
  var p: Float = 1.987_569_15e-4
  p = p * r + 1.398_199_95e-3
  p = p * r + 8.333_451_9e-3
  p = p * r + 4.166_579_6e-2
  p = p * r + 1.666_666_55e-1
  p = p * r + 5.000_000_1e-1
  p = p * r * r + r + 1
  // In halves, because 2¹²⁸ has no bit pattern though 0.99 · 2¹²⁸ = e^88.7 is finite.
  let half = Float(bitPattern: (shifted.bitPattern &- 0x4B40_0000 &+ 126) << 23)
  return p * half * 2
}

/// 1 ÷ (1 + e⁻ˣ).
@inline(__always)
func logistic(_ x: Float) -> Float { 1 / (1 + eToThe(-x)) }

/// tanh x; by eˣ where that is exact enough, by a polynomial near 0.
///
/// Source: Cephes' `tanhf`.
@inline(__always)
func hyperbolicTangent(_ x: Float) -> Float {
  let magnitude = abs(x)
  let far = 1 - 2 / (eToThe(2 * magnitude) + 1)
  let z = x * x
  var p: Float = -5.704_988_7e-3
  p = p * z + 2.063_908_9e-2
  p = p * z - 5.373_971_6e-2
  p = p * z + 1.333_144_2e-1
  p = p * z - 3.333_328_2e-1
  let near = p * z * x + x
  return magnitude < 0.625 ? near : (x < 0 ? -far : far)
}

/// log(1 + eˣ) without overflow.
@inline(__always)
func logOnePlusExp(_ x: Float) -> Float { max(x, 0) + log1p(eToThe(-abs(x))) }

/// eˣ − 1, exact near 0.
@inline(__always)
func exponentialMinusOne(_ x: Float) -> Float { expm1(x) }

/// The error function.
@inline(__always)
func errorFunction(_ x: Float) -> Float { erf(x) }

/// The natural logarithm.
@inline(__always)
func logarithm(_ x: Float) -> Float { log(x) }
