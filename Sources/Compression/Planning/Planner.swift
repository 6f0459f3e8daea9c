public import Models
import Tensors

/// Makes plans for one analysed model: targets and budgets in, decisions with reasons out.
public struct Planner: Sendable {
  var options: PlanningOptions
  var kernels: [KernelOptions]
  let analyses: KernelAnalyses
  /// The whole model before.
  let parameterCount: Int
  /// What no decision changes.
  let fixed: Totals

  /// Costs of a model or of a part of it.
  struct Totals: Sendable, Hashable {
    var parameters = 0
    var bytes = 0
    /// nil once a part is unknown.
    var multiplications: Int? = 0

    mutating func add(_ option: KernelOption) {
      parameters += option.parameters
      bytes += option.bytes
      multiplications = multiplications.flatMap { sum in
        option.multiplications.map { sum + $0 }
      }
    }
  }

  /// Prepares planning.
  /// - Throws: `SpecificationError` for a pattern that matches nothing; `CompressionError.noKernels`.
  public init(_ model: Model, analyses: KernelAnalyses, options: PlanningOptions) throws {
    let sites = analyses.kernels.map(\.site)
    guard !sites.isEmpty else { throw CompressionError.noKernels }
    try options.checkPatterns(against: sites)
    self.options = options
    self.analyses = analyses
    kernels = analyses.kernels.map { analysis in
      KernelOptions(
        analysis, encoding: options.encoding, limit: options.optionLimit,
        exclusion: options.isIncluded(analysis.site.layerPath) ? nil : "left out by the options")
    }
    parameterCount = model.parameterCount
    let structure = model.structure()
    let products = structure.obstacle == nil ? structure.totalMultiplications : nil
    let present = kernels.reduce(into: Totals()) { $0.add($1.keeping) }
    fixed = Totals(
      parameters: parameterCount - sites.reduce(0) { $0 + $1.parameterCount },
      bytes: Planner.fixedByteCount(model, sites: sites, encoding: options.encoding)
        + options.overheadByteCount,
      multiplications: products.flatMap { all in present.multiplications.map { all - $0 } })
  }

  /// The bytes of all tensors that are not factorisable kernels.
  private static func fixedByteCount(
    _ model: Model, sites: [KernelSite], encoding: StoredEncoding?
  ) -> Int {
    let kernels = Set(sites.map(\.path))
    return model.layers.reduce(0) { sum, layer in
      layer.weights.reduce(sum) { sum, named in
        if kernels.contains("\(layer.path)/\(named.name)") { return sum }
        return named.weight.components.reduce(sum) { sum, component in
          let parameter = component.parameter
          guard let encoding, parameter.shape.order >= 2,
            parameter.scalarType.isFloatingPoint
          else { return sum + parameter.byteCount }
          return sum + encoding.byteCount(of: parameter.shape)
        }
      }
    }
  }

  /// Makes the plan for the options' target.
  /// - Throws: `CompressionError.unreachable` with the largest target that can be reached.
  public func plan() throws -> PlannedCompression {
    switch options.target {
    case .ratio, .maximumParameters, .maximumBytes, .maximumMultiplications:
      return try budgeted()
    case .rank(let specification): return try ranked(specification)
    case .energy(let share): return thresholded(share: share, error: nil)
    case .maximumError(let error): return thresholded(share: nil, error: error)
    case .maximumAccuracyDrop:
      throw CompressionError.unreachable(
        target: "--max-accuracy-drop", least: "accuracy is measured, it cannot be planned for",
        advice: "give --data, or another target")
    }
  }

  /// The result of one option chosen for each kernel.
  func result(
    _ choices: [KernelOption], reasons: [String], isExact: Bool = true
  ) -> PlannedCompression {
    var totals = fixed
    for choice in choices { totals.add(choice) }
    let decisions = zip(kernels, choices).enumerated().map { index, pair in
      CompressionPlan.Decision(
        path: pair.0.site.path, action: pair.1.action, weighting: pair.1.weighting,
        reason: reasons[index])
    }
    return PlannedCompression(
      plan: CompressionPlan(kernels: decisions, encoding: options.encoding),
      originalParameterCount: parameterCount, parameterCount: totals.parameters,
      byteCount: totals.bytes, multiplications: totals.multiplications,
      estimatedError: choices.reduce(0) { $0 + $1.error }, isExact: isExact)
  }
}

/// A plan and what it is expected to cost and lose.
public struct PlannedCompression: Sendable, Hashable {
  /// The plan.
  public var plan: CompressionPlan
  /// The model's parameters before.
  public let originalParameterCount: Int
  /// The model's parameters after.
  public let parameterCount: Int
  /// The estimated bytes of the file: tensors and the overhead that the options stated.
  public let byteCount: Int
  /// Multiplications of one sample after; nil if a shape is unknown.
  public let multiplications: Int?
  /// The sum of the kernels' estimated errors, in the allocation's unit.
  public let estimatedError: Double
  /// Whether no plan within the budget has less estimated error.
  public let isExact: Bool

  /// Parameters before ÷ parameters after.
  public var compressionRatio: Double {
    Double(originalParameterCount) / Double(max(parameterCount, 1))
  }
}
