import Models

extension CompressionPlan {
  /// The plan that takes every kernel to the knee of its sensitivity.
  ///
  /// `tolerances` holds a tolerance for single kernels by path; others take `tolerance`. A kernel
  /// without a knee, or whose knee saves nothing, is kept.
  public init(
    knees sensitivities: [KernelSensitivity], tolerance: Double,
    tolerances: [String: Double] = [:], weighting: Weighting = .none
  ) {
    self.init(
      kernels: sensitivities.map { sensitivity in
        let tolerance = tolerances[sensitivity.path] ?? tolerance
        guard let knee = sensitivity.knee(tolerance: tolerance),
          case .ranks(let form, let ranks) = knee.setting, form != .dense,
          knee.parameterCount < sensitivity.unchanged.parameterCount
        else {
          return Decision(
            path: sensitivity.path, action: .keep,
            reason: "no rank below full size is within \(tolerance) of the loss")
        }
        let gain = knee.loss - sensitivity.unchanged.loss
        return Decision(
          path: sensitivity.path, action: .factorize(form, ranks: ranks), weighting: weighting,
          reason: "the knee: further ranks gain less than \(tolerance) each "
            + "(loss \(gain >= 0 ? "+" : "")\((gain * 10000).rounded() / 10000))")
      })
  }
}

extension Planner {
  /// The same planner with measured rises of the loss in place of estimated errors.
  ///
  /// Between measured ranks the rise is interpolated along the kernel's estimated error; kernels
  /// that were not measured keep their estimates only if none was.
  public func using(_ sensitivities: [KernelSensitivity]) -> Planner {
    var planner = self
    planner.kernels = kernels.map { kernel in
      guard let measured = sensitivities.first(where: { $0.path == kernel.site.path }) else {
        return kernel
      }
      return kernel.replacingErrors(by: measured)
    }
    return planner
  }
}

extension KernelOptions {
  /// Errors as rises of the measured loss.
  fileprivate func replacingErrors(by measured: KernelSensitivity) -> KernelOptions {
    // Estimated error and loss of the measured points, falling.
    let pairs = zip(measured.points, measured.monotoneLosses).compactMap {
      point, loss -> (error: Double, rise: Double)? in
      guard case .ranks(let form, let ranks) = point.setting else { return nil }
      let option = options.first { $0.action == .factorize(form, ranks: ranks) }
      return option.map { ($0.error, max(0, loss - measured.unchanged.loss)) }
    }
    guard !pairs.isEmpty else { return self }
    let known = ([(error: 0.0, rise: 0.0)] + pairs.sorted { $0.error < $1.error })
    func rise(_ error: Double) -> Double {
      guard let upper = known.firstIndex(where: { $0.error >= error }) else {
        // Beyond the largest measured error: in proportion to it.
        let last = known[known.count - 1]
        return last.error > 0 ? last.rise * error / last.error : last.rise
      }
      guard upper > 0 else { return known[0].rise }
      let (low, high) = (known[upper - 1], known[upper])
      let share = high.error > low.error ? (error - low.error) / (high.error - low.error) : 1
      return low.rise + share * (high.rise - low.rise)
    }
    return mapErrors { option in
      // A small share of the estimate orders options that no measurement tells apart.
      option.action == .keep ? 0 : rise(option.error) + 1e-9 * option.error
    }
  }

  /// The same options with other errors.
  func mapErrors(_ error: (KernelOption) -> Double) -> KernelOptions {
    KernelOptions(
      site: site,
      options: options.map { option in
        KernelOption(
          action: option.action, weighting: option.weighting, parameters: option.parameters,
          bytes: option.bytes, multiplications: option.multiplications, error: error(option),
          discardedShare: option.discardedShare)
      }, exclusion: exclusion)
  }
}
