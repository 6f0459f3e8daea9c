import Foundation
import LinearAlgebra
import Pipelines
import TestSupport
import Testing

@Suite struct DecompositionTests {
  private var iris: String {
    Fixtures.root.appendingPathComponent("Studies/C/iris.csv").path
  }

  /// scikit-learn 1.7: silhouette_score and leave-one-out KNeighborsClassifier(1) on U·D of NumPy.
  static let references: [(Int, Bool, Double, Double)] = [
    (1, false, 0.4240026598494294, 0.7933333333333333),
    (2, false, 0.5350395984620561, 0.9466666666666667),
    (4, false, 0.5034774406932969, 0.96), (2, true, 0.5343927878510991, 0.96),
  ]

  @Test(arguments: references)
  func separabilityEqualsThatOfScikitLearn(
    rank: Int, isCentred: Bool, silhouette: Double, neighbours: Double
  ) throws {
    let source = try NamedMatrix(reading: iris, .init(label: "species"))
    let decomposition = try MatrixDecomposition(source, isCentred: isCentred)
    let labels = try #require(source.labels)
    let found = Separability(decomposition.svd.coordinates(rank: rank), labels: labels)
    #expect(abs(found.silhouette - silhouette) < 1e-5)
    // A tie between two flowers at one place may go either way.
    #expect(abs(found.neighbourShare - neighbours) <= 1.5 / 150)
  }

  @Test func vtMapsCoordinatesBackToTheRows() throws {
    let source = try NamedMatrix(reading: iris, .init(label: "species"))
    for isCentred in [false, true] {
      let decomposition = try MatrixDecomposition(source, isCentred: isCentred)
      let back = MatrixDecomposition.expand(
        decomposition.svd.coordinates(rank: 4), vt: decomposition.svd.vt,
        means: decomposition.means)
      for (a, b) in zip(back.elements, source.matrix.elements) { #expect(abs(a - b) < 1e-9) }
    }
  }

  @Test(arguments: ["npz", "h5"])
  func factorsGoThroughFilesInFullPrecision(suffix: String) throws {
    let matrix = DoubleMatrix(rows: 2, columns: 2, elements: [1, 2, 3, 1 / 3])
    let decomposition = try MatrixDecomposition(NamedMatrix(name: "m", matrix: matrix))
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("factors.\(suffix)").path
      try MatrixFiles.write(decomposition.arrays(rank: 2), to: path, force: false)
      let vt = try NamedMatrix(reading: path, .init(array: "vt"))
      #expect(vt.matrix == decomposition.svd.vt)
      #expect(throws: (any Error).self) { try NamedMatrix(reading: path) }
      let single = folder.appendingPathComponent("m.csv").path
      #expect(throws: PipelineError.self) {
        try MatrixFiles.write(decomposition.arrays(rank: 2), to: single, force: false)
      }
    }
  }

  @Test func aPictureAtFullRankIsThePictureAndFidelityRisesWithRank() throws {
    let pixels = (0..<16 * 12 * 3).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 7) }
    let picture = Picture(width: 16, height: 12, channels: 3, pixels: pixels)
    let decomposition = try PictureDecomposition(picture)
    #expect(decomposition.rebuilt(rank: 12) == picture)
    #expect(decomposition.rebuilt(rank: 12).psnr(against: picture) == .infinity)
    let fidelity = [1, 4, 8].map { decomposition.rebuilt(rank: $0).psnr(against: picture) }
    #expect(fidelity == fidelity.sorted() && fidelity[0] > 0)
    #expect(decomposition.scalarCount(rank: 2) == 28 * 2 * 3)
  }

  @Test func picturesAreSetBesideAndBelowEachOther() {
    let dark = Picture(width: 1, height: 2, channels: 1, pixels: [0, 1])
    let light = Picture(width: 2, height: 2, channels: 1, pixels: [9, 8, 7, 6])
    #expect(Picture.beside([dark, light], gap: 1).pixels == [0, 255, 9, 8, 1, 255, 7, 6])
    #expect(Picture.below([light, light], gap: 1).height == 5)
  }
}
