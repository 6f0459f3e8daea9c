import LinearAlgebra
import Models
import Tensors

/// A low-rank weight brought to smaller ranks from its own factors.
///
/// In the `svd` basis P·Q = (Q₁R₁)(R₂ᵀQ₂ᵀ) and an SVD of R₁R₂ᵀ give singular triplets, and so
/// every lower rank, without the dense kernel. In the `weighted` basis prefixes of the factors are
/// the optimal lower ranks and are only cut. What was lost before is known from the recorded
/// spectrum and stays part of the error.
struct RetargetedLowRank: PreparedFactorization {
  let site: KernelSite
  let spectra: [Spectrum]
  let energy: Double
  private let basis: FactorizationRecord.Basis
  /// [rows × r] and [r × columns], ordered by their share.
  private let left: Matrix
  private let right: Matrix
  private let discarded: [Double]

  init(_ form: LowRankForm, at site: KernelSite) throws {
    self.site = site
    basis = form.record.basis
    let stored = (Matrix(try form.left.tensor()), Matrix(try form.right.tensor()))
    guard stored.0.isFinite, stored.1.isFinite else {
      throw CompressionError.notFinite(path: site.path)
    }
    let rank = form.rank
    let recorded = form.record.spectra.first
    switch basis {
    case .weighted:
      (left, right) = stored
      let values = recorded?.values ?? []
      if values.count >= rank {
        spectra = [recorded ?? Spectrum(values: [])]
      } else {
        // Without a record each term counts with its own size.
        spectra = [Spectrum(values: RetargetedLowRank.termNorms(left, right).sorted(by: >))]
      }
    case .svd:
      let canonical = try numerics(site.path) { () throws(LinearAlgebraError) in
        try RetargetedLowRank.canonical(stored.0, stored.1)
      }
      (left, right) = (canonical.left, canonical.right)
      spectra = [RetargetedLowRank.completed(canonical.values, by: recorded)]
    }
    let spectrum = spectra[0]
    energy = spectrum.energy
    let tails = tailEnergies(spectrum.values)
    discarded = (0...rank).map { tails[min($0, tails.count - 1)] + spectrum.tailEnergy }
  }

  /// The recorded discarded values behind the present ones, where the record still fits them.
  private static func completed(_ values: [Double], by recorded: Spectrum?) -> Spectrum {
    guard let recorded, recorded.values.count >= values.count, let first = values.first,
      zip(values, recorded.values).allSatisfy({ abs($0 - $1) <= 1e-2 * first })
    else { return Spectrum(values: values) }
    return Spectrum(
      values: values + recorded.values.dropFirst(values.count), tailEnergy: recorded.tailEnergy)
  }

  private static func termNorms(_ left: Matrix, _ right: Matrix) -> [Double] {
    (0..<right.rows).map { term in
      let column = (0..<left.rows).reduce(0.0) { sum, row in
        sum + Double(left[row, term]) * Double(left[row, term])
      }
      let row = (0..<right.columns).reduce(0.0) { sum, index in
        sum + Double(right[term, index]) * Double(right[term, index])
      }
      return (column * row).squareRoot()
    }
  }

  /// The SVD of left · right: U·Σ and Vᵀ.
  static func canonical(
    _ left: Matrix, _ right: Matrix
  ) throws(LinearAlgebraError) -> (left: Matrix, right: Matrix, values: [Double]) {
    let (q1, r1) = try left.qr()
    let (q2, r2) = try right.transposed().qr()
    let inner = try TruncatedSVD.compute(
      r1.multiplied(by: r2, transposingOther: true), rank: min(r1.rows, r2.rows), route: .gesdd)
    return (
      q1.multiplied(by: inner.left()),
      inner.vt.multiplied(by: q2, transposingOther: true), inner.singularValues
    )
  }

  var form: Weight.Kind { .lowRank }
  var weighting: Weighting { .none }

  func discardedEnergy(ranks: [Int]) -> Double {
    discarded[min(ranks[0], discarded.count - 1)]
  }

  func candidates(limit: Int) -> [RankCandidate] {
    (1..<max(left.columns, 1)).map {
      RankCandidate(ranks: [$0], discardedEnergy: discarded[$0])
    }
  }

  /// `kernel` is not read: the factors are at hand.
  func factorize(_ kernel: Tensor, ranks: [Int]) throws(CompressionError) -> Factorized {
    guard ranks.count == 1, ranks[0] >= 1, ranks[0] <= left.columns else {
      throw .ranks(path: site.path, found: ranks, full: [left.columns])
    }
    let shapes = site.componentShapes(.lowRank, ranks: ranks)
    let record = FactorizationRecord(basis: basis, spectra: spectra, route: "prefix of factors")
    return Factorized(
      weight: try buildForm(site.path) { () throws(WeightFormError) in
        .lowRank(
          try LowRankForm(
            denseShape: site.shape,
            left: Parameter(left.firstColumns(ranks[0]).tensor.reshaped(to: shapes[0])),
            right: Parameter(right.firstRows(ranks[0]).tensor.reshaped(to: shapes[1])),
            record: record))
      })
  }
}
