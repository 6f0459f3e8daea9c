/// The arithmetic of the update rules: one fused pass over weights, gradient and moments.
enum UpdateRules {
  /// w ← decay·w − η·g.
  static func descend(
    _ weights: inout [Float], _ gradient: Span<Float>, learningRate: Float, decay: Float
  ) {
    var w = weights.mutableSpan
    let g = gradient
    precondition(w.count == g.count, "one gradient a weight")
    for i in g.indices { w[i] = decay * w[i] - learningRate * g[i] }
  }

  /// v ← m·v − η·g, then w ← decay·w + v, or + m·v − η·g with Nesterov.
  static func momentum(
    _ weights: inout [Float], _ gradient: Span<Float>, _ velocity: inout [Float],
    learningRate: Float, momentum: Float, isNesterov: Bool, decay: Float
  ) {
    var w = weights.mutableSpan
    var v = velocity.mutableSpan
    let g = gradient
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
    _ weights: inout [Float], _ gradient: Span<Float>, _ first: inout [Float],
    _ second: inout [Float], rate: Float, beta1: Float, beta2: Float, epsilon: Float,
    decay: Float
  ) {
    var w = weights.mutableSpan
    var m = first.mutableSpan
    var v = second.mutableSpan
    let g = gradient
    precondition(
      w.count == g.count && m.count == g.count && v.count == g.count, "one gradient a weight")
    let share1 = 1 - beta1
    let share2 = 1 - beta2
    for i in g.indices {
      let slope = g[i]
      let mean = m[i] + (slope - m[i]) * share1
      let square = v[i] + (slope * slope - v[i]) * share2
      m[i] = mean
      v[i] = square
      w[i] = decay * w[i] - rate * mean / (square.squareRoot() + epsilon)
    }
  }
}
