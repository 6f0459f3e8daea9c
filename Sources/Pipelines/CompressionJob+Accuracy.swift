import Compression
import Datasets
import Models
import Training

/// What a bound on the accuracy's fall came to.
public struct AccuracyBound: Sendable, Hashable {
  /// Percentage points that may be lost.
  public let points: Double
  /// Accuracy of the model before, on the examples that chose.
  public let before: Double
  /// Accuracy of the result there.
  public let after: Double
  /// How many examples chose.
  public let count: Int
  /// Accuracy of the model before, on examples that did not choose.
  public let validationBefore: Double
  /// Accuracy of the result there.
  public let validationAfter: Double
  /// How many examples validated.
  public let validationCount: Int
  /// How many sizes were tried.
  public let trialCount: Int
  /// Smaller models that held on the first examples and not on the others.
  public let refusedCount: Int

  /// The least accuracy on the examples that chose.
  public var threshold: Double { before - points / 100 }
}

extension CompressionJob {
  /// The plan of a dry run: with data the very one that a run would take.
  mutating func planned() throws -> (
    planned: PlannedCompression?, plan: CompressionPlan, bound: AccuracyBound?
  ) {
    if case .planning(let options) = request.source {
      if case .maximumAccuracyDrop(let points) = options.target {
        let found = try holding(drop: points)
        return (found.planned, found.plan, found.bound)
      }
      if parts != nil {
        let found = try best()
        return (found.planned, found.plan, nil)
      }
    }
    let (planned, plan) = try decide()
    return (planned, plan, nil)
  }

  /// The smallest model that loses at most `points` of accuracy: chosen on one part of the training
  /// examples, after recovery if that was asked for, and validated on another.
  mutating func holding(drop points: Double) throws -> Candidate {
    guard let parts, case .planning(let options) = request.source else {
      throw PipelineError(
        place: "--max-accuracy-drop", reason: "accuracy is measured; give --data")
    }
    let threads = request.threads
    func accuracy(_ model: Model, _ data: BoundData) throws -> Double {
      guard let accuracy = try model.evaluated(on: data, threads: threads).accuracy else {
        throw PipelineError(
          place: "--max-accuracy-drop", reason: "the data have no classes to be right about")
      }
      return accuracy
    }
    let before = try accuracy(model, parts.choice)
    let validationBefore = try accuracy(model, parts.report)
    let least = try leastParameterCount(options)
    // Sums of counts: half an example is no drop.
    let slack = 0.5 / Double(max(parts.choice.dataset.count, 1))
    let search = AccuracySearch<Candidate>(threshold: before - points / 100 - slack)
    let floor = validationBefore - points / 100 - 0.5 / Double(max(parts.report.dataset.count, 1))
    var smallest = least
    var refused = 0
    var tried = 0
    // Where all that hold on the first part fail on the other, the search goes on above them.
    while smallest < model.parameterCount {
      let found = try search.run(least: smallest, most: model.parameterCount) { limit in
        var candidate = try best(target: .maximumParameters(limit), measurements: searchEffort)
        candidate.tuned = try recovered(candidate.compressed.model)
        let result = candidate.tuned?.model ?? candidate.compressed.model
        return .init(
          parameterCount: result.parameterCount, accuracy: try accuracy(result, parts.choice),
          candidate: candidate)
      }
      tried += found.trialCount
      for trial in found.holding {
        var candidate = trial.candidate
        let result = candidate.tuned?.model ?? candidate.compressed.model
        let validation = try accuracy(result, parts.report)
        guard validation >= floor else {
          refused += 1
          continue
        }
        candidate.bound = AccuracyBound(
          points: points, before: before, after: trial.accuracy,
          count: parts.choice.dataset.count, validationBefore: validationBefore,
          validationAfter: validation, validationCount: parts.report.dataset.count,
          trialCount: tried, refusedCount: refused)
        return candidate
      }
      guard let last = found.holding.last else { break }
      smallest = max(smallest + 1, last.parameterCount * 115 / 100)
    }
    throw PipelineError(
      place: "--max-accuracy-drop",
      reason: "none of \(tried) smaller models holds it on both parts of the training examples; "
        + "allow more points, or recover with --finetune 10")
  }

  /// The fewest parameters that plans of every weighting reach.
  private mutating func leastParameterCount(_ options: PlanningOptions) throws -> Int {
    var options = options
    options.target = .maximumParameters(model.parameterCount)
    var least = 1
    for weighting in weightings() {
      let analyses = try analysed(options.forms, weighting: weighting)
      least = max(
        least,
        try located { try Planner(model, analyses: analyses, options: options) }
          .leastParameterCount)
    }
    return least
  }

  /// Plans measured at each size: there are about ten sizes.
  private var searchEffort: Int { min(24, measurementLimit) }
}
