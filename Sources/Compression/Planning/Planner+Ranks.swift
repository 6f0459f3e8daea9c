import Models

extension Planner {
  /// Ranks as they were given.
  ///
  /// A number or a share is applied to every kernel as asked; ranks given for a layer that would
  /// not save parameters leave it as it is, with the reason.
  func ranked(_ specification: RankSpecification) throws -> PlannedCompression {
    var choices: [KernelOption] = []
    var reasons: [String] = []
    for kernel in kernels {
      let (choice, reason) = try ranked(kernel, specification)
      choices.append(choice)
      reasons.append(reason)
    }
    return result(choices, reasons: reasons)
  }

  private func ranked(
    _ kernel: KernelOptions, _ specification: RankSpecification
  ) throws -> (KernelOption, String) {
    if let exclusion = kernel.exclusion { return (kernel.keeping, exclusion) }
    var asked: [Int]?
    if case .layers(let layers) = specification {
      guard let match = layers.first(where: { $0.pattern.matches(kernel.site.layerPath) }) else {
        return (kernel.keeping, "--rank does not name it")
      }
      asked = match.ranks
    }
    guard let prepared = askedFactorization(kernel, rankCount: asked?.count) else {
      return (kernel.keeping, kernel.obstacleReason(analyses[kernel.site.path]))
    }
    let ranks =
      try asked.map { try clipped($0, kernel, prepared) }
      ?? given(specification, kernel, prepared)
    guard !ranks.isEmpty else {
      return (kernel.keeping, "its map's ranks must be given one by one")
    }
    let option = KernelOptions.option(
      ranks, prepared, at: kernel.site, encoding: options.encoding)
    if asked != nil, option.parameters >= kernel.keeping.parameters {
      return (kernel.keeping, kernel.needs(option))
    }
    if kernel.site.form != .dense, ranks == kernel.site.ranks {
      return (kernel.keeping, "it has these ranks already")
    }
    return (option, kernel.reason(for: option))
  }

  /// The form that a rank, or a pair of ranks, speaks of.
  private func askedFactorization(
    _ kernel: KernelOptions, rankCount: Int?
  ) -> (any PreparedFactorization)? {
    guard let rankCount else { return plainFactorization(kernel) }
    let prepared = analyses[kernel.site.path]?.prepared ?? []
    let fitting = prepared.filter { candidate in
      let full = kernel.site.fullRanks(candidate.form).count
      return full == rankCount || (candidate.form == .tensorised && full + 1 == rankCount)
    }
    // One rank for a windowed convolution means both of Tucker's.
    if rankCount == 1, let tucker = prepared.first(where: { $0.form == .tucker2 }) {
      return fitting.first ?? tucker
    }
    return fitting.first
  }

  private func clipped(
    _ ranks: [Int], _ kernel: KernelOptions, _ prepared: any PreparedFactorization
  ) throws -> [Int] {
    let full = limits(kernel, prepared)
    let ranks = ranks.count == 1 && full.count == 2 ? [ranks[0], ranks[0]] : ranks
    guard prepared.form != .tensorised || ranks.count >= full.count else {
      throw SpecificationError(
        "--rank", "\(kernel.site.layerPath) needs \(full.count) ranks, found \(ranks.count)")
    }
    return prepared.form == .tensorised ? ranks : zip(ranks, full).map { min($0, $1) }
  }

  private func limits(
    _ kernel: KernelOptions, _ prepared: any PreparedFactorization
  ) -> [Int] {
    let full = kernel.site.fullRanks(prepared.form)
    guard kernel.site.form == prepared.form else { return full }
    return zip(full, kernel.site.ranks).map { min($0, $1) }
  }

  /// One number or share: floor(n·share) of a matrix, floor(c·share) × floor(f·share) of channels.
  private func given(
    _ specification: RankSpecification, _ kernel: KernelOptions,
    _ prepared: any PreparedFactorization
  ) -> [Int] {
    let limits = limits(kernel, prepared)
    switch prepared.form {
    case .lowRank, .dense:
      let full = kernel.site.fullRanks(.lowRank)[0]
      return [min(specification.rank(ofFull: full) ?? full, limits[0])]
    case .tucker2:
      let channels = [kernel.site.channels, kernel.site.columns]
      var ranks = zip(channels, limits).map { min(specification.rank(ofFull: $0) ?? $0, $1) }
      // A core of k² windows and R1 inputs cannot have more than k²·R1 outputs of its own.
      ranks[1] = min(ranks[1], kernel.site.windowCount * ranks[0])
      ranks[0] = min(ranks[0], kernel.site.windowCount * ranks[1])
      return ranks
    case .tensorised: return []
    }
  }

  /// For each kernel the fewest parameters that keep the energy or stay below the error.
  func thresholded(share: Double?, error: Double?) -> PlannedCompression {
    var choices: [KernelOption] = []
    var reasons: [String] = []
    for kernel in kernels {
      if let exclusion = kernel.exclusion {
        choices.append(kernel.keeping)
        reasons.append(exclusion)
        continue
      }
      let fitting = analyses[kernel.site.path]?.prepared.compactMap { prepared -> KernelOption? in
        ranks(prepared, kernel.site, share: share, error: error).map {
          KernelOptions.option($0, prepared, at: kernel.site, encoding: options.encoding)
        }
      }
      let least = fitting?.min { $0.parameters < $1.parameters }
      if let least, least.parameters < kernel.keeping.parameters {
        choices.append(least)
        reasons.append(kernel.reason(for: least))
      } else {
        choices.append(kernel.keeping)
        reasons.append(
          least.map { kernel.needs($0) }
            ?? kernel.obstacleReason(analyses[kernel.site.path]))
      }
    }
    return result(choices, reasons: reasons)
  }

  /// The smallest ranks that keep `share` of the energy (each mode of Tucker-2 may lose half of
  /// the rest) or lose at most the square of `error`; nil where no rank does.
  private func ranks(
    _ prepared: any PreparedFactorization, _ site: KernelSite, share: Double?, error: Double?
  ) -> [Int]? {
    if prepared.form == .tucker2, let share {
      let each = 1 - (1 - share) / 2
      let ranks = zip(prepared.spectra, site.fullRanks(.tucker2)).compactMap { spectrum, full in
        spectrum.rank(forEnergyShare: each).map { min(max($0, 1), full) }
      }
      return ranks.count == 2 ? ranks : nil
    }
    let lost = share.map { 1 - $0 } ?? error.map { $0 * $0 } ?? 0
    let allowed = lost * prepared.energy * (1 + 1e-9)
    if prepared.form == .lowRank {
      let full = site.form == .lowRank ? site.ranks[0] : site.fullRanks(.lowRank)[0]
      return (1...max(full, 1)).first { prepared.discardedEnergy(ranks: [$0]) <= allowed }
        .map { [$0] }
    }
    let candidates = prepared.candidates(limit: options.optionLimit)
      .filter { $0.discardedEnergy <= allowed }
    return candidates.min {
      site.parameterCount(prepared.form, ranks: $0.ranks)
        < site.parameterCount(prepared.form, ranks: $1.ranks)
    }?.ranks
  }
}
