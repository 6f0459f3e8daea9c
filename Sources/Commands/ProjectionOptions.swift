public import ArgumentParser
public import Pipelines

/// Whether and how kernels are kept at a low rank while they are trained.
struct ProjectionOptions: ParsableArguments {
  @Option(help: "Replace every kernel by its approximation of this rank, again and again.")
  var projectRank: Int?

  @Option(help: "How the approximation is computed: exact or randomized.")
  var svd: LowRankProjection.Method = .exact

  @Option(help: "When: at the end of every epoch, or after this many steps as well.")
  var projectEvery: ProjectionInterval = .epoch

  @Option(help: "Columns that a randomized SVD draws beyond the rank.")
  var oversampling: Int?

  func validate() throws {
    if let oversampling, oversampling < 0 {
      throw ValidationError("--oversampling \(oversampling): expected a number from 0")
    }
    if let projectRank, projectRank < 1 {
      throw ValidationError("--project-rank \(projectRank): expected a rank from 1")
    }
    guard projectRank != nil || (svd == .exact && projectEvery.steps == nil) else {
      throw ValidationError("--svd and --project-every need --project-rank")
    }
  }

  /// The projection; nil if none was asked for.
  func projection(seed: UInt64) -> LowRankProjection? {
    projectRank.map {
      LowRankProjection(
        rank: $0, method: svd, stepInterval: projectEvery.steps,
        oversampling: oversampling, seed: seed)
    }
  }
}

extension LowRankProjection.Method: ExpressibleByArgument {}

/// When kernels are projected, as it is written on the command line: `epoch` or `500`.
enum ProjectionInterval: ExpressibleByArgument {
  case epoch
  case steps(Int)

  init?(argument: String) {
    if argument == "epoch" {
      self = .epoch
    } else if let steps = Int(argument), steps >= 1 {
      self = .steps(steps)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { "epoch" }

  var steps: Int? {
    if case .steps(let steps) = self { steps } else { nil }
  }
}
