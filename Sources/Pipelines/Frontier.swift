public import Compression
import LinearAlgebra
import Models
public import Training

/// The trade between size and loss of one model, before anything is changed.
public struct FrontierOutcome: Sendable {
  /// One plan that no other beats in both size and loss.
  public struct Point: Sendable {
    /// The plan with its costs and estimated error.
    public let estimate: FrontierPoint
    /// What errors were measured against.
    public let weighting: Weighting
    /// The result on the held-out examples that decided the frontier; nil without data.
    public let choice: EvaluationResult?
    /// The result on training examples that decided nothing; nil without data.
    public let report: EvaluationResult?
  }

  /// The model before.
  public let before: Inspection
  /// The frontier, largest first; the first point is the model as it is.
  public let points: [Point]
  /// How many plans were measured or estimated.
  public let triedCount: Int
  /// How many of them another beat in size and loss.
  public let refusedCount: Int
  /// The weightings that were tried.
  public let weightings: [Weighting]
  /// Seconds of the whole job.
  public let seconds: Double
  let planners: [Weighting: Planner]

  /// Why a point's plan does what it does, kernel by kernel.
  public func explanations(of point: Point) -> [KernelExplanation] {
    planners[point.weighting]?.explanations(of: point.estimate.plan) ?? []
  }

  /// The smallest ratio that reaches the wanted one; nil if none does.
  public func point(reaching ratio: Double) -> Point? {
    points.first { $0.estimate.compressionRatio >= ratio }
  }
}

/// Lists the plans worth having; nothing is written.
public enum Frontier {
  /// Analyses a model and lists at most about `limit` points.
  ///
  /// With data, every weighting's plans are applied in memory and measured on a held-out part of the
  /// training examples; those that another plan beats in both size and loss are refused. The source
  /// of `request` is `.planning`; its target is not used.
  /// - Throws: an error whose description names the file, the place and both sides.
  public static func run(
    _ request: CompressionRequest, limit: Int = 16,
    progress: (@Sendable (CompressionProgress) -> Void)? = nil,
    measured: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> FrontierOutcome {
    let start = monotonicSeconds()
    var job = try CompressionJob(request, progress: progress)
    return try job.frontier(limit: limit, start: start, measured: measured)
  }
}

extension CompressionJob {
  fileprivate mutating func frontier(
    limit: Int, start: Double, measured: (Int, Int) -> Void
  ) throws -> FrontierOutcome {
    guard case .planning(let options) = request.source else {
      preconditionFailure("a frontier is planned")
    }
    var planners: [Weighting: Planner] = [:]
    var candidates: [(weighting: Weighting, estimate: FrontierPoint)] = []
    let weightings = weightings()
    for weighting in weightings {
      let analyses = try analysed(options.forms, weighting: weighting)
      let planner = try located { try Planner(model, analyses: analyses, options: options) }
      planners[weighting] = planner
      candidates += planner.frontier(limit: limit).map { (weighting, $0) }
    }
    let digest = try digest.value()
    var points: [FrontierOutcome.Point] = []
    for (index, candidate) in candidates.enumerated() {
      measured(index, candidates.count)
      var estimate = candidate.estimate
      estimate.plan.sourceDigest = digest
      points.append(try point(estimate, candidate.weighting))
    }
    let kept = parts == nil ? points : CompressionJob.undominated(points)
    return FrontierOutcome(
      before: before, points: thinned(kept, limit: limit), triedCount: points.count,
      refusedCount: points.count - kept.count, weightings: weightings,
      seconds: monotonicSeconds() - start, planners: planners)
  }

  private func point(
    _ estimate: FrontierPoint, _ weighting: Weighting
  ) throws -> FrontierOutcome.Point {
    guard let parts else {
      return .init(estimate: estimate, weighting: weighting, choice: nil, report: nil)
    }
    let compressed = try applied(estimate.plan).model
    return .init(
      estimate: estimate, weighting: weighting,
      choice: try compressed.evaluated(on: parts.choice, threads: request.threads),
      report: try compressed.evaluated(on: parts.report, threads: request.threads))
  }

  /// The points that no smaller or equal one beats in loss, largest first.
  private static func undominated(
    _ points: [FrontierOutcome.Point]
  ) -> [FrontierOutcome.Point] {
    func loss(_ point: FrontierOutcome.Point) -> Double {
      point.choice.map { $0.loss.isNaN ? .infinity : $0.loss } ?? .infinity
    }
    let rising = points.sorted {
      ($0.estimate.parameterCount, loss($0)) < ($1.estimate.parameterCount, loss($1))
    }
    let largest = rising.last?.estimate.parameterCount ?? 0
    var best = Double.infinity
    var kept: [FrontierOutcome.Point] = []
    for point in rising {
      // The model as it is stays, even where a smaller one measures better.
      let isWhole =
        point.estimate.parameterCount == largest
        && kept.last?.estimate.parameterCount != largest
      if loss(point) < best || isWhole {
        best = min(best, loss(point))
        kept.append(point)
      }
    }
    return kept.reversed()
  }

  /// At most `limit` points: both ends, and steps that are even in position.
  private func thinned(
    _ points: [FrontierOutcome.Point], limit: Int
  ) -> [FrontierOutcome.Point] {
    guard points.count > limit, limit > 1 else { return points }
    return (0..<limit).map { points[$0 * (points.count - 1) / (limit - 1)] }
  }
}
