import Models

extension KernelOptions {
  /// Why an option was taken, in words for a table.
  func reason(for option: KernelOption) -> String {
    if let exclusion { return exclusion }
    switch option.action {
    case .factorize(_, let ranks):
      let size = "\(option.parameters) of \(keeping.parameters) parameters"
      let share =
        option.discardedShare.map { share in
          let kept = 100 * (1 - share)
          let what = option.weighting == .none ? "the energy" : "the output's variance"
          return "keeps \(KernelOptions.rounded(kept)) % of \(what) in "
        } ?? "takes "
      let note = option.parameters >= keeping.parameters ? ", more than dense, as asked" : ""
      return "rank \(CompressionError.list(ranks)) \(share)\(size)\(note)"
    case .keep:
      // The largest ranks below are what would have been the next step.
      let next = options.dropFirst().max { ($0.parameters, $1.error) < ($1.parameters, $0.error) }
      return next.map { needs($0) } ?? "no rank saves parameters"
    }
  }

  /// `rank 8 would need 490 of 510`: the layer's parameters, bias included.
  func needs(_ option: KernelOption) -> String {
    guard case .factorize(_, let ranks) = option.action else { return "" }
    let beside = site.besideCount
    return "rank \(CompressionError.list(ranks)) would need \(option.parameters + beside)"
      + " of \(keeping.parameters + beside)"
  }

  /// Why no factorisation serves the kernel.
  func obstacleReason(_ analysis: KernelAnalysis?) -> String {
    // Every kernel could be of low rank: why it cannot says most.
    let obstacles = analysis?.obstacles ?? []
    return (obstacles.first { $0.form == .lowRank } ?? obstacles.first)
      .map { "\($0.form.rawValue): \($0.reason)" }
      ?? "no rank saves parameters"
  }

  private static func rounded(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return CompressionTarget.shortest(tenths)
  }
}
