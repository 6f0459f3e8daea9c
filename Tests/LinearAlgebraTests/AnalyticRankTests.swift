import LinearAlgebra
import Testing

@Suite struct AnalyticRankTests {
  @Test(arguments: Reference.shared.evbmf)
  func rankAndNoiseEqualTheReference(reference: Reference.RankCase) throws {
    var matrix = drawnMatrix(reference.rows, reference.columns, seed: reference.seed)
    if reference.signalRank > 0 {
      let signal = drawnMatrix(
        reference.rows, reference.columns, seed: reference.seed + 7, rank: reference.signalRank)
      for index in matrix.elements.indices {
        let sum =
          Double(matrix.elements[index]) + reference.strength * Double(signal.elements[index])
        matrix.elements[index] = Float(sum)
      }
    }
    let found = AnalyticRank(
      singularValues: try matrix.singularValues(), rows: reference.rows,
      columns: reference.columns)
    #expect(found.rank == reference.rank)
    #expect(abs(found.noiseVariance / reference.noiseVariance - 1) < 1e-4)
  }

  @Test func aMatrixOfLowRankWithoutNoiseKeepsItsRank() throws {
    let matrix = drawnMatrix(60, 50, seed: 90, rank: 6)
    let found = AnalyticRank(
      singularValues: try matrix.singularValues(route: .gesdd), rows: 60, columns: 50)
    #expect(found.rank <= 6)
    #expect(found.noiseVariance > 0)
  }

  @Test func aZeroMatrixHasRankZero() {
    #expect(AnalyticRank(singularValues: [0, 0], rows: 2, columns: 3).rank == 0)
    #expect(AnalyticRank(singularValues: [], rows: 0, columns: 3).rank == 0)
  }

  @Test func theRankDoesNotDependOnScaleOrOrientation() throws {
    let values = try drawnMatrix(30, 80, seed: 91, rank: 4).singularValues()
    let noisy = values.enumerated().map { $1 + 0.3 * Double(30 - $0) }
    let found = AnalyticRank(singularValues: noisy, rows: 30, columns: 80)
    let scaled = AnalyticRank(singularValues: noisy.map { $0 * 1e6 }, rows: 80, columns: 30)
    #expect(found.rank == scaled.rank)
  }
}
