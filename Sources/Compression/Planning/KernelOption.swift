import Models
import Tensors

/// One thing that can be done to a kernel: what it costs and what it loses.
struct KernelOption: Sendable, Hashable {
  let action: CompressionPlan.Action
  let weighting: Weighting
  let parameters: Int
  let bytes: Int
  /// Multiplications of one sample; nil if unknown.
  let multiplications: Int?
  /// In the allocation's unit: −ln(kept energy share), or a weighted squared error.
  let error: Double
  /// The share of the energy that is discarded; nil where nothing is known.
  let discardedShare: Double?
}

/// A kernel with everything that can be done to it, keeping it first.
struct KernelOptions: Sendable {
  let site: KernelSite
  /// Keeping comes first; the others in the order of their forms.
  let options: [KernelOption]
  /// Why the kernel is left out of the plan's reach; nil if it is not.
  let exclusion: String?

  var keeping: KernelOption { options[0] }
}

extension KernelOptions {
  /// Lists the options of an analysed kernel.
  ///
  /// Options that store at least as many parameters as now are left out, unless there is no other.
  init(
    _ analysis: KernelAnalysis, encoding: StoredEncoding?, limit: Int, exclusion: String? = nil
  ) {
    site = analysis.site
    self.exclusion = exclusion
    let keeping = KernelOptions.keeping(analysis, encoding: encoding)
    guard exclusion == nil else {
      options = [keeping]
      return
    }
    var options = [keeping]
    for prepared in analysis.prepared {
      for candidate in prepared.candidates(limit: limit) {
        let option = KernelOptions.option(
          candidate.ranks, discarded: candidate.discardedEnergy, prepared, at: site,
          encoding: encoding)
        if option.parameters < keeping.parameters { options.append(option) }
      }
    }
    self.options = options
  }

  /// The option of one form at given ranks.
  static func option(
    _ ranks: [Int], discarded: Double? = nil, _ prepared: any PreparedFactorization,
    at site: KernelSite, encoding: StoredEncoding?
  ) -> KernelOption {
    let discarded = discarded ?? prepared.discardedEnergy(ranks: ranks)
    let shapes = site.componentShapes(prepared.form, ranks: ranks)
    let stored = encoding ?? StoredEncoding.factors(of: site.scalarType)
    return KernelOption(
      action: .factorize(prepared.form, ranks: ranks), weighting: prepared.weighting,
      parameters: shapes.reduce(0) { $0 + $1.count },
      bytes: shapes.reduce(0) { $0 + stored.byteCount(of: $1) },
      multiplications: site.multiplications(prepared.form, ranks: ranks),
      error: error(discarded, prepared),
      discardedShare: prepared.energy > 0 ? discarded / prepared.energy : 0)
  }

  private static func keeping(
    _ analysis: KernelAnalysis, encoding: StoredEncoding?
  ) -> KernelOption {
    let site = analysis.site
    let shapes = site.componentShapes(site.form, ranks: site.ranks)
    var error = 0.0
    // A kernel that was factorised before has lost something already.
    if site.form != .dense,
      let present = analysis.prepared.first(where: { $0.form == site.form && $0.isRetargeting })
    {
      error = KernelOptions.error(present.discardedEnergy(ranks: site.ranks), present)
    }
    return KernelOption(
      action: .keep, weighting: .none, parameters: site.parameterCount,
      bytes: encoding.map { encoding in
        shapes.reduce(0) { $0 + encoding.byteCount(of: $1) }
      } ?? site.byteCount,
      multiplications: site.multiplications(site.form, ranks: site.ranks), error: error,
      discardedShare: nil)
  }

  private static func error(
    _ discarded: Double, _ prepared: any PreparedFactorization
  ) -> Double {
    guard prepared.energy > 0 else { return 0 }
    guard prepared.weighting == .none else { return max(0, discarded) }
    let kept = max(1e-12, 1 - discarded / prepared.energy)
    return max(0, -naturalLogarithm(kept))
  }
}

extension PreparedFactorization {
  /// Whether it starts from factors of a weight instead of a dense kernel.
  var isRetargeting: Bool {
    self is RetargetedLowRank || self is RetargetedTucker2 || self is RetargetedTensorised
  }
}
