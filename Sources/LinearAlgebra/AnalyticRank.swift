#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// The rank that empirical variational Bayes finds in a noisy matrix, without a tuning parameter.
public struct AnalyticRank: Sendable, Hashable {
  /// The number of singular values that stand out of the noise; 0 means: leave it dense.
  public let rank: Int
  /// The estimated variance of the noise in one element.
  public let noiseVariance: Double

  /// Estimates the rank of an [rows × columns] matrix from all its singular values.
  ///
  /// With L ≤ M, α = L/M, τ̄ = 2.5129·√α, x̄ = (1 + τ̄)(1 + α/τ̄): σ² minimises the free energy
  /// Σ ψ(s²/(M·σ²)) between its bounds, and rank = #{s > √(M·σ²·x̄)}. Values that are zero but
  /// for rounding are dropped first, and L with them.
  /// Source: Nakajima, Sugiyama, Babacan, Tomioka 2013, "Global analytic solution of fully
  /// observed variational Bayesian matrix factorization", theorem 2 and corollary 1.
  public init(singularValues: [Double], rows: Int, columns: Int) {
    let sorted = singularValues.sorted(by: >)
    let largest = sorted.first ?? 0
    let kept = sorted.filter { $0 > 1e-6 * largest }
    guard largest > 0, largest.isFinite else {
      self.init(rank: 0, noiseVariance: 0)
      return
    }
    let energy = FreeEnergy(kept, smallSide: kept.count, largeSide: max(rows, columns))
    let variance = energy.minimizer()
    let threshold = (energy.m * variance * energy.limit).squareRoot()
    self.init(rank: kept.filter { $0 > threshold }.count, noiseVariance: variance)
  }

  private init(rank: Int, noiseVariance: Double) {
    self.rank = rank
    self.noiseVariance = noiseVariance
  }
}

/// The free energy of the noise variance, up to constants.
private struct FreeEnergy {
  let squares: [Double]
  let l: Double
  let m: Double
  let alpha: Double
  /// x̄: the scaled square above which a component is kept.
  let limit: Double

  init(_ values: [Double], smallSide: Int, largeSide: Int) {
    squares = values.map { $0 * $0 }
    l = Double(smallSide)
    m = Double(max(largeSide, smallSide))
    alpha = l / m
    let tau = 2.5129 * alpha.squareRoot()
    limit = (1 + tau) * (1 + alpha / tau)
  }

  func callAsFunction(_ variance: Double) -> Double {
    var sum = 0.0
    for square in squares {
      let x = square / (m * variance)
      if x <= limit {
        sum += x - log(x)
      } else {
        let shifted = x - 1 - alpha
        let tau = 0.5 * (shifted + (shifted * shifted - 4 * alpha).squareRoot())
        sum += x - tau + log((tau + 1) / x) + alpha * log(tau / alpha + 1)
      }
    }
    return sum
  }

  /// The bounds between which the variance lies.
  var bounds: ClosedRange<Double> {
    let first = min(max(Int((l / (1 + alpha)).rounded(.up)) - 1, 0), squares.count - 1)
    let tail = squares[first...]
    let upper = squares.reduce(0, +) / (l * m)
    let lower = max(squares[first] / (m * limit), tail.reduce(0, +) / Double(tail.count) / m)
    return min(lower, upper)...upper
  }

  /// The global minimum: a grid in the logarithm, since there can be several, then golden section.
  func minimizer() -> Double {
    let (low, high) = (log(bounds.lowerBound), log(bounds.upperBound))
    guard high > low else { return exp(high) }
    let count = 1024
    let grid = (0...count).map { low + (high - low) * Double($0) / Double(count) }
    let values = grid.map { self(exp($0)) }
    let best = values.indices.min { values[$0] < values[$1] } ?? 0
    var (left, right) = (grid[max(best - 1, 0)], grid[min(best + 1, count)])
    let ratio = (5.0.squareRoot() - 1) / 2
    for _ in 0..<60 {
      let (a, b) = (right - ratio * (right - left), left + ratio * (right - left))
      if self(exp(a)) < self(exp(b)) { right = b } else { left = a }
    }
    let found = exp((left + right) / 2)
    return self(found) < values[best] ? found : exp(grid[best])
  }
}
