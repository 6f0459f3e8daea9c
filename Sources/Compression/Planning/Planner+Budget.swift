import Models

extension Planner {
  /// The unit of a budget.
  enum Unit {
    case parameters, bytes, multiplications
  }

  /// The budget of the target, in its unit, for the whole model.
  private func budget() -> (unit: Unit, limit: Int) {
    switch options.target {
    case .ratio(let ratio):
      (.parameters, Int((Double(parameterCount) / ratio).rounded(.down)))
    case .maximumBytes(let count): (.bytes, count)
    case .maximumMultiplications(let count): (.multiplications, count)
    case .maximumParameters(let count): (.parameters, count)
    default: (.parameters, parameterCount)
    }
  }

  func cost(_ option: KernelOption, _ unit: Unit) -> Int? {
    switch unit {
    case .parameters: option.parameters
    case .bytes: option.bytes
    case .multiplications: option.multiplications
    }
  }

  private func fixedCost(_ unit: Unit) -> Int? {
    switch unit {
    case .parameters: fixed.parameters
    case .bytes: fixed.bytes
    case .multiplications: fixed.multiplications
    }
  }

  /// The fewest parameters that any plan leaves in the model.
  public var leastParameterCount: Int {
    kernels.reduce(fixed.parameters) { sum, kernel in
      sum + (kernel.options.map(\.parameters).min() ?? 0)
    }
  }

  /// Chooses ranks under the target's budget.
  func budgeted() throws -> PlannedCompression {
    let (unit, limit) = budget()
    guard let fixedCost = fixedCost(unit),
      kernels.allSatisfy({ $0.options.allSatisfy { cost($0, unit) != nil } })
    else {
      throw CompressionError.unreachable(
        target: targetName,
        least: "the model's shapes are not all known, so its multiplications "
          + "cannot be counted", advice: "give the target in parameters or bytes")
    }
    let room = limit - fixedCost
    let least = kernels.reduce(0) { sum, kernel in
      sum + (kernel.options.compactMap { cost($0, unit) }.min() ?? 0)
    }
    guard least <= room else { throw unreachable(unit, least: fixedCost + least) }
    switch options.allocation {
    case .global: return global(unit, room: room)
    case .uniform:
      return try uniform(unit, limit: limit, least: fixedCost + least) { kernel, share in
        self.uniformOption(kernel, share: share)
      }
    case .vbmf:
      let analytic = kernels.map { analyticRank($0) }
      return try uniform(unit, limit: limit, least: fixedCost + least) { kernel, share in
        let index = self.kernels.firstIndex { $0.site.path == kernel.site.path } ?? 0
        return self.analyticOption(kernel, rank: analytic[index], share: share)
      }
    }
  }

  private var targetName: String {
    switch options.target {
    case .ratio(let ratio): "--ratio \(CompressionTarget.shortest(ratio))"
    case .maximumBytes(let count): "--max-bytes \(count)"
    case .maximumMultiplications(let count): "--max-macs \(count)"
    case .maximumParameters(let count): "--max-parameters \(count)"
    default: "the target"
    }
  }

  private func unreachable(_ unit: Unit, least: Int) -> CompressionError {
    let reach: String
    if case .ratio = options.target {
      let largest = Planner.largestRatio(parameterCount, least: least)
      reach = "the largest ratio that can be reached is \(CompressionTarget.shortest(largest))"
    } else {
      let name =
        switch unit {
        case .parameters: "parameters"
        case .bytes: "bytes"
        case .multiplications: "multiplications"
        }
      reach = "the least that can be reached is \(least) \(name)"
    }
    let kept = kernels.filter { $0.exclusion != nil }.count
    let advice =
      kept > 0
      ? "ask for less, or leave out fewer layers (\(kept) are kept by the options)"
      : "every kernel has rank 1 there already; ask for less"
    return .unreachable(target: targetName, least: reach, advice: advice)
  }

