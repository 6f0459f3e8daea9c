import Models
import Tensors

/// A tensorised weight brought to a smaller inner rank; its map's factors stay.
struct RetargetedTensorised: PreparedFactorization {
  let site: KernelSite
  let spectra: [Spectrum]
  private let stored: TensorisedForm
  private let inner: RetargetedLowRank
  private let outer: [Int]

  init(_ form: TensorisedForm, at site: KernelSite) throws {
    self.site = site
    stored = form
    outer = Array(form.ranks.dropLast())
    var record = form.record
    record.spectra = form.record.spectra.last.map { [$0] } ?? []
    let innerShape: Shape = [form.left.shape[0], form.denseShape[1]]
    inner = try RetargetedLowRank(
      LowRankForm(
        denseShape: innerShape, left: form.left, right: form.right, record: record),
      at: site.replacing(shape: innerShape))
    spectra = form.record.spectra.dropLast() + inner.spectra
  }

  var form: Weight.Kind { .tensorised }
  var weighting: Weighting { .none }
  var energy: Double { inner.energy }

  func discardedEnergy(ranks: [Int]) -> Double {
    ranks.last.map { inner.discardedEnergy(ranks: [$0]) } ?? energy
  }

  func candidates(limit: Int) -> [RankCandidate] {
    inner.candidates(limit: limit).map {
      RankCandidate(ranks: outer + $0.ranks, discardedEnergy: $0.discardedEnergy)
    }
  }

  /// `kernel` is not read: the factors are at hand.
  func factorize(_ kernel: Tensor, ranks: [Int]) throws(CompressionError) -> Factorized {
    guard ranks.count == outer.count + 1, Array(ranks.dropLast()) == outer,
      let rank = ranks.last
    else {
      throw .ranks(
        path: site.path, found: ranks, full: outer + [stored.ranks[stored.ranks.count - 1]])
    }
    let narrowed = try inner.factorize(kernel, ranks: [rank]).weight
    let components =
      stored.components.filter { $0.name.hasSuffix("factor") } + narrowed.components
    var record = stored.record
    record.spectra = spectra
    record.route = "prefix of factors"
    let finished = record
    return Factorized(
      weight: try buildForm(site.path) { () throws(WeightFormError) in
        try Weight(
          kind: .tensorised, denseShape: stored.denseShape, components: components,
          record: finished)
      })
  }
}
