import Compression
import Testing

@Suite struct AccuracySearchTests {
  /// Accuracy that rises with the size.
  private func search(
    threshold: Double, least: Int = 100, most: Int = 100_000,
    accuracy: (Int) -> Double
  ) -> AccuracySearch<Int>.Result {
    AccuracySearch<Int>(threshold: threshold, trialLimit: 20, closeness: 1.01).run(
      least: least, most: most
    ) { limit in .init(parameterCount: limit, accuracy: accuracy(limit), candidate: limit) }
  }

  @Test(arguments: [150, 999, 1000, 4321, 90_000])
  func theSmallestThatHoldsIsFound(size: Int) throws {
    let found = search(threshold: 0.9) { $0 >= size ? 0.95 : 0.5 }
    let best = try #require(found.holding.first)
    #expect(best.parameterCount >= size)
    #expect(Double(best.parameterCount) <= Double(size) * 1.02 + 2)
    // 1,000-fold within 1 % takes about ten halvings of the logarithm.
    #expect(found.trialCount <= 13)
  }

  @Test func theLeastIsTriedFirstAndEnds() {
    let found = search(threshold: 0.9) { _ in 0.95 }
    #expect(found.trialCount == 1)
    #expect(found.holding.map(\.parameterCount) == [100])
  }

  @Test func nothingHoldsWhereNothingDoes() {
    let found = search(threshold: 0.9) { _ in 0.1 }
    #expect(found.holding.isEmpty)
  }

  @Test func trialsBelowTheirLimitCountAsWhatTheyAre() throws {
    // Ranks are coarse: sizes come in steps of 1,000.
    let found = AccuracySearch<Int>(threshold: 0.5).run(least: 1000, most: 64_000) { limit in
      let size = limit / 1000 * 1000
      return .init(parameterCount: size, accuracy: size >= 9000 ? 1 : 0, candidate: size)
    }
    #expect(found.holding.first?.parameterCount == 9000)
    #expect(found.holding.map(\.parameterCount) == found.holding.map(\.parameterCount).sorted())
  }
}
