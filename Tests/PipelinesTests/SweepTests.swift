import Compression
import Datasets
import Foundation
import JSON
import LinearAlgebra
import Models
import Pipelines
import TestSupport
import Testing
import Training

@Suite struct SweepTests {
  @Test(arguments: [
    ("ratio=1,2,4", "1,2,4"), ("rank=1..4", "1,2,3,4"), ("R1=8..24:8", "8,16,24"),
    ("rank=1/8,50%", "1/8,50%"), ("data-rank=stock,2", "stock,2"), ("lr=0.1", "0.1"),
    ("project-rank=none,1..2", "none,1,2"),
  ])
  func axesAreReadAsTheyAreWritten(text: String, values: String) throws {
    #expect(try SweepAxis(parsing: text).values.joined(separator: ",") == values)
  }

  @Test(arguments: [
    "ratio", "ratio=", "ratio=0.5", "prune=1", "rank=4..1", "rank=1,1", "tempo=3", "rank=a",
    "data-rank=none", "rank=1..9:0", "rank=1..99999999",
  ])
  func otherTextsAreNoAxes(text: String) {
    #expect(throws: SpecificationError.self) { try SweepAxis(parsing: text) }
  }

  @Test func aGridTakesEveryCombination() throws {
    let axes = [try SweepAxis(parsing: "R1=1,2"), try SweepAxis(parsing: "R2=3,4,5")]
    let grid = SweepAxis.combinations(of: axes).map { $0.map(\.value).joined() }
    #expect(grid == ["13", "14", "15", "23", "24", "25"])
  }

  @Test(arguments: [("1/8", 0.125), ("25%", 0.25), ("4x", 4), ("0.5", 0.5)])
  func valuesHavePlacesOnAnAxis(text: String, value: Double) {
    #expect(SweepAxis.number(text) == value)
    #expect(SweepAxis.number("stock") == nil)
  }

  @Test func aSummaryHoldsMeanAndSampleDeviation() throws {
    let points = [0.90, 0.92, 0.97].enumerated().map { index, value in
      SweepPoint(
        series: "s", settings: [.init(axis: .rank, value: "3")], seed: index,
        metrics: [("accuracy", value)], classShares: [value, 1])
    }
    let summaries = SweepSummary.summaries(
      of: points + [SweepPoint(series: "t", settings: [], metrics: [("accuracy", 0.5)])])
    #expect(summaries.count == 2)
    let accuracy = try #require(summaries[0]["accuracy"])
    #expect(abs(accuracy.mean - 0.93) < 1e-12)
    // numpy.std([0.90, 0.92, 0.97], ddof=1)
    #expect(abs((accuracy.spread ?? 0) - 0.03605551275463989) < 1e-12)
    #expect(summaries[1]["accuracy"]?.spread == nil)
    #expect(abs(summaries[0].classShares[0] - 0.93) < 1e-12)
  }

