import Execution
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
    let rule = UpdateRule(self, learningRate: learningRate)
    let mask = isMasked ? parameter.elements : []
    parameter.withMutableElements { weights in
      withMoments(index) { first, second in
        rule.apply(&weights, gradient, &first, &second)
      }
    }
    for position in mask.indices where mask[position] == 0 { parameter.elements[position] = 0 }
  }

  /// Moves one parameter against the sum of the shards' gradients, each thread over a part of it.
  ///
  /// `sum` is scratch space of the parameter's size. The result does not depend on the pool.
  mutating func update(
    _ parameter: inout Tensor, index: Int, gradients: [[Float]], sum: inout [Float],
    learningRate: Float, pool: WorkerPool
  ) {
    let rule = UpdateRule(self, learningRate: learningRate)
    let count = parameter.count
    precondition(
      sum.count == count && gradients.allSatisfy { $0.count == count }, "one gradient a weight")
    let jobs = count < Optimizer.parallelCount ? 1 : pool.count
    parameter.withMutableElements { weights in
      unsafe weights.withUnsafeMutableBufferPointer { weights in
        unsafe sum.withUnsafeMutableBufferPointer { sum in
          withMoments(index) { first, second in
            unsafe first.withUnsafeMutableBufferPointer { first in
              unsafe second.withUnsafeMutableBufferPointer { second in
                // Jobs write parts that do not overlap, and all end before this call returns.
                nonisolated(unsafe) let parts = unsafe (weights, sum, first, second)
                pool.run(jobs: jobs) { job in
                  let range = count * job / jobs..<count * (job + 1) / jobs
                  var total = unsafe Optimizer.part(parts.1, range).mutableSpan
                  total.sum(gradients, from: range.lowerBound)
                  var weights = unsafe Optimizer.part(parts.0, range).mutableSpan
                  var first = unsafe Optimizer.part(parts.2, range).mutableSpan
                  var second = unsafe Optimizer.part(parts.3, range).mutableSpan
                  rule.apply(&weights, total.span, &first, &second)
                }
              }
            }
          }
        }
      }
    }
  }

  /// A part of a buffer as a span; `range` must lie inside and be written by no one else.
  private static func part(
    _ buffer: UnsafeMutableBufferPointer<Float>, _ range: Range<Int>
  ) -> UnsafeMutableBufferPointer<Float> {
    // Buffers of rules without moments are empty.
    unsafe buffer.isEmpty ? buffer : UnsafeMutableBufferPointer(rebasing: buffer[range])
  }

  /// From so many weights on, threads share the work.
  private static let parallelCount = 16_384

  /// The moments of a parameter; empty where the rule keeps none.
  private mutating func withMoments(
    _ index: Int, _ body: (inout MutableSpan<Float>, inout MutableSpan<Float>) -> Void
  ) {
    var first: [Float] = []
    var second: [Float] = []
    // Taken out while they are written, so that both stay uniquely owned.
    if !firstMoments.isEmpty { swap(&first, &firstMoments[index]) }
    if !secondMoments.isEmpty { swap(&second, &secondMoments[index]) }
    var firstSpan = first.mutableSpan
    var secondSpan = second.mutableSpan
    body(&firstSpan, &secondSpan)
    if !firstMoments.isEmpty { swap(&first, &firstMoments[index]) }
    if !secondMoments.isEmpty { swap(&second, &secondMoments[index]) }
  }
}
