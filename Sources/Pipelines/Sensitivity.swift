public import Compression
import Interchange
import LinearAlgebra
public import ModelFile
import Models
public import Training

/// What a sensitivity analysis is asked to do.
public struct SensitivityRequest: Sendable {
  /// The file, the data, the forms and the layers.
  ///
  /// Its source is `.planning`, whose target is not used. Without an output nothing is written.
  public var compression: CompressionRequest
  /// What is varied.
  public var axis: SensitivityAnalysis.Axis
  /// ε: a step that gains less of the loss is not worth taking.
  public var tolerance: Double
  /// ε of single kernels, by a glob on layer or kernel.
  public var tolerances: [(pattern: Glob, tolerance: Double)]
  /// About how many ranks a kernel are tried before those around the knee.
  public var gridCount: Int

  /// Makes a request.
  public init(
    _ compression: CompressionRequest, axis: SensitivityAnalysis.Axis, tolerance: Double = 0.01,
    tolerances: [(pattern: Glob, tolerance: Double)] = [], gridCount: Int = 10
  ) {
    self.compression = compression
    self.axis = axis
    self.tolerance = tolerance
    self.tolerances = tolerances
    self.gridCount = gridCount
  }
}

/// What every kernel can lose, and the model that follows from it.
public struct SensitivityOutcome: Sendable {
  /// The model before.
  public let before: Inspection
  /// One entry a kernel, in layer order.
  public let kernels: [KernelSensitivity]
  /// ε of each kernel.
  public let tolerances: [Double]
  /// What ranks were weighted with.
  public let weighting: Weighting
  /// The plan that takes every kernel to its knee; nil unless ranks were varied.
  public let plan: CompressionPlan?
  /// The whole model before, on the examples that the analysis measured on.
  public let unchanged: EvaluationResult
  /// All knees together, on the same examples.
  public let together: EvaluationResult
  /// All knees together, on training examples that chose nothing.
  public let report: EvaluationResult
  /// The whole model before, on those.
  public let unchangedReport: EvaluationResult
  /// The parameters with all knees taken.
  public let parameterCount: Int
  /// The file that was written; nil without an output.
  public let written: WrittenFile?
  /// Seconds of the whole job.
  public let seconds: Double

  /// The knee of a kernel.
  public func knee(_ index: Int) -> KernelSensitivity.Point? {
    kernels[index].knee(tolerance: tolerances[index])
  }
}

/// Measures what each kernel can lose, the others as they are.
public enum Sensitivity {
  /// Runs the analysis and writes what was asked for.
  /// - Throws: `PipelineError` without data or kernels; what reading and running throw.
  public static func run(
    _ request: SensitivityRequest,
    progress: (_ kernel: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws -> SensitivityOutcome {
    let start = monotonicSeconds()
    let compression = request.compression
    if !compression.output.isEmpty {
      try Compress.checkOutput(
        input: compression.input, output: compression.output, force: compression.force)
    }
    var job = try CompressionJob(compression, progress: nil)
    return try job.sensitivity(request, start: start, progress: progress)
  }
}

extension CompressionJob {
  fileprivate mutating func sensitivity(
    _ asked: SensitivityRequest, start: Double, progress: (String, Int, Int) -> Void
  ) throws -> SensitivityOutcome {
    guard let parts, case .planning(let options) = request.source, let data = request.data else {
      throw PipelineError(place: "--data", reason: "a sensitivity is measured; give a data set")
    }
    let weighting: Weighting =
      switch data.weighting {
      case .none: .none
      case .automatic, .activations: .activations
      case .kfac: .kfac
      }
    let analyses = try analysed(options.forms, weighting: weighting)
    try options.checkPatterns(against: analyses.kernels.map(\.site))
    let references = model.kernels.filter { kernel in
      options.isIncluded(model.layers[kernel.layer].path)
    }
    guard !references.isEmpty else {
      throw PipelineError(place: request.input, reason: "no kernel is left by the options")
    }
    let tolerances = try references.map { try asked.tolerance(of: $0, in: model) }
    let evaluation = RestEvaluation(model, on: parts.choice, threads: request.threads)
    let kernels = try references.enumerated().map { index, reference in
      progress(reference.path, index, references.count)
      return try SensitivityAnalysis(
        model, analyses: analyses, calibration: calibrations[weighting], axis: asked.axis,
        gridCount: asked.gridCount, tolerance: tolerances[index]
      ) { reference, changed in
        let result = try evaluation.evaluate(changed, kernel: reference.path)
        return (loss: result.loss.isNaN ? .infinity : result.loss, accuracy: result.accuracy)
      }.run(reference)
    }
    let (plan, small) = try knees(
      kernels, references, tolerances, asked.axis, weighting: weighting)
    let threads = request.threads
    func judge(_ model: Model, _ data: BoundData) throws -> EvaluationResult {
      try model.evaluated(on: data, threads: threads)
    }
    return SensitivityOutcome(
      before: before, kernels: kernels, tolerances: tolerances, weighting: weighting, plan: plan,
      unchanged: try judge(model, parts.choice), together: try judge(small, parts.choice),
      report: try judge(small, parts.report), unchangedReport: try judge(model, parts.report),
      parameterCount: small.parameterCount, written: try write(small, plan: plan),
      seconds: monotonicSeconds() - start)
  }

  /// The model with every kernel at its knee, and the plan if it has one.
  private mutating func knees(
    _ kernels: [KernelSensitivity], _ references: [KernelReference], _ tolerances: [Double],
    _ axis: SensitivityAnalysis.Axis, weighting: Weighting
  ) throws -> (CompressionPlan?, Model) {
    if axis == .rank {
      var plan = CompressionPlan(
        knees: kernels, tolerance: tolerances.first ?? 0,
        tolerances: Dictionary(
          zip(kernels.map(\.path), tolerances), uniquingKeysWith: { first, _ in first }),
        weighting: weighting)
      plan.sourceDigest = try digest.value()
      return (plan, try apply(plan).model)
    }
    var small = model
    for ((kernel, reference), tolerance) in zip(zip(kernels, references), tolerances) {
      switch kernel.knee(tolerance: tolerance)?.setting {
      case .sparsity(let share)?:
        small[reference] = try MagnitudePruning.pruned(model[reference], sparsity: share)
      case .encoding(let encoding)?:
        small[reference] = try Quantizer(encoding).encode(model[reference])
      case .ranks?, nil: break
      }
    }
    return (nil, small)
  }

  private func write(_ small: Model, plan: CompressionPlan?) throws -> WrittenFile? {
    guard !request.output.isEmpty else { return nil }
    return try ModelWriting.write(
      try recorded(small, plan: plan ?? CompressionPlan(kernels: [])), to: request.output,
      storage: request.storage, force: request.force, allowsCode: request.allowsCode
    ).file
  }
}

extension SensitivityRequest {
  /// ε of a kernel: that of the last pattern that matches it, else the common one.
  fileprivate func tolerance(of kernel: KernelReference, in model: Model) throws -> Double {
    let layer = model.layers[kernel.layer].path
    return tolerances.last { $0.pattern.matches(layer) || $0.pattern.matches(kernel.path) }?
      .tolerance ?? tolerance
  }
}
