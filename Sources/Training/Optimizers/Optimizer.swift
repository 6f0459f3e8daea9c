public import Tensors

/// An update rule with its state, one pass over each parameter a step.
public struct Optimizer: Sendable, Hashable {
  /// The rule.
  public let settings: OptimizerSettings
  /// Decoupled decay: w ← w − η·decay·w before the step (Loshchilov and Hutter 2019); 0 is off.
  public let weightDecay: Float
  /// The steps taken.
  public private(set) var stepCount = 0
  /// First moments or velocities, one array a parameter; empty where none is kept.
  public private(set) var firstMoments: [[Float]] = []
  /// Second moments; empty where the rule has none.
  public private(set) var secondMoments: [[Float]] = []

  /// Starts with moments of zero for the parameters whose `isTrained` is set.
  public init(
    settings: OptimizerSettings, weightDecay: Float = 0, parameters: [Tensor], isTrained: [Bool]
  ) {
    self.settings = settings
    self.weightDecay = weightDecay
    let zeros = parameters.indices.map {
      isTrained[$0] ? [Float](repeating: 0, count: parameters[$0].count) : []
    }
    switch settings {
    case .sgd(let momentum, _): if momentum != 0 { firstMoments = zeros }
    case .adam:
      firstMoments = zeros
      secondMoments = zeros
    }
  }

  /// Continues from saved state.
  public init(
    settings: OptimizerSettings, weightDecay: Float, stepCount: Int, firstMoments: [[Float]],
    secondMoments: [[Float]]
  ) {
    self.settings = settings
    self.weightDecay = weightDecay
    self.stepCount = stepCount
    self.firstMoments = firstMoments
    self.secondMoments = secondMoments
  }

  /// Starts a step: parameters are updated one by one afterwards.
  public mutating func beginStep() { stepCount += 1 }

  /// Moves one parameter against its gradient.
  ///
  /// With `isMasked`, zeros stay: pruned connections do not grow back.
  public mutating func update(
    _ parameter: inout Tensor, index: Int, gradient: Span<Float>, learningRate: Float,
    isMasked: Bool
  ) {
    let decay = 1 - learningRate * weightDecay
    let mask = isMasked ? parameter.elements : []
    parameter.withMutableElements { weights in
      apply(&weights, index: index, gradient: gradient, learningRate: learningRate, decay: decay)
    }
    for position in mask.indices where mask[position] == 0 { parameter.elements[position] = 0 }
  }

  private mutating func apply(
    _ weights: inout MutableSpan<Float>, index: Int, gradient: Span<Float>, learningRate: Float,
    decay: Float
  ) {
    switch settings {
    case .sgd(let momentum, let isNesterov):
      if momentum == 0 {
        UpdateRules.descend(&weights, gradient, learningRate: learningRate, decay: decay)
      } else {
        UpdateRules.momentum(
          &weights, gradient, &firstMoments[index], learningRate: learningRate,
          momentum: momentum, isNesterov: isNesterov, decay: decay)
      }
    case .adam(let beta1, let beta2, let epsilon):
      let first = 1 - power(beta1, stepCount)
      let second = 1 - power(beta2, stepCount)
      UpdateRules.adam(
        &weights, gradient, &firstMoments[index], &secondMoments[index],
        rate: Float(Double(learningRate) * second.squareRoot() / first), beta1: beta1,
        beta2: beta2, epsilon: epsilon, decay: decay)
    }
  }

  /// βᵗ in Double.
  private func power(_ beta: Float, _ exponent: Int) -> Double {
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
