/// One point of the trade between size and error.
public struct FrontierPoint: Sendable, Hashable {
  /// The model's parameters.
  public let parameterCount: Int
  /// The estimated bytes of the file.
  public let byteCount: Int
  /// Multiplications of one sample; nil if a shape is unknown.
  public let multiplications: Int?
  /// The sum of the kernels' estimated errors.
  public let estimatedError: Double
  /// √(Σ discarded ÷ Σ all) over the kernels: of their energy, or of their outputs' variance where
  /// errors are weighted; nil where nothing is known.
  public let relativeError: Double?
  /// Parameters before ÷ parameters at this point.
  public let compressionRatio: Double
  /// The plan.
  public var plan: CompressionPlan
}

extension Planner {
  /// The least estimated error for every size, thinned to at most `limit` points, largest first.
  public func frontier(limit: Int = 24) -> [FrontierPoint] {
    let lists = kernels.map { kernel in
      kernel.options.map { AllocationOption(cost: $0.parameters, error: $0.error) }
    }
    let perKernel = max(32, min(options.optionLimit, 4096 / max(kernels.count, 1)))
    let positions = lists.map {
      ParetoFront.thinned(ParetoFront.positions(of: $0), of: $0, limit: perKernel)
    }
    let allocation = ParetoAllocation(
      options: zip(lists, positions).map { list, positions in positions.map { list[$0] } },
      budget: parameterCount - fixed.parameters, entryLimit: 8192, exactLimit: 4 * 8192)
    let entries = allocation.front.indices.map {
      AllocationOption(
        cost: allocation.front[$0].cost + fixed.parameters, error: allocation.front[$0].error)
    }
    let chosen = ParetoFront.thinned(Array(entries.indices), of: entries, limit: limit)
    return chosen.reversed().map { entry in
      let selection = zip(positions, allocation.selection(at: entry)).map { $0[$1] }
      let choices = zip(kernels, selection).map { $0.options[$1] }
      let planned = result(
        choices, reasons: zip(kernels, choices).map { $0.reason(for: $1) }, isExact: false)
      return FrontierPoint(
        parameterCount: planned.parameterCount, byteCount: planned.byteCount,
        multiplications: planned.multiplications, estimatedError: planned.estimatedError,
        relativeError: relativeError(of: choices), compressionRatio: planned.compressionRatio,
        plan: planned.plan)
    }
  }

  /// √(Σ discarded ÷ Σ all) over the kernels that were analysed.
  private func relativeError(of choices: [KernelOption]) -> Double? {
    var discarded = 0.0
    var all = 0.0
    for (kernel, choice) in zip(kernels, choices) {
      guard let prepared = analyses[kernel.site.path]?.prepared.first else { continue }
      all += prepared.energy
      discarded += (choice.discardedShare ?? 0) * prepared.energy
    }
    return all > 0 ? (max(discarded, 0) / all).squareRoot() : nil
  }
}
