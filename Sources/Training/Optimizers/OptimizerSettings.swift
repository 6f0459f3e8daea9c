/// Which update rule training uses, with Keras' conventions and defaults.
public enum OptimizerSettings: Sendable, Hashable {
  /// v ← m·v − η·g; w ← w + v, or with Nesterov w ← w + m·v − η·g.
  case sgd(momentum: Float = 0, isNesterov: Bool = false)
  /// Kingma and Ba 2015, with ε outside the square root's bias correction, as in Keras.
  case adam(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-7)

  /// The name in histories and checkpoints.
  public var name: String {
    switch self {
    case .sgd(let momentum, let isNesterov):
      momentum == 0 ? "sgd" : isNesterov ? "sgd-nesterov" : "sgd-momentum"
    case .adam: "adam"
    }
  }
}

/// How far training moves at each step.
public struct LearningRateSchedule: Sendable, Hashable {
  /// The shape of the curve after the warm-up.
  public enum Shape: Sendable, Hashable {
    /// The base rate throughout.
    case constant
    /// Multiplied by `factor` after every `epochs` epochs.
    case step(epochs: Int, factor: Double)
    /// Half a cosine, from the base rate to `floor` times it.
    case cosine(floor: Double)
  }

  /// The rate at the curve's top.
  public var base: Double
  /// The shape after the warm-up.
  public var shape: Shape
  /// The steps over which the rate rises linearly from 0.
  public var warmUpSteps: Int

  /// Makes a schedule.
  public init(base: Double, shape: Shape = .constant, warmUpSteps: Int = 0) {
    self.base = base
    self.shape = shape
    self.warmUpSteps = warmUpSteps
  }

  /// The rate at a step counted from 0.
  public func rate(at step: Int, of totalSteps: Int, stepsPerEpoch: Int) -> Double {
    if step < warmUpSteps { return base * Double(step + 1) / Double(warmUpSteps) }
    switch shape {
    case .constant: return base
    case .step(let epochs, let factor):
      let drops = step / max(stepsPerEpoch * max(epochs, 1), 1)
      return (0..<drops).reduce(base) { rate, _ in rate * factor }
    case .cosine(let floor):
      let span = max(totalSteps - warmUpSteps, 1)
      let progress = min(Double(step - warmUpSteps) / Double(span), 1)
      return base * (floor + (1 - floor) * 0.5 * (1 + cosine(.pi * progress)))
    }
  }
}
