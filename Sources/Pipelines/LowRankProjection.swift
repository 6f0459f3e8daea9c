import LinearAlgebra
public import Models
public import Programs
public import Tensors
public import Training

/// Replaces trained kernels by their approximation of a rank, again and again while training.
///
/// A kernel of more than two axes is seen as a matrix over patches. Kernels whose smaller side is
/// not above the rank stay as they are, as do factorised ones.
public struct LowRankProjection: Sendable, Hashable {
  /// How the approximation is computed.
  public enum Method: String, Sendable, Hashable, CaseIterable {
    /// The best approximation, by a deterministic SVD.
    case exact
    /// Random projection with oversampling (Halko, Martinsson, Tropp 2011).
    case randomized
  }

  /// The rank.
  public var rank: Int
  /// How the approximation is computed.
  public var method: Method
  /// Steps between projections; nil projects at the end of each epoch only.
  ///
  /// With a number of steps the end of each epoch is one more occasion, so that what is judged and
  /// kept has the rank.
  public var stepInterval: Int?
  /// Columns that a random projection draws beyond the rank; nil takes max(10, rank ÷ 10).
  public var oversampling: Int?
  /// Seed of the random projection.
  public var seed: UInt64

  /// Describes a projection.
  public init(
    rank: Int, method: Method = .exact, stepInterval: Int? = nil, oversampling: Int? = nil,
    seed: UInt64 = 0
  ) {
    precondition(rank >= 1 && (stepInterval ?? 1) >= 1, "a rank and an interval from 1")
    self.rank = rank
    self.method = method
    self.stepInterval = stepInterval
    self.oversampling = oversampling
    self.seed = seed
  }

  /// What the projections of one epoch did.
  public struct Record: Sendable, Hashable {
    /// The epoch, counted from 1.
    public var epoch: Int
    /// How often kernels were projected.
    public var count: Int
    /// ‖W − W_k‖_F ÷ ‖W‖_F of the last time, over all kernels together.
    public var relativeError: Double
    /// Wall time of all projections of the epoch, in seconds.
    public var seconds: Double
  }

  /// The positions of the parameters that are projected: dense kernels with a smaller side above
  /// the rank.
  public func targets(in model: Model, program: Program) -> [Int] {
    var names = Set<String>()
    for reference in model.kernels where model[reference].kind == .dense {
      for component in model[reference].components {
        names.insert("\(reference.path)/\(component.name)")
        names.insert(reference.path)
      }
    }
    return program.parameters.indices.filter { index in
      let parameter = program.parameters[index]
      let columns = parameter.shape.last
      return parameter.isTrainable && parameter.shape.order >= 2 && names.contains(parameter.name)
        && min(columns, parameter.shape.count / max(columns, 1)) > rank
    }
  }

  /// Projects parameters in place and returns Σ of what was lost and Σ of the squared norms.
  /// - Throws: `LinearAlgebraError` for values that are not finite.
  public func apply(
    to parameters: inout [Tensor], at targets: [Int]
  ) throws -> (lost: Double, energy: Double) {
    let route: SVDRoute =
      method == .exact
      ? .exact
      : .randomized(
        RandomizedSVDOptions(oversampling: oversampling, powerIterations: 2, seed: seed))
    var lost = 0.0
    var energy = 0.0
    for index in targets {
      let svd = try TruncatedSVD.compute(Matrix(parameters[index]), rank: rank, route: route)
      parameters[index] = Tensor(
        shape: parameters[index].shape, elements: svd.reconstructed().elements)
      lost += svd.discardedEnergy
      energy += svd.squaredNorm
    }
    return (lost, energy)
  }
}

/// Runs a projection at its times and keeps what each epoch's did.
public final class ProjectionLog {
  /// The projection.
  public let projection: LowRankProjection
  /// One record an epoch.
  public private(set) var records: [LowRankProjection.Record] = []
  private let targets: [Int]

  /// Prepares a log for one run.
  /// - Throws: `LoweringError` naming a layer that cannot be run.
  public init(_ projection: LowRankProjection, for run: TrainingRun) throws {
    self.projection = projection
    targets = projection.targets(in: run.model, program: try run.program())
  }

  /// The number of kernels that the projection changes.
  public var kernelCount: Int { targets.count }

  /// Projects the state's parameters; for ``TrainingRun/run(from:adjustInterval:adjust:onStep:onEpoch:)``.
  public func adjust(_ state: inout TrainingState) throws {
    let start = monotonicSeconds()
    // Taken out while they are written, so that nothing is copied.
    var parameters: [Tensor] = []
    swap(&parameters, &state.parameters)
    defer { swap(&parameters, &state.parameters) }
    let (lost, energy) = try projection.apply(to: &parameters, at: targets)
    if records.last?.epoch != state.epoch + 1 {
      records.append(.init(epoch: state.epoch + 1, count: 0, relativeError: 0, seconds: 0))
    }
    let last = records.count - 1
    records[last].count += 1
    records[last].relativeError = energy > 0 ? (lost / energy).squareRoot() : 0
    records[last].seconds += monotonicSeconds() - start
  }
}
