import LinearAlgebra
import Tensors
import Testing

@Suite struct TuckerTests {
  static func tensor(_ reference: Reference.TuckerCase) -> Tensor {
    let shape = Shape(reference.shape)
    var elements = drawn(shape.count, seed: reference.seed).map { Double($0) }
    let strides = shape.strides
    for index in elements.indices {
      for mode in 0..<shape.order {
        elements[index] *= 1 / Double(1 + index / strides[mode] % shape[mode])
      }
    }
    return Tensor(shape: shape, elements: elements.map { Float($0) })
  }

  @Test(arguments: Reference.shared.tucker)
  func theSpectraOfTheUnfoldingsEqualThoseOfNumPy(reference: Reference.TuckerCase) throws {
    let spectrum = try TuckerSpectrum(of: Self.tensor(reference), modes: reference.modes)
    for (values, expected) in zip(spectrum.singularValues, reference.spectra) {
      for (value, expected) in zip(values, expected) {
        #expect(abs(value - expected) < 1e-6 * reference.spectra[0][0])
      }
    }
  }

  @Test(arguments: Reference.shared.tucker)
  func theStartEqualsTheHigherOrderSVD(reference: Reference.TuckerCase) throws {
    let result = try TuckerDecomposition.compute(
      Self.tensor(reference), modes: reference.modes, ranks: reference.ranks,
      options: TuckerOptions(maximumSweeps: 0))
    #expect(abs(result.relativeError - reference.hosvdError) < 1e-5)
    #expect(result.sweeps == 0)
  }

  @Test(arguments: Reference.shared.tucker)
  func sweepsReachTheErrorOfTensorLyAndNeverRaiseIt(reference: Reference.TuckerCase) throws {
    let tensor = Self.tensor(reference)
    let result = try TuckerDecomposition.compute(
      tensor, modes: reference.modes, ranks: reference.ranks,
      options: TuckerOptions(maximumSweeps: 50, tolerance: 1e-7))
    #expect(result.relativeError <= 1.001 * reference.hooiError)
    #expect(zip(result.errors, result.errors.dropFirst()).allSatisfy { $0 >= $1 })
    let measured = tensor.relativeError(of: result.reconstructed())
    #expect(abs(measured - result.relativeError) < 1e-5)
  }

  @Test(arguments: Reference.shared.tucker)
  func factorsAreOrthonormalAndTheCoreIsTheProjection(reference: Reference.TuckerCase) throws {
    let tensor = Self.tensor(reference)
    let result = try TuckerDecomposition.compute(
      tensor, modes: reference.modes, ranks: reference.ranks)
    #expect(result.ranks == reference.ranks)
    var core = tensor
    for (mode, factor) in zip(result.modes, result.factors) {
      #expect(orthogonalityDefect(factor, .columns) < 1e-5)
      core = core.multiplied(by: factor, mode: mode, transposing: true)
    }
    #expect(core.relativeError(of: result.core) < 1e-5)
  }

  @Test(arguments: Reference.shared.tucker)
  func fullRanksReproduceTheTensor(reference: Reference.TuckerCase) throws {
    let tensor = Self.tensor(reference)
    let result = try TuckerDecomposition.compute(
      tensor, modes: reference.modes, ranks: reference.modes.map { reference.shape[$0] })
    #expect(tensor.relativeError(of: result.reconstructed()) < floatTolerance)
    #expect(result.relativeError < floatTolerance)
  }

  @Test func theErrorDoesNotRiseWithTheRank() throws {
    let tensor = Self.tensor(Reference.shared.tucker[1])
    let spectrum = try TuckerSpectrum(of: tensor, modes: [2, 3])
    var last = Double.infinity
    for rank in 0...12 {
      let error = try spectrum.truncated(tensor, ranks: [rank, rank]).relativeError
      #expect(error <= last + 1e-5)
      last = error
    }
  }

  @Test func theEnergyTableHoldsWhatEveryStartKeeps() throws {
    let tensor = Self.tensor(Reference.shared.tucker[1])
    let spectrum = try TuckerSpectrum(of: tensor, modes: [2, 3])
    let table = spectrum.keptEnergies(of: tensor)
    #expect(table.rows == 13 && table.columns == 17)
    for ranks in [[0, 3], [1, 1], [4, 5], [12, 2], [7, 16], [12, 16]] {
      let start = try spectrum.truncated(
        tensor, ranks: ranks, options: TuckerOptions(maximumSweeps: 0))
      let kept = Matrix(start.core).squaredNorm
      #expect(abs(table[ranks[0], ranks[1]] - kept) < 1e-5 * spectrum.squaredNorm)
    }
  }

  @Test(arguments: [0, 1, 2, 3])
  func unfoldingsAndModeGramsAgree(mode: Int) {
    let tensor = Tensor(shape: [3, 4, 5, 6], elements: drawn(360, seed: 50))
    let unfolding = tensor.unfolded(mode: mode)
    #expect(unfolding.rows == tensor.shape[mode])
    let expected = unfolding.doubleGram(.rows)
    let (single, double) = (tensor.modeGram(mode), tensor.doubleModeGram(mode))
    for index in expected.elements.indices {
      #expect(abs(double.elements[index] - expected.elements[index]) < 1e-12)
      #expect(abs(Double(single.elements[index]) - expected.elements[index]) < 1e-5)
    }
  }

  @Test(arguments: [0, 1, 2, 3], [false, true])
  func modeProductsEqualTheProductOfTheUnfolding(mode: Int, transposing: Bool) {
    let tensor = Tensor(shape: [3, 4, 5, 6], elements: drawn(360, seed: 51))
    let extent = tensor.shape[mode]
    let matrix =
      transposing ? drawnMatrix(extent, 2, seed: 52) : drawnMatrix(2, extent, seed: 52)
    let product = tensor.multiplied(by: matrix, mode: mode, transposing: transposing)
    let expected = matrix.multiplied(by: tensor.unfolded(mode: mode), transposingSelf: transposing)
    #expect(product.shape[mode] == 2)
    #expect(relativeError(expected, product.unfolded(mode: mode)) < 1e-6)
  }

  @Test func valuesThatAreNotFiniteAreRefused() {
    var tensor = Tensor.zeros([2, 3, 4])
    tensor.elements[5] = .nan
    #expect(throws: LinearAlgebraError.notFinite(operation: "Tucker", shape: "2×3×4")) {
      try TuckerDecomposition.compute(tensor, modes: [0, 1], ranks: [1, 1])
    }
  }

  @Test func aZeroTensorHasZeroError() throws {
    let result = try TuckerDecomposition.compute(
      .zeros([3, 3, 8, 8]), modes: [2, 3], ranks: [2, 2])
    #expect(result.relativeError == 0)
  }
}
