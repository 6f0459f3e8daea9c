import LinearAlgebra
import Models

extension Planner {
  /// The prepared factorisation that plain, per-kernel rules use: Tucker-2 for windowed
  /// convolutions, else low rank.
  func plainFactorization(_ kernel: KernelOptions) -> (any PreparedFactorization)? {
    guard let analysis = analyses[kernel.site.path] else { return nil }
    let preference: [Weight.Kind] = [.tucker2, .lowRank, .tensorised]
    return preference.lazy.compactMap { form in
      analysis.prepared.first { $0.form == form }
    }.first
  }

  /// The ranks at which a kernel keeps `share` of its parameters, or keeping it.
  func uniformOption(_ kernel: KernelOptions, share: Double) -> KernelOption {
    guard let prepared = plainFactorization(kernel) else { return kernel.keeping }
    let site = kernel.site
    let budget = share * Double(site.parameterCount)
    let ranks: [Int]
    switch prepared.form {
    case .tucker2: ranks = Planner.equalRatioRanks(site, budget: budget)
    case .lowRank:
      let rank = Int(budget / Double(max(site.rows + site.columns, 1)))
      ranks = [max(1, min(rank, site.fullRanks(.lowRank)[0]))]
    case .dense, .tensorised:
      let fitting = kernel.options.dropFirst().filter { Double($0.parameters) <= budget }
      return fitting.min { $0.error < $1.error }
        ?? kernel.options.dropFirst().min { $0.parameters < $1.parameters } ?? kernel.keeping
    }
    let bounded = zip(ranks, site.form == prepared.form ? site.ranks : ranks).map { min($0, $1) }
    let option = KernelOptions.option(bounded, prepared, at: site, encoding: options.encoding)
    return option.parameters < kernel.keeping.parameters ? option : kernel.keeping
  }

  /// Ranks of equal proportion, R_out = β·R_in with β = f ÷ c, that take `budget` parameters.
  ///
  /// R_in²·β·k² + R_in·(c + β·f) = budget.
  static func equalRatioRanks(_ site: KernelSite, budget: Double) -> [Int] {
    let (c, f) = (Double(site.channels), Double(site.columns))
    let beta = f / max(c, 1)
    let square = beta * Double(site.windowCount)
    let linear = c + beta * f
    let root =
      (-linear + (linear * linear + 4 * square * max(budget, 0)).squareRoot())
      / (2 * square)
    let full = site.fullRanks(.tucker2)
    return [
      max(1, min(Int(root), full[0])), max(1, min(Int(beta * root), full[1])),
    ]
  }

  /// The analytic rank of a kernel's spectrum; 0 if it is all noise, nil without a spectrum.
  func analyticRank(_ kernel: KernelOptions) -> [Int]? {
    guard let prepared = plainFactorization(kernel) else { return nil }
    let site = kernel.site
    switch prepared.form {
    case .tucker2:
      let sides = [
        (site.channels, site.windowCount * site.columns),
        (site.columns, site.windowCount * site.channels),
      ]
      return zip(prepared.spectra, sides).map { spectrum, side in
        AnalyticRank(singularValues: spectrum.values, rows: side.0, columns: side.1).rank
      }
    default:
      return prepared.spectra.last.map {
        [
          AnalyticRank(
            singularValues: $0.values, rows: site.rows, columns: site.columns
          ).rank
        ]
      }
    }
  }

  /// `share` of the analytic ranks, at least 1; keeping where the analysis finds no signal.
  func analyticOption(_ kernel: KernelOptions, rank: [Int]?, share: Double) -> KernelOption {
    guard let prepared = plainFactorization(kernel), let rank, !rank.contains(0),
      prepared.form != .tensorised
    else { return kernel.keeping }
    let ranks = zip(rank, kernel.site.fullRanks(prepared.form)).map {
      max(1, min(Int((Double($0) * share).rounded(.down)), $1))
    }
    let option = KernelOptions.option(
      ranks, prepared, at: kernel.site, encoding: options.encoding)
    return option.parameters < kernel.keeping.parameters ? option : kernel.keeping
  }
}
