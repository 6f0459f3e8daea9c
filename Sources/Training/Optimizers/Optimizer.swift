public import Tensors

/// An update rule with its state, one pass over each parameter a step.
public struct Optimizer: Sendable {
  /// The rule.
  public let settings: OptimizerSettings
  /// Decoupled decay: w ← w − η·decay·w before the step (Loshchilov and Hutter 2019); 0 is off.
  public let weightDecay: Float
  /// The steps taken.
  public internal(set) var stepCount = 0
  /// First moments or velocities, one array a parameter; empty until they are needed.
  public internal(set) var firstMoments: [[Float]] = []
  /// Second moments; empty where the rule has none.
  public internal(set) var secondMoments: [[Float]] = []

  /// Starts without any state.
  public init(settings: OptimizerSettings, weightDecay: Float = 0) {
    self.settings = settings
    self.weightDecay = weightDecay
  }

  /// Continues from saved state.
  public init(
    settings: OptimizerSettings, weightDecay: Float, stepCount: Int, firstMoments: [[Float]],
    secondMoments: [[Float]]
  ) {
    self.init(settings: settings, weightDecay: weightDecay)
    self.stepCount = stepCount
    self.firstMoments = firstMoments
    self.secondMoments = secondMoments
  }

  /// Moves every parameter whose `isTrained` is set against its gradient.
  ///
  /// A parameter whose `isMasked` is set keeps its zeros: pruned connections stay away.
  public mutating func step(
    _ parameters: inout [Tensor], gradients: [Tensor], learningRate: Float, isTrained: [Bool],
    isMasked: [Bool]
  ) {
    stepCount += 1
    prepare(for: parameters, isTrained: isTrained)
    for index in parameters.indices where isTrained[index] {
      update(
        &parameters[index].elements, gradient: gradients[index].elements, index,
        learningRate: learningRate, isMasked: isMasked[index])
    }
  }

  private mutating func prepare(for parameters: [Tensor], isTrained: [Bool]) {
    guard firstMoments.isEmpty else { return }
    if case .sgd(let momentum, _) = settings, momentum == 0 { return }
    firstMoments = parameters.indices.map {
      isTrained[$0] ? [Float](repeating: 0, count: parameters[$0].count) : []
    }
    if case .adam = settings { secondMoments = firstMoments }
  }

  private mutating func update(
    _ weights: inout [Float], gradient: [Float], _ index: Int, learningRate: Float,
    isMasked: Bool
  ) {
    let decay = 1 - learningRate * weightDecay
    let mask = isMasked ? weights : []
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
    for position in mask.indices where mask[position] == 0 { weights[position] = 0 }
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