  /// original ÷ least, rounded down to as many places as keep ⌊original ÷ ratio⌋ ≥ least.
  static func largestRatio(_ original: Int, least: Int) -> Double {
    let exact = Double(original) / Double(max(least, 1))
    var ratio = (exact * 100).rounded(.down) / 100
    while ratio > 1, Int((Double(original) / ratio).rounded(.down)) < least { ratio -= 0.01 }
    return (ratio * 100).rounded() / 100
  }

  /// The options of least total error within `room`.
  private func global(_ unit: Unit, room: Int) -> PlannedCompression {
    let lists = kernels.map { kernel in
      kernel.options.map { AllocationOption(cost: cost($0, unit) ?? 0, error: $0.error) }
    }
    let fronts = lists.map { ParetoFront.positions(of: $0) }
    let perKernel = max(32, min(options.optionLimit, 8192 / max(kernels.count, 1)))
    let thinned = zip(fronts, lists).map {
      ParetoFront.thinned($0, of: $1, limit: perKernel)
    }
    let entryLimit = kernels.count <= 8 ? 20_000 : 8192
    var best = allocate(lists, thinned, room: room, entryLimit: entryLimit)
    var isExact = best.isExact && thinned == fronts
    if thinned != fronts {
      // Ranks between the thinned ones, around the answer.
      let windows = zip(fronts, best.selection).map { front, chosen in
        let position = front.firstIndex(of: chosen) ?? 0
        return Array(
          front[max(0, position - perKernel / 4)..<min(front.count, position + perKernel / 4 + 1)])
      }
      let refined = allocate(lists, windows, room: room, entryLimit: entryLimit)
      if refined.error < best.error { best = refined }
      isExact = false
    }
    let choices = zip(kernels, best.selection).map { $0.options[$1] }
    return result(
      choices, reasons: zip(kernels, choices).map { $0.reason(for: $1) }, isExact: isExact)
  }

  private func allocate(
    _ lists: [[AllocationOption]], _ positions: [[Int]], room: Int, entryLimit: Int
  ) -> (selection: [Int], error: Double, isExact: Bool) {
    let options = zip(lists, positions).map { list, positions in positions.map { list[$0] } }
    let allocation = ParetoAllocation(
      options: options, budget: room, entryLimit: entryLimit,
      exactLimit: entryLimit >= 20_000 ? nil : 4 * entryLimit)
    // `budgeted` has checked that the cheapest options fit.
    let position = allocation.position(within: room) ?? 0
    guard allocation.front.indices.contains(position) else {
      return (positions.map { $0.first ?? 0 }, .infinity, false)
    }
    let selection = zip(positions, allocation.selection(at: position)).map { $0[$1] }
    return (selection, allocation.front[position].error, allocation.isExact)
  }

  /// The largest common share whose ranks fit the budget.
  private func uniform(
    _ unit: Unit, limit: Int, least: Int, _ choose: (KernelOptions, Double) -> KernelOption
  ) throws -> PlannedCompression {
    func choices(_ share: Double) -> (options: [KernelOption], cost: Int) {
      let options = kernels.map { kernel in
        kernel.exclusion == nil ? choose(kernel, share) : kernel.keeping
      }
      let fixed = fixedCost(unit) ?? 0
      return (options, options.reduce(fixed) { $0 + (cost($1, unit) ?? 0) })
    }
    var low = 0.0
    var high = 1.0
    var best = choices(0)
    guard best.cost <= limit else { throw unreachable(unit, least: best.cost) }
    if choices(1).cost <= limit { low = 1 }
    while high - low > 1e-12 {
      let middle = (low + high) / 2
      if choices(middle).cost <= limit { low = middle } else { high = middle }
    }
    best = choices(low)
    return result(
      best.options, reasons: zip(kernels, best.options).map { $0.reason(for: $1) },
      isExact: false)
  }
}
