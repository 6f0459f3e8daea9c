import Compression
import Models
public import Training

/// One kernel at one share of zeros, all other kernels as they are.
public struct PruningSweepRow: Sendable, Hashable {
  /// The kernel's path.
  public let path: String
  /// The kernel's weights.
  public let count: Int
  /// How many of them are zero.
  public let zeroCount: Int
  /// The share that was asked for.
  public let sparsity: Double
  /// The loss on held-out training examples.
  public let loss: Double
  /// The accuracy there; nil without classes.
  public let accuracy: Double?
}

extension Prune {
  /// The shares of zeros that a sweep tries.
  public static let sweepShares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]

  /// Prunes each kernel alone at rising shares and measures what that does, without any training.
  /// - Throws: an error whose description names place and both sides.
  public static func sweep(
    _ request: PruneRequest, shares: [Double] = sweepShares,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> (original: EvaluationResult, rows: [PruningSweepRow]) {
    guard let data = request.data else {
      throw PipelineError(
        place: request.input, reason: "a sweep measures on examples: give --data")
    }
    let model = try OpenedModel(request.input, options: request.readOptions).wholeModel()
    let parts = try BoundParts(data, model: model, seed: request.seed)
    let original = try model.evaluated(on: parts.choice, threads: request.threads)
    let patterns = PlanningOptions(
      target: .energy(1), include: request.steps.include, exclude: request.steps.exclude)
    let kernels = model.kernels.filter { patterns.isIncluded(model.layers[$0.layer].path) }
    let evaluation = RestEvaluation(model, on: parts.choice, threads: request.threads)
    var rows: [PruningSweepRow] = []
    for kernel in kernels {
      for share in shares {
        var changed = model
        changed[kernel] = try MagnitudePruning.pruned(model[kernel], sparsity: share)
        let result = try evaluation.evaluate(changed, kernel: kernel.path)
        let count = model[kernel].parameterCount
        rows.append(
          PruningSweepRow(
            path: kernel.path, count: count, zeroCount: Int(Double(count) * share),
            sparsity: share, loss: result.loss, accuracy: result.accuracy))
        progress(rows.count, kernels.count * shares.count)
      }
    }
    return (original, rows)
  }
}