  @Test func aRecordGoesOnOnlyForTheSameSweep() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("sweep.json").path
      var record = SweepRecord(header: ["seeds": 3, "tool": "x"])
      record.points = [
        SweepPoint(
          series: "s", settings: [.init(axis: .ratio, value: "4")], model: 1, seed: 2,
          metrics: [("loss", 0.25), ("accuracy", 0.75)], classShares: [0.5],
          epochs: [["loss": 1.5]])
      ]
      try record.write(to: path)
      let resumed = try SweepRecord(header: ["seeds": 3, "tool": "x"])
        .resuming(from: path, force: false)
      #expect(resumed.points == record.points)
      #expect(resumed.point(for: record.points[0].key)?["accuracy"] == 0.75)
      let other = SweepRecord(header: ["seeds": 5, "tool": "x"])
      #expect(throws: PipelineError.self) { try other.resuming(from: path, force: false) }
      #expect(try other.resuming(from: path, force: true).points.isEmpty)
    }
  }

  private func compressionSweep(
    _ axes: [String], model: String, methods: [CompressionSweep.Method]
  ) throws -> CompressionSweep {
    let data = try DatasetLoader.load(Fixtures.path("data/digits.h5"))
    return CompressionSweep(
      models: [model], test: try data.evaluation(), training: nil, scaling: nil,
      methods: methods, axes: try axes.map { try SweepAxis(parsing: $0) }, seed: 0, seedCount: 1,
      finetuneEpochs: 0, settings: FactorizationSettings(), threads: 1, timedRuns: 0,
      toolVersion: "test")
  }

  /// A small convolutional network trained for a moment, in a file.
  private func withNetwork(_ body: (String) throws -> Void) throws {
    let training = try DatasetLoader.load(Fixtures.path("data/digits.h5")).training()
    let run = TrainingRun(
      model: try StartingModel.open(
        "cnn:6-8-pool-dense16", inputShape: training.inputShape, classCount: 10, seed: 1),
      options: TrainingOptions(schedule: LearningRateSchedule(base: 3e-3), epochs: 3, seed: 1),
      training: training, validation: nil, scaling: try #require(training.suggestedScaling))
    let model = try run.run().model
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("net.h5").path
      _ = try ModelWriting.write(model, to: path)
      try body(path)
    }
  }

  @Test func errorsFallWithRankAndFullRanksChangeNothing() throws {
    try withNetwork { path in
      let sweep = try compressionSweep(
        ["R1=2,4,6", "R2=2,8"], model: path, methods: [.init(name: "tucker")])
      let points = try sweep.points().map { try sweep.measured($0) }
      let dense = try #require(points.first)
      #expect(dense.series == CompressionSweep.unchanged)
      func point(_ r1: String, _ r2: String) throws -> SweepPoint {
        try #require(
          points.first { $0.settings.map(\.value) == [r1, r2] })
      }
      let errors = try ["2", "4", "6"].map { try #require(try point($0, "8")["error"]) }
      #expect(errors[0] > errors[1] && errors[1] > errors[2])
      #expect(errors[2] < 1e-5)
      #expect(try point("6", "8")["accuracy"] == dense["accuracy"])
      let narrow = try #require(try point("6", "2")["error"])
      #expect(narrow > errors[2])
    }
  }

  @Test func pruningRemovesTheShareThatWasAsked() throws {
    try withNetwork { path in
      let sweep = try compressionSweep(
        ["prune=0,0.5"], model: path,
        methods: [.init(name: "dense", layers: [try Glob("dense")])])
      let points = try sweep.points().map { try sweep.measured($0) }
      #expect(points[1]["removed"] == 0 && points[1]["accuracy"] == points[0]["accuracy"])
      // Half of 3×3×8 inputs of 16 outputs.
      #expect(points[2]["removed"] == 576)
    }
  }

  @Test func projectionLeavesKernelsOfTheRankAndCountsItsTimes() throws {
    let training = try DatasetLoader.load(Fixtures.path("data/digits.h5")).training()
      .limited(to: 320)
    let run = TrainingRun(
      model: try StartingModel.open(
        "mlp:64-15-12-10", inputShape: training.inputShape, classCount: 10, seed: 1),
      options: TrainingOptions(
        optimizer: .sgd(momentum: 0, isNesterov: false),
        schedule: LearningRateSchedule(base: 0.05), batchSize: 32, epochs: 2, seed: 1),
      training: training, validation: nil, scaling: try #require(training.suggestedScaling))
    for (interval, count) in [(nil, 1), (4, 3), (5, 2)] as [(Int?, Int)] {
      for method in LowRankProjection.Method.allCases {
        let log = try ProjectionLog(
          LowRankProjection(rank: 3, method: method, stepInterval: interval), for: run)
        #expect(log.kernelCount == 3)
        let outcome = try run.run(
          adjustInterval: interval, adjust: { try log.adjust(&$0) })
        #expect(log.records.map(\.epoch) == [1, 2])
        #expect(log.records[0].count == count)
        for reference in outcome.model.kernels {
          let matrix = NamedMatrix(
            name: "", matrix: .init(try outcome.model[reference].reconstructed()))
          let values = try MatrixDecomposition(matrix).svd.singularValues
          #expect(values[3] < 1e-5 * values[0], "\(reference.path)")
        }
      }
    }
  }
}
