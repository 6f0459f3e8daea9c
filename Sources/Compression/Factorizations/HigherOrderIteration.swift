import LinearAlgebra
import Models
import Tensors

/// Alternating improvement of the two channel bases of a Tucker-2 approximation.
///
/// One sweep fixes the output basis V, takes the leading vectors of Σ_t (M_t V)(M_t V)ᵀ as input
/// basis U, and then the other way round. The kept energy ‖core‖² never falls.
struct HigherOrderIteration {
  /// U, its vectors as rows [R_in × c].
  private(set) var input: Matrix
  /// V, its vectors as rows [R_out × f].
  private(set) var output: Matrix
  /// The core, [taps × R_in × R_out].
  let core: TapStack
  /// The sweeps that were made.
  private(set) var sweeps = 0

  /// Iterates from given bases, which discard `discarded` of the energy.
  init(
    _ stack: TapStack, input: Matrix, output: Matrix, energy: Double, discarded: Double,
    settings: FactorizationSettings
  ) throws(LinearAlgebraError) {
    self.input = input
    self.output = output
    var core: TapStack?
    var error = energy > 0 ? (discarded / energy).squareRoot() : 0
    // A basis that spans its whole mode has nothing to gain.
    let isFree = (input.rows < stack.rows, output.rows < stack.columns)
    while sweeps < settings.maximumSweeps, isFree.0 || isFree.1 {
      if isFree.0 {
        self.input = try stack.projectingColumns(self.output).inputGram()
          .symmetricEigen(leading: input.rows).vectors
      }
      let projected = stack.projectingRows(self.input)
      if isFree.1 {
        self.output = try projected.outputGram().symmetricEigen(leading: output.rows).vectors
      }
      let found = projected.projectingColumns(self.output)
      core = found
      sweeps += 1
      let next = HigherOrderIteration.relativeError(found, energy)
      // With one free basis a sweep is the exact optimum.
      if isFree.0 != isFree.1 || next >= error * (1 - settings.tolerance) { break }
      error = next
    }
    self.core = core ?? stack.projectingColumns(output).projectingRows(input)
  }

  private static func relativeError(_ core: TapStack, _ energy: Double) -> Double {
    let kept = Tensor(shape: [core.elements.count], elements: core.elements).squaredNorm
    return energy > 0 ? (max(0, energy - kept) / energy).squareRoot() : 0
  }

  /// The stored form.
  func factorized(
    at site: KernelSite, spectra: [Spectrum]
  ) throws(CompressionError) -> Factorized {
    let shapes = site.componentShapes(.tucker2, ranks: [input.rows, output.rows])
    let record = FactorizationRecord(
      basis: .svd, spectra: spectra, route: "HOSVD, \(sweeps) HOOI sweeps")
    return Factorized(
      weight: try buildForm(site.path) { () throws(WeightFormError) in
        .tucker2(
          try Tucker2Form(
            denseShape: site.shape,
            inputFactor: Parameter(input.transposed().tensor.reshaped(to: shapes[0])),
            core: Parameter(Tensor(shape: shapes[1], elements: core.elements)),
            outputFactor: Parameter(output.tensor.reshaped(to: shapes[2])), record: record))
      })
  }
}
