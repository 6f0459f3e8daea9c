import Models

/// How a budget is spread over the kernels.
public enum AllocationChoice: String, Sendable, Hashable, CaseIterable {
  /// The ranks of least total error within the budget.
  case global
  /// The same share of parameters for every kernel.
  case uniform
  /// Analytic ranks of Bayesian matrix factorisation, scaled to the budget.
  case vbmf
}

/// What a plan must reach and may use.
public struct PlanningOptions: Sendable {
  /// What must be reached.
  public var target: CompressionTarget
  /// How ranks are chosen under a budget.
  public var allocation: AllocationChoice
  /// The forms that may be chosen.
  public var forms: FormChoice
  /// Only layers that match one of these are changed; empty means all.
  public var include: [Glob]
  /// Layers that match one of these are kept.
  public var exclude: [Glob]
  /// How kernels and factors are stored; nil keeps each kernel's type.
  public var encoding: StoredEncoding?
  /// The bytes of the file beside tensors, for a target in bytes.
  public var overheadByteCount: Int
  /// Options kept per kernel before the allocation; see ``ParetoFront``.
  public var optionLimit: Int

  /// Makes options.
  public init(
    target: CompressionTarget, allocation: AllocationChoice = .global,
    forms: FormChoice = .automatic, include: [Glob] = [], exclude: [Glob] = [],
    encoding: StoredEncoding? = nil, overheadByteCount: Int = 0, optionLimit: Int = 512
  ) {
    self.target = target
    self.allocation = allocation
    self.forms = forms
    self.include = include
    self.exclude = exclude
    self.encoding = encoding
    self.overheadByteCount = overheadByteCount
    self.optionLimit = optionLimit
  }

  /// Whether a layer's kernels may be changed.
  public func isIncluded(_ layerPath: String) -> Bool {
    (include.isEmpty || include.contains { $0.matches(layerPath) })
      && !exclude.contains { $0.matches(layerPath) }
  }

  /// Refuses patterns that match no layer with a kernel.
  /// - Throws: `SpecificationError` with the nearest layer.
  public func checkPatterns(against sites: [KernelSite]) throws(SpecificationError) {
    let names = sites.map(\.layerPath)
    var patterns = include.map { ("--include", $0) } + exclude.map { ("--exclude", $0) }
    if case .rank(.layers(let layers)) = target {
      patterns += layers.map { ("--rank", $0.pattern) }
    }
    for (subject, pattern) in patterns where !names.contains(where: { pattern.matches($0) }) {
      throw SpecificationError(
        subject,
        "'\(pattern)' matches no layer with a factorisable kernel"
          + NearestName.hint(pattern.description, among: names))
    }
  }
}
