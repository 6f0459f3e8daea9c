import Datasets
import Foundation
import LinearAlgebra
import Pipelines
import Tensors
import TestSupport
import Testing

@Suite struct DataCompressionTests {
  private func digits() throws -> DatasetSplits {
    try DatasetLoader.load(Fixtures.path("data/digits.h5"))
  }

  private func compress(
    _ compression: DataCompression, _ body: (String, DataCompression.Report) throws -> Void
  ) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("factors.h5").path
      let report = try compression.run(try digits(), to: path, force: false)
      try body(path, report)
    }
  }

  /// √(Σ discarded σ² ÷ Σ σ²) over the 360 test images, by numpy.linalg.svd.
  static let errors = [
    (1, 0.44675456619267445), (2, 0.2665277448854336), (3, 0.15076824717112716),
    (4, 0.06745291363118339),
  ]

  @Test(arguments: errors)
  func errorsEqualThoseOfNumPy(rank: Int, expected: Double) throws {
    try compress(DataCompression(target: .rank(rank), threads: 2, batchSize: 100)) { path, report in
      let test = try #require(report.parts.first { $0.split == .test })
      #expect(abs(test.relativeError - expected) < 1e-5)
      // What is read back loses exactly that.
      let rebuilt = try DatasetLoader.load(path).evaluation().batch(0..<360).inputs.elements
      let stock = try digits().evaluation().batch(0..<360).inputs.elements
      var lost = 0.0
      var energy = 0.0
      for (a, b) in zip(rebuilt, stock) {
        lost += Double(a - b) * Double(a - b)
        energy += Double(b) * Double(b)
      }
      #expect(abs((lost / energy).squareRoot() - expected) < 1e-4)
    }
  }

  @Test func fullRankGivesTheImagesAgain() throws {
    try compress(DataCompression(target: .rank(100))) { path, report in
      #expect(report.rank == 8)
      let rebuilt = try DatasetLoader.load(path).training()
      let stock = try digits().training()
      #expect(rebuilt.labels == stock.labels && rebuilt.classNames == stock.classNames)
      #expect(rebuilt.suggestedScaling == stock.suggestedScaling)
      let pairs = zip(
        try rebuilt.batch(0..<50).inputs.elements, try stock.batch(0..<50).inputs.elements)
      for (a, b) in pairs { #expect(abs(a - b) < 1e-4) }
    }
  }

  @Test func aSmallerRankOfOneFileIsTheSmallerFile() throws {
    try compress(DataCompression(target: .rank(6))) { six, _ in
      try compress(DataCompression(target: .rank(2))) { two, _ in
        var options = DatasetOptions()
        options.dataRank = 2
        let a = try DatasetLoader.load(six, options: options).training().batch(0..<20)
        let b = try DatasetLoader.load(two).training().batch(0..<20)
        for (x, y) in zip(a.inputs.elements, b.inputs.elements) { #expect(abs(x - y) < 1e-4) }
      }
    }
  }

  /// 8×8 pixels: 16·k scalars against 64, so that k = 3 saves scalars and nothing saves bytes.
  @Test func itSaysWhereFactorsStopSaving() throws {
    try compress(DataCompression(target: .rank(3))) { _, report in
      #expect(report.scalarBreakEven == 3 && report.byteBreakEven == 0)
    }
    try compress(DataCompression(target: .rank(1), scalarType: .float16)) { path, report in
      #expect(report.byteBreakEven == 1)
      let part = report.parts[0]
      #expect(part.factorByteCount == part.count * 16 * 2 && part.pixelByteCount == part.count * 64)
    }
  }

  @Test func aRatioTakesTheLargestRankThatReachesIt() throws {
    try compress(DataCompression(target: .ratio(2), scalarType: .float16)) { _, report in
      #expect(report.rank == 1)
    }
    #expect(throws: PipelineError.self) {
      try compress(DataCompression(target: .ratio(2))) { _, _ in }
    }
  }
}
