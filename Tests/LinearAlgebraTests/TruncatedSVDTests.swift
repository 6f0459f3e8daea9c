import LinearAlgebra
import Tensors
import Testing

@Suite struct TruncatedSVDTests {
  static let routes: [SVDRoute] = [
    .automatic, .exact, .gesdd, .gram(.single), .gram(.double),
    .randomized(RandomizedSVDOptions(seed: 3)),
  ]

  @Test(arguments: Reference.shared.svd, [SVDRoute.gesdd, .gram(.double), .exact])
  func singularValuesEqualThoseOfNumPy(reference: Reference.SVDCase, route: SVDRoute) throws {
    let values = try reference.matrix.singularValues(route: route)
    #expect(values.count == reference.singularValues.count)
    for (value, expected) in zip(values, reference.singularValues) {
      #expect(abs(value - expected) <= floatTolerance * reference.singularValues[0])
    }
  }

  @Test(arguments: Reference.shared.svd)
  func floatGramValuesAreExactWhereTheyStandOutOfItsNoise(reference: Reference.SVDCase) throws {
    let values = try reference.matrix.singularValues(route: .gram(.single))
    let largest = reference.singularValues[0]
    for (value, expected) in zip(values, reference.singularValues) {
      // A relative error of 1e-6 · σ₁² in an eigenvalue.
      #expect(abs(value * value - expected * expected) <= 2e-6 * largest * largest)
    }
    let energy = values.reduce(0) { $0 + $1 * $1 }
    #expect(abs(energy - reference.squaredNorm) <= 1e-6 * reference.squaredNorm)
  }

  /// The spectra are flat, so that a random subspace needs many iterations to find single vectors.
  @Test(
    arguments: Reference.shared.svd,
    routes.dropLast() + [.randomized(RandomizedSVDOptions(powerIterations: 60))])
  func leadingVectorsAndSignsEqualThoseOfNumPy(
    reference: Reference.SVDCase, route: SVDRoute
  ) throws {
    let k = min(3, reference.rank ?? 3, reference.rows, reference.columns)
    let svd = try TruncatedSVD.compute(reference.matrix, rank: k, route: route)
    #expect(svd.rank == k)
    var difference: Float = 0
    for component in 0..<k {
      for row in 0..<reference.rows {
        let expected = reference.leadingLeft[component * reference.rows + row]
        difference = max(difference, abs(svd.u[row, component] - expected))
      }
      for column in 0..<reference.columns {
        let expected = reference.leadingRight[component * reference.columns + column]
        difference = max(difference, abs(svd.vt[component, column] - expected))
      }
    }
    // Float rounding of 1e-6 in the matrix over gaps of 1e-2 between these values.
    #expect(difference < 1e-3)
  }

  @Test(arguments: Reference.shared.svd, routes)
  func theBasesAreOrthonormalAndTheValuesOrdered(
    reference: Reference.SVDCase, route: SVDRoute
  ) throws {
    let rank = (min(reference.rows, reference.columns) + 1) / 2
    let svd = try TruncatedSVD.compute(reference.matrix, rank: rank, route: route)
    #expect(orthogonalityDefect(svd.u, .columns) < 3e-4)
    #expect(orthogonalityDefect(svd.vt, .rows) < 3e-4)
    #expect(zip(svd.singularValues, svd.singularValues.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test(arguments: Reference.shared.svd, routes)
  func theErrorIsThatOfEckartAndYoungAtEveryRank(
    reference: Reference.SVDCase, route: SVDRoute
  ) throws {
    let matrix = reference.matrix
    let full = min(reference.rows, reference.columns)
    for rank in Set([0, 1, full / 4, full / 2, full - 1, full]).sorted() {
      let svd = try TruncatedSVD.compute(matrix, rank: rank, route: route)
      let optimum = reference.singularValues.dropFirst(rank).reduce(0) { $0 + $1 * $1 }
      let measured = matrix.tensor.squaredDistance(to: svd.reconstructed().tensor)
      let factor = if case .randomized = route { 1.02 } else { 1.0001 }
      #expect(
        measured.squareRoot()
          <= factor * optimum.squareRoot() + floatTolerance * reference.squaredNorm.squareRoot())
      #expect(abs(svd.discardedEnergy - measured) <= 1e-5 * reference.squaredNorm)
    }
  }

