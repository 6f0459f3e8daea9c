import Models
import Programs
import Tensors
import Testing

@Suite struct WeightTests {
  static func parameter(_ shape: Shape) -> Parameter { Parameter(.zeros(shape)) }

  static let weights: [(Weight.Kind, Shape, [(String, Shape)], [Int])] = [
    (.dense, [4, 6], [("values", [4, 6])], []),
    (.lowRank, [4, 6], [("left", [4, 2]), ("right", [2, 6])], [2]),
    (.lowRank, [3, 3, 4, 6], [("left", [3, 3, 4, 2]), ("right", [1, 1, 2, 6])], [2]),
    (.lowRank, [3, 4, 6], [("left", [3, 4, 2]), ("right", [1, 2, 6])], [2]),
    (
      .tucker2, [3, 3, 4, 6],
      [("input_factor", [1, 1, 4, 2]), ("core", [3, 3, 2, 5]), ("output_factor", [1, 1, 5, 6])],
      [2, 5]
    ),
    (
      .tucker2, [3, 4, 6],
      [("input_factor", [1, 4, 2]), ("core", [3, 2, 5]), ("output_factor", [1, 5, 6])], [2, 5]
    ),
    (
      .tensorised, [4 * 5 * 3, 6],
      [
        ("height_factor", [4, 2]), ("width_factor", [5, 3]), ("left", [18, 4]),
        ("right", [4, 6]),
      ], [2, 3, 4]
    ),
  ]

  @Test(arguments: weights)
  func componentsMakeUpTheForm(
    kind: Weight.Kind, shape: Shape, parts: [(String, Shape)], ranks: [Int]
  ) throws {
    let components = parts.map { Component($0.0, Self.parameter($0.1)) }
    let weight = try Weight(kind: kind, denseShape: shape, components: components, record: nil)
    #expect(weight.ranks == ranks)
    #expect(weight.parameterCount == parts.reduce(0) { $0 + $1.1.count })
    #expect(weight.components.map(\.name) == parts.map(\.0))
  }

  @Test(arguments: weights)
  func aMissingComponentIsNamed(
    kind: Weight.Kind, shape: Shape, parts: [(String, Shape)], ranks: [Int]
  ) {
    for missing in parts {
      let components = parts.filter { $0.0 != missing.0 }
        .map { Component($0.0, Self.parameter($0.1)) }
      #expect(throws: WeightFormError.self) {
        try Weight(kind: kind, denseShape: shape, components: components, record: nil)
      }
    }
  }

  @Test func int8IsScaledByChannel() throws {
    let raw = RawTensor(shape: [2, 2], scalarType: .int8, bytes: [1, 2, 255, 254])
    let parameter = Parameter(raw, encoding: .int8(scales: [0.5, 2]))
    #expect(try parameter.tensor().elements == [0.5, 4, -0.5, -4])
    #expect(parameter.byteCount == 4 + 8)
  }

  @Test func energyRanksFollowTheSpectrum() {
    let spectrum = Spectrum(values: [3, 4].reversed(), tailEnergy: 0)
    #expect(spectrum.rank(forEnergyShare: 0.64) == 1)
    #expect(spectrum.rank(forEnergyShare: 0.65) == 2)
    #expect(Spectrum(values: [1], tailEnergy: 9).rank(forEnergyShare: 0.5) == nil)
  }
}
