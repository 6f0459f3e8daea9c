/// What is known of a factorisation beside its factors.
public struct FactorizationRecord: Sendable, Hashable {
  /// Whether prefixes of the factors obey SVD's conventions or a weighted statistic's.
  public enum Basis: String, Sendable, Hashable, CaseIterable {
    /// left = U·Σ with canonical signs, right = Vᵀ with orthonormal rows.
    case svd
    /// Columns ordered by a statistic of the inputs; prefixes are optimal for it.
    case weighted
  }

  /// ‖K − K̂‖_F ÷ ‖K‖_F, in Double; nil where the dense kernel was not at hand.
  public var relativeError: Double?
  /// The convention that the factors obey.
  public var basis: Basis
  /// The spectrum of each factorised mode (one for a matrix), non-increasing.
  public var spectra: [Spectrum]
  /// The route taken, such as `Gram + syevr`.
  public var route: String?

  /// Makes a record.
  public init(
    relativeError: Double? = nil, basis: Basis = .svd, spectra: [Spectrum] = [],
    route: String? = nil
  ) {
    self.relativeError = relativeError
    self.basis = basis
    self.spectra = spectra
    self.route = route
  }
}

/// The singular values of a matrix or of one unfolding, non-increasing.
public struct Spectrum: Sendable, Hashable {
  /// The known values: at least the kept ones.
  public var values: [Double]
  /// Σσ² of the values that are not listed; 0 where all are.
  public var tailEnergy: Double

  /// Makes a spectrum.
  public init(values: [Double], tailEnergy: Double = 0) {
    self.values = values
    self.tailEnergy = tailEnergy
  }

  /// Σσ² of the whole matrix.
  public var energy: Double { values.reduce(tailEnergy) { $0 + $1 * $1 } }

  /// The smallest number of values whose squares make up `share` of the energy.
  ///
  /// nil if the listed values do not reach it.
  public func rank(forEnergyShare share: Double) -> Int? {
    let target = share * energy
    var sum = 0.0
    for (index, value) in values.enumerated() {
      sum += value * value
      if sum >= target * (1 - 1e-12) { return index + 1 }
    }
    return nil
  }
}
