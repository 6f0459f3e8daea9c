import Foundation
import Testing

@testable import Reports

@Suite struct PlotTests {
  @Test func everyPointTellsItsValue() {
    let plot = LinePlot(
      title: "loss < 1 & falling", xTitle: "epoch", yTitle: "loss",
      series: [.init(name: "train", points: [.init(x: 1, y: 0.5), .init(x: 2, y: 0.25)])])
    let svg = plot.svg()
    #expect(svg.contains("<title>train: 2.000, 0.2500</title>"))
    #expect(svg.contains("loss &lt; 1 &amp; falling"))
  }

  @Test func pointsThatAreNotFiniteAreLeftOut() {
    let plot = LinePlot(
      title: "t", xTitle: "x", yTitle: "y",
      series: [
        .init(name: "s", points: [.init(x: 1, y: .nan), .init(x: 2, y: 3), .init(x: 3, y: 1)])
      ])
    #expect(!plot.svg().lowercased().contains("nan"))
    #expect(plot.svg().components(separatedBy: "<circle").count == 3)
  }

  @Test(arguments: [[], [5.0], [5.0, 5.0], [-1e9, 1e9], [1e-9, 2e-9]])
  func anyRangeCanBeDrawn(values: [Double]) {
    let points = values.enumerated().map {
      LinePlot.Series.Point(x: Double($0.offset), y: $0.element)
    }
    let plot = LinePlot(
      title: "t", xTitle: "x", yTitle: "y", series: [.init(name: "s", points: points)],
      yIsLogarithmic: true)
    #expect(plot.svg().hasSuffix("</svg>\n"))
  }

  @Test func aConfusionMatrixColoursSharesOfItsRows() {
    let map = HeatMap.confusion([[9, 1], [0, 0]], classNames: ["cat", "dog"])
    #expect(map.values == [[0.9, 0.1], [0, 0]])
    #expect(map.svg().contains("<title>cat, dog: 0.100</title>"))
  }

  /// Steps of 2.5 were labelled 53, 55, 58.
  @Test(arguments: [
    ([52.0, 65], "52.5"), ([52, 58], "52"), ([0.1, 0.15], "0.10"), ([0, 1.3], "0.00"),
  ])
  func ticksShowWhatTheirDistanceNeeds(values: [Double], first: String) {
    let axis = Axis(values: values, isLogarithmic: false)
    #expect(axis.label(axis.ticks[0]) == first)
    for tick in axis.ticks {
      #expect(Double(axis.label(tick)).map { abs($0 - tick) < 1e-9 } == true)
    }
  }
}
