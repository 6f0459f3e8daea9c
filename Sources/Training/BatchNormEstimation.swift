public import Datasets
import Execution
public import Programs
public import Tensors

/// Measures batch normalisation's running statistics anew, for weights that compression changed.
///
/// Examples run forward with batch statistics, dropout off; the mean and the (biased) variance over
/// all of them replace the running ones. Frozen normalisations keep theirs.
public struct BatchNormEstimation: Sendable, Hashable {
  /// The most examples to look at; the first ones of a seeded order.
  public var sampleCount: Int
  /// Examples at once: later layers see what earlier ones normalise over one batch.
  public var batchSize: Int
  /// Decides which examples are taken.
  public var seed: UInt64

  /// Makes settings.
  public init(sampleCount: Int = 5000, batchSize: Int = 256, seed: UInt64 = 0) {
    self.sampleCount = sampleCount
    self.batchSize = batchSize
    self.seed = seed
  }

  /// The parameters with measured statistics in place of the running ones.
  ///
  /// - Throws: `TrainingError.unsuited` where the data do not fit; what reading and running throws.
  public func parameters(
    _ parameters: [Tensor], of program: Program, measuredOn dataset: Dataset,
    scaling: SampleScaling
  ) throws -> [Tensor] {
    guard program.inputs.count == 1, program.inputs[0].shape.count == dataset.inputShape.count
    else {
      throw TrainingError.unsuited(
        "\(dataset.name): re-estimation needs a program with one input of \(dataset.inputShape)")
    }
    let measured = try program.withImmediateStatistics()
    let executor = TrainingExecutor(measured, seeds: [], capacity: batchSize)
    let source = BatchSource(dataset: dataset, scaling: scaling, seed: seed)
    let order = source.order(epoch: 0).prefix(sampleCount)
    var moments: [ParameterID: Moments] = [:]
    for start in stride(from: 0, to: order.count, by: batchSize) {
      let indices = order[start..<min(start + batchSize, order.count)]
      var failure: (any Error)?
      executor.fillInput(0, batch: indices.count) { span in
        do {
          try dataset.copyInputs(of: indices, scaling: scaling, into: &span)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      try executor.forward(batch: indices.count, parameters: parameters)
      for (mean, variance) in measured.statistics {
        guard let means = executor.stateUpdates[mean],
          let variances = executor.stateUpdates[variance]
        else { continue }
        moments[mean, default: Moments(variance: variance, count: means.count)]
          .add(means: means, variances: variances, weight: Double(indices.count))
      }
    }
    var result = parameters
    for (mean, moments) in moments {
      (result[mean.rawValue].elements, result[moments.variance.rawValue].elements) = moments.values
    }
    return result
  }
}

/// Sums over batches from which the moments of all examples follow.
private struct Moments {
  let variance: ParameterID
  private var weight = 0.0
  private var sums: [Double]
  private var squares: [Double]

  init(variance: ParameterID, count: Int) {
    self.variance = variance
    sums = [Double](repeating: 0, count: count)
    squares = sums
  }

  mutating func add(means: [Float], variances: [Float], weight: Double) {
    self.weight += weight
    for index in sums.indices {
      let mean = Double(means[index])
      sums[index] += weight * mean
      squares[index] += weight * (Double(variances[index]) + mean * mean)
    }
  }

  /// The means and variances of all examples.
  var values: (means: [Float], variances: [Float]) {
    let means = sums.map { $0 / weight }
    let variances = zip(squares, means).map { Float(max($0 / weight - $1 * $1, 0)) }
    return (means.map { Float($0) }, variances)
  }
}

extension Program {
  /// The running statistics of every batch normalisation.
  fileprivate var statistics: [(mean: ParameterID, variance: ParameterID)] {
    instructions.compactMap { instruction in
      if case .batchNorm(_, _, let mean, let variance, _, _) = instruction.operation {
        return (mean, variance)
      }
      return nil
    }
  }

  /// The same program whose running statistics become each batch's own, without dropout.
  fileprivate func withImmediateStatistics() throws(LoweringError) -> Program {
    var builder = ProgramBuilder()
    for parameter in parameters {
      _ = builder.parameter(
        name: parameter.name, shape: parameter.shape, isTrainable: parameter.isTrainable)
    }
    var values: [ValueID: ValueID] = [:]
    for input in inputs { values[input.value] = builder.input(input.shape, name: input.name) }
    for instruction in instructions {
      let operation: Operation =
        switch instruction.operation {
        case .batchNorm(let gamma, let beta, let mean, let variance, let epsilon, let momentum):
          .batchNorm(
            gamma: gamma, beta: beta, mean: mean, variance: variance, epsilon: epsilon,
            momentum: momentum == nil ? nil : 0)
        case .dropout: .dropout(rate: 0)
        case let other: other
        }
      values[instruction.result] = try builder.append(
        operation, operands: instruction.operands.compactMap { values[$0] },
        origin: instruction.origin)
    }
    return builder.finish(outputs: outputs.compactMap { values[$0] })
  }
}
