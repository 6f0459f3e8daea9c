public import Models

/// Why a plan does to one kernel what it does: what it costs and loses, what the next steps would
/// change, and what was refused.
public struct KernelExplanation: Sendable, Hashable {
  /// A neighbouring choice on the kernel's own trade between size and error.
  public struct Step: Sendable, Hashable {
    /// What would be done instead.
    public let action: CompressionPlan.Action
    /// Parameters more (or fewer, below 0).
    public let parameterChange: Int
    /// Estimated error more (or less, below 0).
    public let errorChange: Double
  }

  /// Something that was not done.
  public struct Refusal: Sendable, Hashable {
    /// The form.
    public let form: Weight.Kind
    /// Why, both sides.
    public let reason: String
  }

  /// The kernel's path.
  public let path: String
  /// The decision.
  public let decision: CompressionPlan.Decision
  /// The kernel's parameters as it is.
  public let parametersBefore: Int
  /// The kernel's parameters in the plan.
  public let parametersAfter: Int
  /// Multiplications of one sample as it is; nil if unknown.
  public let multiplicationsBefore: Int?
  /// Multiplications of one sample in the plan; nil if unknown.
  public let multiplicationsAfter: Int?
  /// The estimated error, in the allocation's unit.
  public let error: Double
  /// The share of the plan's whole estimated error; nil if that is 0.
  public let errorShare: Double?
  /// The next larger choice that loses less; nil if there is none.
  public let larger: Step?
  /// The next smaller choice that loses more; nil if there is none.
  public let smaller: Step?
  /// What was refused, and why.
  public let refusals: [Refusal]
}

extension Planner {
  /// Explains a plan of this planner, kernel by kernel.
  public func explanations(of plan: CompressionPlan) -> [KernelExplanation] {
    let chosen = kernels.map { kernel in option(of: kernel, plan[kernel.site.path]) }
    let total = chosen.reduce(0) { $0 + $1.error }
    return zip(kernels, chosen).map { kernel, option in
      let decision =
        plan[kernel.site.path]
        ?? CompressionPlan.Decision(path: kernel.site.path, action: .keep)
      let steps = kernel.steps(around: option)
      return KernelExplanation(
        path: kernel.site.path, decision: decision, parametersBefore: kernel.keeping.parameters,
        parametersAfter: option.parameters,
        multiplicationsBefore: kernel.keeping.multiplications,
        multiplicationsAfter: option.multiplications, error: option.error,
        errorShare: total > 0 ? option.error / total : nil, larger: steps.larger,
        smaller: steps.smaller,
        refusals: kernel.exclusion == nil
          ? kernel.refusals(beside: option, analyses[kernel.site.path]) : [])
    }
  }

  /// The option behind a decision; ranks that are no option of the planner are made one.
  private func option(
    of kernel: KernelOptions, _ decision: CompressionPlan.Decision?
  ) -> KernelOption {
    guard let decision, case .factorize(let form, let ranks) = decision.action else {
      return kernel.keeping
    }
    if let known = kernel.options.first(where: { $0.action == decision.action }) { return known }
    guard
      let prepared = analyses[kernel.site.path]?.prepared(form, decision.weighting)
        ?? analyses[kernel.site.path]?.prepared.first(where: { $0.form == form })
    else { return kernel.keeping }
    return KernelOptions.option(ranks, prepared, at: kernel.site, encoding: options.encoding)
  }
}

extension KernelOptions {
  /// The neighbours of an option on the kernel's own Pareto front.
  fileprivate func steps(
    around option: KernelOption
  ) -> (larger: KernelExplanation.Step?, smaller: KernelExplanation.Step?) {
    let costs = options.map { AllocationOption(cost: $0.parameters, error: $0.error) }
    let front = ParetoFront.positions(of: costs).map { options[$0] }
    func step(_ other: KernelOption) -> KernelExplanation.Step {
      KernelExplanation.Step(
        action: other.action, parameterChange: other.parameters - option.parameters,
        errorChange: other.error - option.error)
    }
    return (
      front.first { $0.parameters > option.parameters && $0.error < option.error }.map(step),
      front.last { $0.parameters < option.parameters && $0.error > option.error }.map(step)
    )
  }

  /// Each form that was not taken, with the reason.
  fileprivate func refusals(
    beside option: KernelOption, _ analysis: KernelAnalysis?
  ) -> [KernelExplanation.Refusal] {
    guard let analysis else { return [] }
    var refusals = analysis.obstacles.map {
      KernelExplanation.Refusal(form: $0.form, reason: $0.reason)
    }
    for prepared in analysis.prepared where prepared.form != option.form {
      let rivals = options.filter { $0.form == prepared.form }
      let fitting = rivals.filter { $0.parameters <= option.parameters }
      let reason: String
      if let best = fitting.min(by: { ($0.error, $0.parameters) < ($1.error, $1.parameters) }) {
        reason =
          "\(best.ranksText) loses \(KernelOptions.short(best.error)) against "
          + "\(KernelOptions.short(option.error)) in \(best.parameters) of "
          + "\(option.parameters) parameters"
      } else if let least = rivals.min(by: { $0.parameters < $1.parameters }) {
        reason = "it needs at least \(least.parameters) parameters, \(option.parameters) are taken"
      } else {
        reason = "no ranks store fewer than \(keeping.parameters) parameters"
      }
      refusals.append(KernelExplanation.Refusal(form: prepared.form, reason: reason))
    }
    if option.action != .keep {
      refusals.append(
        KernelExplanation.Refusal(
          form: .dense,
          reason: "it would take \(keeping.parameters - option.parameters) parameters more"))
    }
    return refusals
  }

  /// A number of three significant digits or so.
  static func short(_ value: Double) -> String {
    guard value > 0, value.isFinite else { return CompressionTarget.shortest(value) }
    var scale = 1.0
    while value * scale < 100, scale < 1e12 { scale *= 10 }
    return CompressionTarget.shortest((value * scale).rounded() / scale)
  }
}

extension KernelOption {
  /// The form that the option gives; dense stands for keeping.
  var form: Weight.Kind {
    if case .factorize(let form, _) = action { return form }
    return .dense
  }

  /// `rank 4×5`.
  var ranksText: String {
    if case .factorize(_, let ranks) = action { return "rank \(CompressionError.list(ranks))" }
    return "keeping it"
  }
}
