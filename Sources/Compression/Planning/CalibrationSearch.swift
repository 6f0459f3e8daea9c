/// Looks around the planner's answer for the plan of least measured loss.
///
/// The estimated errors of different kernels are comparable only as far as their unit is right.
/// The search multiplies each kernel's errors by factors, lets the exact allocation answer anew,
/// and keeps what lowers the loss on held-out calibration data. Every plan that it tries meets the
/// budget. Several planners (other weightings or forms) can enter; the best one is refined.
public struct CalibrationSearch {
  /// What the search may spend.
  public struct Options: Sendable, Hashable {
    /// The most plans to measure, those from planners included.
    public var maximumMeasurements: Int
    /// The factor of the first steps; later ones are its roots.
    public var firstFactor: Double

    /// Makes options.
    public init(maximumMeasurements: Int = 60, firstFactor: Double = 4) {
      self.maximumMeasurements = maximumMeasurements
      self.firstFactor = firstFactor
    }
  }

  /// One measured plan.
  public struct Measurement: Sendable, Hashable {
    /// The plan.
    public let planned: PlannedCompression
    /// The loss on held-out calibration data.
    public let loss: Double
  }

  private let planners: [Planner]
  private let options: Options
  private let measure: (PlannedCompression) throws -> Double
  /// Losses of plans measured before, in this run or in one that is continued.
  public private(set) var measured: [CompressionPlan: Double]

  /// Prepares a search.
  ///
  /// `measure` applies a plan and returns the loss; plans in `measured` are not measured again.
  public init(
    planners: [Planner], options: Options = Options(),
    measured: [CompressionPlan: Double] = [:],
    measure: @escaping (PlannedCompression) throws -> Double
  ) {
    self.planners = planners
    self.options = options
    self.measured = measured
    self.measure = measure
  }

  /// Runs the search and returns the best plan.
  /// - Throws: `CompressionError.unreachable` if no planner meets the target; what `measure`
  ///   throws.
  public mutating func run() throws -> Measurement {
    var best: (measurement: Measurement, planner: Int)?
    var failure: (any Error)?
    for (index, planner) in planners.enumerated() {
      do {
        let found = try measurement(of: try planner.plan())
        if best.map({ found.loss < $0.measurement.loss }) ?? true { best = (found, index) }
      } catch let error as CompressionError {
        failure = failure ?? error
      }
    }
    guard let start = best else { throw failure ?? CompressionError.noKernels }
    return try refined(start.measurement, planners[start.planner])
  }

  private mutating func refined(
    _ start: Measurement, _ planner: Planner
  ) throws -> Measurement {
    var best = start
    var scales = [Double](repeating: 1, count: planner.kernels.count)
    var factor = options.firstFactor
    while factor > 1.15, measured.count < options.maximumMeasurements {
      var hasImproved = false
      for index in scales.indices {
        for step in [factor, 1 / factor] {
          guard measured.count < options.maximumMeasurements else { return best }
          var next = scales
          next[index] *= step
          let found = try measurement(of: try planner.scalingErrors(by: next).plan())
          if found.loss < best.loss {
            best = found
            scales = next
            hasImproved = true
            break
          }
        }
      }
      if !hasImproved { factor = factor.squareRoot() }
    }
    return best
  }

  private mutating func measurement(of planned: PlannedCompression) throws -> Measurement {
    if let loss = measured[planned.plan] { return Measurement(planned: planned, loss: loss) }
    let loss = try measure(planned)
    measured[planned.plan] = loss.isNaN ? .infinity : loss
    return Measurement(planned: planned, loss: loss.isNaN ? .infinity : loss)
  }
}

extension Planner {
  /// The same planner with each kernel's errors multiplied.
  func scalingErrors(by scales: [Double]) -> Planner {
    var planner = self
    planner.kernels = zip(kernels, scales).map { $0.scalingErrors(by: $1) }
    return planner
  }

  /// The same planner for another target.
  public func targeting(_ target: CompressionTarget) -> Planner {
    var planner = self
    planner.options.target = target
    return planner
  }
}

extension KernelOptions {
  func scalingErrors(by scale: Double) -> KernelOptions { mapErrors { $0.error * scale } }
}
