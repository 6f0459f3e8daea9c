/// Looks for small models that hold an accuracy: a bisection over the size.
///
/// Sizes are halved in the logarithm between the least, which is tried first, and the whole model,
/// which holds by definition. Accuracy need not rise with every parameter, so that all candidates
/// that hold are kept, smallest first: the first of them may fail on other examples.
public struct AccuracySearch<Candidate> {
  /// One tried size.
  public struct Trial {
    /// The parameters that it has, at most as many as were allowed.
    public let parameterCount: Int
    /// Its accuracy on the examples that choose.
    public let accuracy: Double
    /// What was tried.
    public let candidate: Candidate

    /// Makes a trial.
    public init(parameterCount: Int, accuracy: Double, candidate: Candidate) {
      self.parameterCount = parameterCount
      self.accuracy = accuracy
      self.candidate = candidate
    }
  }

  /// What the search found.
  public struct Result {
    /// The trials that hold, fewest parameters first.
    public let holding: [Trial]
    /// How many sizes were tried.
    public let trialCount: Int
  }

  /// The least accuracy.
  public let threshold: Double
  /// The most sizes to try.
  public let trialLimit: Int
  /// The ratio of neighbouring sizes that ends the search.
  public let closeness: Double

  /// Prepares a search.
  public init(threshold: Double, trialLimit: Int = 10, closeness: Double = 1.02) {
    self.threshold = threshold
    self.trialLimit = trialLimit
    self.closeness = closeness
  }

  /// Tries sizes between `least` and `most` parameters.
  public func run(
    least: Int, most: Int, _ measure: (_ maximumParameters: Int) throws -> Trial
  ) rethrows -> Result {
    precondition(least > 0 && most >= least, "sizes between \(least) and \(most)")
    var holding: [Trial] = []
    var count = 0
    var failing = least
    var held = most
    var next = least
    while count < trialLimit {
      let trial = try measure(next)
      count += 1
      if trial.accuracy >= threshold {
        holding.append(trial)
        held = min(held, trial.parameterCount)
      } else {
        failing = max(failing, next)
      }
      guard Double(held) / Double(failing) > closeness, held - failing > 1 else { break }
      next = Int((Double(failing) * Double(held)).squareRoot().rounded())
    }
    return Result(
      holding: holding.sorted {
        ($0.parameterCount, -$0.accuracy) < ($1.parameterCount, -$1.accuracy)
      }, trialCount: count)
  }
}
