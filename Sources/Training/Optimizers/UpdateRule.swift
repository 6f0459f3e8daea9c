import Execution

/// The arithmetic of one step: one fused pass over weights, gradient and moments.
struct UpdateRule: Sendable {
  private let settings: OptimizerSettings
  private let learningRate: Float
  private let decay: Float
  /// Adam's rate with both bias corrections.
  private let correctedRate: Float

  init(_ optimizer: Optimizer, learningRate: Float) {
    settings = optimizer.settings
    self.learningRate = learningRate
    decay = 1 - learningRate * optimizer.weightDecay
    if case .adam(let beta1, let beta2, _) = optimizer.settings {
      let first = 1 - UpdateRule.power(beta1, optimizer.stepCount)
      let second = 1 - UpdateRule.power(beta2, optimizer.stepCount)
      correctedRate = Float(Double(learningRate) * second.squareRoot() / first)
    } else {
      correctedRate = learningRate
    }
  }

  /// Moves weights w against their gradient g; m and v are empty where the rule keeps none.
  ///
  /// SGD: w ← decay·w − η·g. With momentum: v ← m·v − η·g, then w ← decay·w + v, or + m·v − η·g with
  /// Nesterov. Adam: m ← m + (g − m)(1 − β₁), v ← v + (g² − v)(1 − β₂), w ← decay·w − rate·m ÷ (√v + ε).
  func apply(
    _ w: inout MutableSpan<Float>, _ g: Span<Float>, _ m: inout MutableSpan<Float>,
    _ v: inout MutableSpan<Float>
  ) {
    precondition(w.count == g.count, "one gradient a weight")
    switch settings {
    case .sgd(let momentum, _) where momentum == 0:
      for i in g.indices { w[i] = decay * w[i] - learningRate * g[i] }
    case .sgd(let momentum, let isNesterov):
      precondition(m.count == g.count, "one velocity a weight")
      for i in g.indices {
        let step = learningRate * g[i]
        let speed = momentum * m[i] - step
        m[i] = speed
        w[i] = decay * w[i] + (isNesterov ? momentum * speed - step : speed)
      }
    case .adam(let beta1, let beta2, let epsilon):
      VectorKernels.adam(
        &w, gradient: g, first: &m, second: &v, rate: correctedRate, beta1: beta1, beta2: beta2,
        epsilon: epsilon, decay: decay)
    }
  }

  /// βᵗ in Double.
  private static func power(_ beta: Float, _ exponent: Int) -> Double {
    var result = 1.0
    var base = Double(beta)
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= base }
      base *= base
      rest >>= 1
    }
    return result
  }
}

extension MutableSpan where Element == Float {
  /// Becomes the sum of arrays, from one of their positions on.
  mutating func sum(_ arrays: [[Float]], from start: Int) {
    for (index, array) in arrays.enumerated() {
      let part = array.span.extracting(start..<start + count)
      if index == 0 {
        for element in part.indices { self[element] = part[element] }
      } else {
        for element in part.indices { self[element] += part[element] }
      }
    }
  }
}
