public import Models

/// What one kernel's approximation does to the whole model, all other kernels as they are.
public struct KernelSensitivity: Sendable, Hashable {
  /// One tried setting.
  public struct Point: Sendable, Hashable {
    /// The setting: ranks, a share of zeros or an encoding.
    public let setting: Setting
    /// The kernel's parameters at this setting.
    public let parameterCount: Int
    /// The kernel's bytes at this setting.
    public let byteCount: Int
    /// ‖K − K̂‖_F ÷ ‖K‖_F.
    public let relativeError: Double
    /// The model's loss.
    public let loss: Double
    /// The model's accuracy; nil where it has none.
    public let accuracy: Double?
  }

  /// What was changed.
  public enum Setting: Sendable, Hashable {
    /// A form's ranks.
    case ranks(Weight.Kind, [Int])
    /// The share of weights set to zero.
    case sparsity(Double)
    /// The stored encoding.
    case encoding(StoredEncoding)
  }

  /// The kernel's path.
  public let path: String
  /// The kernel as it is.
  public let unchanged: Point
  /// What was tried, smallest first.
  public let points: [Point]
  /// The spectrum of the kernel in the form tried; empty where no ranks were.
  public let spectra: [Spectrum]

  /// The losses made monotone: at each point the least of it and of all smaller settings.
  ///
  /// Where a larger setting happens to measure worse, that is noise and no loss of rank.
  public var monotoneLosses: [Double] {
    var least = Double.infinity
    return points.map { point in
      least = min(least, point.loss)
      return least
    }
  }

  /// The smallest point whose gain over the next, and every later gain, is below `tolerance`.
  ///
  /// Gains are falls of the loss from one rank to the next, spread evenly between tried ranks; nil
  /// if no point is that close to the unchanged kernel.
  public func knee(tolerance: Double) -> Point? {
    let losses = monotoneLosses + [min(unchanged.loss, monotoneLosses.last ?? unchanged.loss)]
    let sizes = points.map { $0.setting.size } + [nil]
    var knee: Point?
    for index in points.indices.reversed() {
      let gap: Double =
        if let here = sizes[index], let next = sizes[index + 1] { max(1, next - here) } else { 1 }
      guard (losses[index] - losses[index + 1]) / gap < tolerance else { break }
      knee = points[index]
    }
    return knee
  }
}

extension KernelSensitivity.Setting {
  /// How large the setting is on the axis along which it was tried; nil if that has no numbers.
  var size: Double? {
    switch self {
    case .ranks(_, let ranks): ranks.max().map(Double.init)
    case .sparsity, .encoding: nil
    }
  }
}
