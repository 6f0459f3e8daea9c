/// The rank that empirical variational Bayesian matrix factorisation finds in a noisy matrix.
///
/// Source: Nakajima, Sugiyama, Babacan, Tomioka 2013, "Global analytic solution of fully-observed
/// variational Bayesian matrix factorization", theorem 2 and corollary 1.
package enum BayesianRank {
  /// The number of singular values above the noise; 0 if none is.
  ///
  /// With L ≤ M the sides, α = L/M, τ̄ = 2.5129·√α and x̄ = (1 + τ̄)(1 + α/τ̄), the noise variance σ²
  /// minimises Σ_{x ≤ x̄}(x − ln x) + Σ_{x > x̄}[x − τ + ln((τ + 1)/x) + α·ln(τ/α + 1)],
  /// x = s²/(Mσ²), 2τ = x − 1 − α + √((x − 1 − α)² − 4α). Values up to 1e-6 of the largest (Float's
  /// zero) are dropped first.
  package static func estimate(_ values: [Double], rows: Int, columns: Int) -> Int {
    guard let first = values.max(), first > 0 else { return 0 }
    let s = values.filter { $0 > 1e-6 * first }.sorted(by: >)
    // Dropped values shrink the smaller side: they are directions without noise.
    let large = max(rows, columns)
    let small = min(s.count, min(rows, columns))
    let alpha = Double(small) / Double(large)
    let tauBar = 2.5129 * alpha.squareRoot()
    let xBar = (1 + tauBar) * (1 + alpha / tauBar)
    let (lower, upper) = bounds(s, small: small, large: large, alpha: alpha, xBar: xBar)
    guard upper > 0 else { return small }
    let variance = minimum(lower, upper) { variance in
      objective(variance, s, large: large, alpha: alpha, xBar: xBar)
    }
    let threshold = (Double(large) * variance * xBar).squareRoot()
    return s.filter { $0 > threshold }.count
  }

  private static func bounds(
    _ s: [Double], small: Int, large: Int, alpha: Double, xBar: Double
  ) -> (Double, Double) {
    let m = Double(large)
    let energy = s.reduce(0) { $0 + $1 * $1 }
    let upper = energy / (Double(small) * m)
    let index = min(Int((Double(small) / (1 + alpha)).rounded(.up)) - 1, small) - 1
    let next = max(index + 1, 0)
    guard next < s.count else { return (upper * 1e-9, upper) }
    let rest = s[next...].reduce(0) { $0 + $1 * $1 } / Double(s.count - next)
    return (max(s[next] * s[next] / (m * xBar), rest / m), upper)
  }

  private static func objective(
    _ variance: Double, _ s: [Double], large: Int, alpha: Double, xBar: Double
  ) -> Double {
    s.reduce(0) { sum, value in
      let x = value * value / (Double(large) * variance)
      guard x > xBar else { return sum + x - naturalLogarithm(x) }
      let shifted = x - 1 - alpha
      let tau = (shifted + max(0, shifted * shifted - 4 * alpha).squareRoot()) / 2
      return sum + x - tau + naturalLogarithm((tau + 1) / x)
        + alpha * naturalLogarithm(tau / alpha + 1)
    }
  }

  /// The place of the least value of a function on [low, high]: the best of 200 points that are
  /// even in the logarithm, refined by golden section between its neighbours.
  private static func minimum(
    _ low: Double, _ high: Double, _ function: (Double) -> Double
  ) -> Double {
    guard low < high, low > 0 else { return high }
    let count = 200
    let ratio = high / low
    let points = (0...count).map { low * power(ratio, Double($0) / Double(count)) }
    let values = points.map(function)
    let best = values.indices.min { values[$0] < values[$1] } ?? 0
    var (a, b) = (points[max(best - 1, 0)], points[min(best + 1, count)])
    let golden = (5.0.squareRoot() - 1) / 2
    while b - a > 1e-12 * b {
      let left = b - golden * (b - a)
      let right = a + golden * (b - a)
      if function(left) < function(right) { b = right } else { a = left }
    }
    return (a + b) / 2
  }
}