  @Test(arguments: Reference.shared.svd)
  func prefixesAreTheOptimalLowerRanks(reference: Reference.SVDCase) throws {
    let matrix = reference.matrix
    let full = min(reference.rows, reference.columns)
    let svd = try TruncatedSVD.compute(matrix, rank: full)
    for rank in 0...full where rank % 7 == 0 || rank == full {
      let direct = try TruncatedSVD.compute(matrix, rank: rank)
      let distance = relativeError(matrix, svd.prefix(rank).reconstructed())
      #expect(abs(distance - relativeError(matrix, direct.reconstructed())) < floatTolerance)
      #expect(abs(svd.prefix(rank).relativeError - distance) < 2e-3 * distance + 1e-3 * 1e-2)
    }
  }

  @Test(arguments: Reference.shared.svd, routes)
  func fullRankReproducesTheMatrix(reference: Reference.SVDCase, route: SVDRoute) throws {
    let full = min(reference.rows, reference.columns)
    let svd = try TruncatedSVD.compute(reference.matrix, rank: full, route: route)
    #expect(relativeError(reference.matrix, svd.reconstructed()) < floatTolerance)
  }

  @Test(arguments: [0.5, 0.2, 0.05, 0.01, 0.002])
  func fixedPrecisionMeetsTheToleranceWithTheLeastRank(tolerance: Double) throws {
    let matrix = decaying(140, 110)
    let exact = try MatrixSpectrum(of: matrix, route: .gesdd)
    let least = exact.smallestRank(relativeError: tolerance)
    for route in [SVDRoute.exact, .randomized(RandomizedSVDOptions(seed: 5))] {
      let svd = try TruncatedSVD.compute(matrix, relativeError: tolerance, route: route)
      let measured = relativeError(matrix, svd.reconstructed())
      #expect(measured <= tolerance * 1.001)
      #expect(svd.rank >= least && svd.rank <= least + 1, "\(route): \(svd.rank), \(least)")
    }
  }

  @Test(arguments: [0, 1, 2, 4])
  func randomProjectionStaysWithinTheBoundOfHalkoMartinssonTropp(powerIterations: Int) throws {
    let matrix = decaying(160, 120)
    let spectrum = try MatrixSpectrum(of: matrix, route: .gesdd)
    let (rank, oversampling) = (10, 10)
    // E‖A − QQᵀA‖_F ≤ (1 + r/(p − 1))^½ · (Σ_{j>r} σ_j²)^½; the mean of 20 draws obeys it.
    let bound =
      (1 + Double(rank) / Double(oversampling - 1)).squareRoot()
      * spectrum.discardedEnergy(rank: rank).squareRoot()
    var total = 0.0
    for seed in 0..<20 {
      let options = RandomizedSVDOptions(
        oversampling: oversampling, powerIterations: powerIterations, seed: UInt64(seed))
      // All r + p vectors, as the bound is for the projection before truncation.
      let svd = try TruncatedSVD.compute(
        matrix, rank: rank + oversampling,
        route: .randomized(
          RandomizedSVDOptions(
            oversampling: 0, powerIterations: powerIterations, seed: options.seed)))
      total += matrix.tensor.squaredDistance(to: svd.reconstructed().tensor).squareRoot()
    }
    #expect(total / 20 <= bound)
  }

  @Test func theSameSeedGivesTheSameBytesAndAnotherDoesNot() throws {
    let matrix = decaying(90, 70)
    func compute(_ seed: UInt64) throws -> TruncatedSVD {
      try BLASThreads.scoped(1) {
        try TruncatedSVD.compute(
          matrix, rank: 8, route: .randomized(RandomizedSVDOptions(powerIterations: 0, seed: seed)))
      }
    }
    #expect(try compute(1) == compute(1))
    #expect(try compute(1) != compute(2))
  }

