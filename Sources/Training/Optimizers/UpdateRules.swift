import Execution

/// The arithmetic of the update rules: one fused pass over weights, gradient and moments.
enum UpdateRules {
  /// w ← decay·w − η·g.
  static func descend(
    _ w: inout MutableSpan<Float>, _ g: Span<Float>, learningRate: Float, decay: Float
  ) {
    precondition(w.count == g.count, "one gradient a weight")
    for i in g.indices { w[i] = decay * w[i] - learningRate * g[i] }
  }

  /// v ← m·v − η·g, then w ← decay·w + v, or + m·v − η·g with Nesterov.
  static func momentum(
    _ w: inout MutableSpan<Float>, _ g: Span<Float>, _ velocity: inout [Float],
    learningRate: Float, momentum: Float, isNesterov: Bool, decay: Float
  ) {
    var v = velocity.mutableSpan
    precondition(w.count == g.count && v.count == g.count, "one gradient a weight")
    for i in g.indices {
      let step = learningRate * g[i]
      let speed = momentum * v[i] - step
      v[i] = speed
      w[i] = decay * w[i] + (isNesterov ? momentum * speed - step : speed)
    }
  }

  /// m ← m + (g − m)(1 − β₁), v ← v + (g² − v)(1 − β₂), w ← decay·w − rate·m ÷ (√v + ε).
  static func adam(
    _ w: inout MutableSpan<Float>, _ g: Span<Float>, _ first: inout [Float],
    _ second: inout [Float], rate: Float, beta1: Float, beta2: Float, epsilon: Float,
    decay: Float
  ) {
    var m = first.mutableSpan
    var v = second.mutableSpan
    VectorKernels.adam(
      &w, gradient: g, first: &m, second: &v, rate: rate, beta1: beta1, beta2: beta2,
      epsilon: epsilon, decay: decay)
  }
}
