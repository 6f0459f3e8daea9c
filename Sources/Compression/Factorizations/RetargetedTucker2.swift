import LinearAlgebra
import Models
import Tensors

/// A Tucker-2 weight brought to smaller ranks from its own core.
///
/// Both factors are made orthonormal by QR, their R goes into the core, and the core is factorised
/// as a kernel of its own; the new channel bases are products of the old and the core's.
struct RetargetedTucker2: PreparedFactorization {
  let site: KernelSite
  let spectra: [Spectrum]
  let energy: Double
  /// What the present ranks have lost against the original kernel.
  private let lost: Double
  private let inner: PreparedTucker2
  private let core: Tensor
  /// Orthonormal columns [c × R_in] and [f × R_out].
  private let input: Matrix
  private let output: Matrix

  init(_ form: Tucker2Form, at site: KernelSite, settings: FactorizationSettings) throws {
    self.site = site
    let factors = (
      Matrix(try form.inputFactor.tensor()), Matrix(try form.outputFactor.tensor())
    )
    let (left, right) = try numerics(site.path) { () throws(LinearAlgebraError) in
      (try factors.0.qr(), try factors.1.transposed().qr())
    }
    input = left.q
    output = right.q
    let ranks = form.ranks
    let stack = TapStack(
      taps: site.windowCount, rows: ranks[0], columns: ranks[1],
      elements: try form.core.tensor().elements
    ).projectingRows(left.r).projectingColumns(right.r)
    core = Tensor(
      shape: Shape(site.shape.extents.dropLast(2) + [stack.rows, stack.columns]),
      elements: stack.elements)
    inner = try PreparedTucker2(core, at: site.replacing(shape: core.shape), settings: settings)
    // Spectra of a weighted basis speak of the outputs of calibration data, not of the kernel.
    let recorded = form.record.basis == .svd ? form.record.spectra : []
    energy = max(recorded.map(\.energy).max() ?? 0, inner.energy)
    lost = energy - inner.energy
    spectra = recorded.count == 2 ? recorded : inner.spectra
  }

  var form: Weight.Kind { .tucker2 }
  var weighting: Weighting { .none }

  func discardedEnergy(ranks: [Int]) -> Double { lost + inner.discardedEnergy(ranks: ranks) }

  func candidates(limit: Int) -> [RankCandidate] {
    let present = site.parameterCount(.tucker2, ranks: [input.columns, output.columns])
    return tuckerCandidates(
      site: site, limit: limit, full: [input.columns, output.columns], below: present
    ) { discardedEnergy(ranks: [$0, $1]) }
  }

  /// `kernel` is not read: the core is at hand.
  func factorize(_ kernel: Tensor, ranks: [Int]) throws(CompressionError) -> Factorized {
    guard ranks.count == 2, ranks[0] <= input.columns, ranks[1] <= output.columns else {
      throw .ranks(path: site.path, found: ranks, full: [input.columns, output.columns])
    }
    let result = try inner.iterated(core, ranks: ranks)
    let shapes = site.componentShapes(.tucker2, ranks: ranks)
    let newInput = input.multiplied(by: result.input, transposingOther: true)
    let newOutput = result.output.multiplied(by: output, transposingOther: true)
    let record = FactorizationRecord(
      basis: .svd, spectra: spectra, route: "from the core, \(result.sweeps) HOOI sweeps")
    return Factorized(
      weight: try buildForm(site.path) { () throws(WeightFormError) in
        .tucker2(
          try Tucker2Form(
            denseShape: site.shape,
            inputFactor: Parameter(newInput.tensor.reshaped(to: shapes[0])),
            core: Parameter(Tensor(shape: shapes[1], elements: result.core.elements)),
            outputFactor: Parameter(newOutput.tensor.reshaped(to: shapes[2])), record: record))
      })
  }
}