  @Test(arguments: routes, [Float.nan, .infinity])
  func valuesThatAreNotFiniteAreRefused(route: SVDRoute, value: Float) {
    var matrix = drawnMatrix(120, 110, seed: 60)
    matrix[17, 3] = value
    #expect(throws: LinearAlgebraError.notFinite(operation: "SVD", shape: "120×110")) {
      try TruncatedSVD.compute(matrix, rank: 5, route: route)
    }
  }

  @Test(arguments: routes)
  func aZeroMatrixHasZeroErrorAndOrthonormalBases(route: SVDRoute) throws {
    let svd = try TruncatedSVD.compute(Matrix(rows: 130, columns: 100), rank: 4, route: route)
    #expect(svd.relativeError == 0 && svd.singularValues == [0, 0, 0, 0])
    #expect(orthogonalityDefect(svd.u, .columns) < floatTolerance)
  }

  @Test(arguments: [1e-20, 1e18] as [Float])
  func extremeScalesKeepTheirRelativeError(scale: Float) throws {
    var matrix = decaying(130, 110)
    let reference = try TruncatedSVD.compute(matrix, rank: 12, route: .gesdd)
    matrix.elements = matrix.elements.map { $0 * scale }
    let svd = try TruncatedSVD.compute(matrix, rank: 12)
    #expect(abs(svd.relativeError - reference.relativeError) < 1e-4 * reference.relativeError)
  }

  @Test func aRankBeyondTheMatrixIsClipped() throws {
    #expect(try TruncatedSVD.compute(drawnMatrix(5, 4, seed: 1), rank: 9).rank == 4)
    #expect(try TruncatedSVD.compute(Matrix(rows: 0, columns: 4), rank: 2).rank == 0)
  }

  @Test func aSpectrumWithoutVectorsStillTruncates() throws {
    let matrix = decaying(140, 120, rate: 0.97)
    let spectrum = try MatrixSpectrum(of: matrix, keepsVectors: false)
    #expect(spectrum.route == .gram(.single))
    let svd = try spectrum.truncated(matrix, rank: 9)
    let direct = try TruncatedSVD.compute(matrix, rank: 9)
    #expect(relativeError(direct.reconstructed(), svd.reconstructed()) < floatTolerance)
  }

  @Test func aSmallTailIsComputedFromADoubleGram() throws {
    let matrix = decaying(140, 120, rate: 0.5)
    let svd = try TruncatedSVD.compute(matrix, rank: 12)
    #expect(svd.route == .gram(.double))
    let best = try MatrixSpectrum(of: matrix, route: .gram(.double)).discardedEnergy(rank: 12)
    let measured = matrix.tensor.squaredDistance(to: svd.reconstructed().tensor)
    #expect(measured.squareRoot() < 1.01 * best.squareRoot())
  }

  @Test func energyAndErrorTargetsAgreeWithTheSpectrum() throws {
    let spectrum = try MatrixSpectrum(of: decaying(50, 40), route: .gesdd)
    let rank = spectrum.smallestRank(keepingEnergy: 0.95)
    #expect(spectrum.discardedEnergy(rank: rank) <= 0.05 * spectrum.squaredNorm)
    #expect(spectrum.discardedEnergy(rank: rank - 1) > 0.05 * spectrum.squaredNorm)
    #expect(spectrum.smallestRank(relativeError: 1) == 0)
    #expect(spectrum.smallestRank(relativeError: 0) == 40)
  }

  /// A matrix whose singular values fall by `rate` from one to the next.
  private func decaying(_ rows: Int, _ columns: Int, rate: Double = 0.9) -> Matrix {
    let small = min(rows, columns)
    var left = Matrix(rows: rows, columns: small)
    var right = Matrix(rows: columns, columns: small)
    do {
      left = try drawnMatrix(rows, small, seed: 70).qr().q
      right = try drawnMatrix(columns, small, seed: 71).qr().q
    } catch { Issue.record(error) }
    var value: Float = 1
    for column in 0..<small {
      for row in 0..<rows { left[row, column] *= value }
      value *= Float(rate)
    }
    return left.multiplied(by: right, transposingOther: true)
  }
}
