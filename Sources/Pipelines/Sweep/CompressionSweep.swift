public import Compression
public import Datasets
import Foundation
import Interchange
import ModelFile
import Models
import Tensors
import Training

/// Compresses models over axes of ratio, rank, sparsity or Tucker ranks and measures each point.
public struct CompressionSweep: Sendable {
  /// A way to compress, as legends name it.
  public struct Method: Sendable {
    /// The name in legends and files.
    public var name: String
    /// How a budget is spread.
    public var allocation: AllocationChoice
    /// The forms that may be chosen.
    public var forms: FormChoice
    /// What errors are measured against.
    public var weighting: CompressionData.WeightingChoice
    /// The layers in scope; empty means all.
    public var layers: [Glob]

    /// Names a way to compress.
    public init(
      name: String, allocation: AllocationChoice = .global, forms: FormChoice = .automatic,
      weighting: CompressionData.WeightingChoice = .none, layers: [Glob] = []
    ) {
      self.name = name
      self.allocation = allocation
      self.forms = forms
      self.weighting = weighting
      self.layers = layers
    }
  }

  /// The models' files.
  public var models: [String]
  /// What points are judged on.
  public var test: Dataset
  /// What data-aware methods and fine-tuning learn from; nil without them.
  public var training: Dataset?
  /// The scaling that the user asked for.
  public var scaling: SampleScaling?
  /// The ways to compress.
  public var methods: [Method]
  /// What is varied.
  public var axes: [SweepAxis]
  /// The first seed.
  public var seed: UInt64
  /// How many seeds.
  public var seedCount: Int
  /// Epochs of fine-tuning at each point.
  public var finetuneEpochs: Int
  /// Settings of the factorisations.
  public var settings: FactorizationSettings
  /// Threads.
  public var threads: Int
  /// Forward passes that are timed at each point; 0 for none.
  public var timedRuns: Int
  /// The version of modelc, for records.
  public var toolVersion: String

  /// Describes a sweep.
  public init(
    models: [String], test: Dataset, training: Dataset?, scaling: SampleScaling?,
    methods: [Method], axes: [SweepAxis], seed: UInt64, seedCount: Int, finetuneEpochs: Int,
    settings: FactorizationSettings, threads: Int, timedRuns: Int, toolVersion: String
  ) {
    self.models = models
    self.test = test
    self.training = training
    self.scaling = scaling
    self.methods = methods
    self.axes = axes
    self.seed = seed
    self.seedCount = seedCount
    self.finetuneEpochs = finetuneEpochs
    self.settings = settings
    self.threads = threads
    self.timedRuns = timedRuns
    self.toolVersion = toolVersion
  }

  /// The name of the series of models as they are.
  public static let unchanged = "unchanged"

  /// The points to measure, in order; models as they are come first.
  public func points() -> [SweepPoint] {
    var points = models.indices.map {
      SweepPoint(series: CompressionSweep.unchanged, settings: [], model: $0)
    }
    for settings in SweepAxis.combinations(of: axes) {
      for method in methods {
        for model in models.indices {
          for repetition in 0..<seedCount {
            points.append(
              SweepPoint(
                series: method.name, settings: settings, model: model,
                seed: Int(truncatingIfNeeded: seed) + repetition))
          }
        }
      }
    }
    return points
  }

  /// Measures one of ``points()``.
  /// - Throws: what compressing, training and reading data throw.
  public func measured(_ point: SweepPoint) throws -> SweepPoint {
    let opened = try OpenedModel(models[point.model])
    let model = try opened.wholeModel()
    var result = point
    guard let method = methods.first(where: { $0.name == point.series }) else {
      result.metrics = try metrics(of: model, fileByteCount: opened.fileByteCount, into: &result)
      return result
    }
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("modelc-sweep-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = folder.appendingPathComponent("point.h5").path
    let error: Double?
    var extra: [(name: String, value: Double)] = []
    if let sparsity = value(.prune, of: point).flatMap(SweepAxis.number) {
      (error, extra) = try prune(
        model, sparsity: sparsity, method: method, seed: point.seed, to: output)
    } else {
      error = try compress(model, at: point, method: method, to: output)
    }
    let small = try OpenedModel(output)
    result.metrics =
      try metrics(
        of: try small.wholeModel(), fileByteCount: small.fileByteCount, into: &result)
      + (error.map { [("error", $0)] } ?? []) + extra
    return result
  }

  // MARK: Compressing

  private func value(_ axis: SweepAxis.Name, of point: SweepPoint) -> String? {
    point.settings.first { $0.axis == axis }?.value
  }

  /// Compresses to a file and returns the relative error over all kernels, before fine-tuning.
  private func compress(
    _ model: Model, at point: SweepPoint, method: Method, to output: String
  ) throws -> Double? {
    let source: CompressionRequest.Source
    let options = { (target: CompressionTarget) in
      PlanningOptions(
        target: target, allocation: method.allocation, forms: method.forms,
        include: method.layers)
    }
    if let ratio = value(.ratio, of: point) {
      source = .planning(options(try .ratio(parsing: ratio)))
    } else if let rank = value(.rank, of: point) {
      source = .planning(options(.rank(try RankSpecification(parsing: rank))))
    } else {
      source = .plan(
        try tuckerPlan(
          model, input: value(.inputRank, of: point), output: value(.outputRank, of: point),
          layers: method.layers))
    }
    var settings = settings
    settings.seed = UInt64(truncatingIfNeeded: point.seed)
    let needsData = method.weighting != .none || finetuneEpochs > 0
    let outcome = try Compress.run(
      CompressionRequest(
        input: models[point.model], output: output, source: source,
        data: needsData
          ? training.map {
            CompressionData(
              dataset: $0, scaling: scaling, weighting: method.weighting,
              finetuneEpochs: finetuneEpochs)
          } : nil,
        settings: settings, threads: threads, command: ["sweep"], toolVersion: toolVersion))
    return try totalError(outcome.reports, in: model)
  }

  /// √(Σ e²·‖K‖² ÷ Σ‖K‖²) over the kernels; nil where one is not known.
  private func totalError(_ reports: [KernelReport], in model: Model) throws -> Double? {
    var lost = 0.0
    var energy = 0.0
    for reference in model.kernels {
      let norm = try model[reference].reconstructed().squaredNorm
      energy += norm
      guard let report = reports.first(where: { $0.path == reference.path }) else { continue }
      guard let error = report.relativeError else { return nil }
      lost += error * error * norm
    }
    return energy > 0 ? (lost / energy).squareRoot() : nil
  }

  /// Tucker-2 of every convolution in scope; a rank that is not given is the full one.
  private func tuckerPlan(
    _ model: Model, input: String?, output: String?, layers: [Glob]
  ) throws -> CompressionPlan {
    func rank(_ text: String?, of channels: Int, limit: Int) -> Int {
      guard let text, let number = SweepAxis.number(text) else { return limit }
      let isShare = text.contains("/") || text.contains("%") || number < 1
      let wanted =
        isShare ? Int((Double(channels) * number).rounded(.down)) : Int(number.rounded())
      return min(max(wanted, 1), limit)
    }
    let decisions = model.kernelSites().compactMap { site -> CompressionPlan.Decision? in
      guard layers.isEmpty || layers.contains(where: { $0.matches(site.layerPath) }),
        site.structure != .matrix, site.windowCount > 1, site.channels > 1
      else { return nil }
      let limits = [
        min(site.channels, site.windowCount * site.columns),
        min(site.columns, site.windowCount * site.channels),
      ]
      return CompressionPlan.Decision(
        path: site.path,
        action: .factorize(
          .tucker2,
          ranks: [
            rank(input, of: site.channels, limit: limits[0]),
            rank(output, of: site.columns, limit: limits[1]),
          ]))
    }
    guard !decisions.isEmpty else {
      throw PipelineError(
        place: model.name, reason: "R1 and R2 need a convolution over more than one channel")
    }
    return CompressionPlan(kernels: decisions)
  }

  /// Prunes to a file; returns the relative error and how many weights went.
  private func prune(
    _ model: Model, sparsity: Double, method: Method, seed: Int, to output: String
  ) throws -> (Double?, [(name: String, value: Double)]) {
    var (pruned, reports) = try MagnitudePruning(sparsity: sparsity, include: method.layers)
      .applied(to: model)
    if finetuneEpochs > 0, let training {
      let bound = try BoundData(
        training, to: pruned, program: try pruned.lowered(), requested: scaling)
      pruned = try FineTuning.run(
        pruned, on: bound, epochs: finetuneEpochs, seed: UInt64(truncatingIfNeeded: seed),
        threads: threads
      ).model
    }
    _ = try ModelWriting.write(pruned, to: output)
    var lost = 0.0
    var energy = 0.0
    for report in reports {
      guard let reference = model.kernels.first(where: { $0.path == report.path }) else { continue }
      let norm = try model[reference].reconstructed().squaredNorm
      energy += norm
      lost += report.relativeError * report.relativeError * norm
    }
    let zeros = reports.reduce(0) { $0 + $1.zeroCount }
    return (
      energy > 0 ? (lost / energy).squareRoot() : nil, [("removed", Double(zeros))]
    )
  }

  // MARK: Measuring

  private func metrics(
    of model: Model, fileByteCount: Int, into point: inout SweepPoint
  ) throws -> [(name: String, value: Double)] {
    let bound = try BoundData(test, to: model, program: try model.lowered(), requested: scaling)
    let evaluation = try model.evaluated(on: bound, threads: threads)
    point.classShares = evaluation.classShares
    let inspection = Inspection(
      ImportedModel(model: model, remarks: [], format: ""), fileByteCount: fileByteCount)
    var metrics: [(name: String, value: Double)] = []
    if let accuracy = evaluation.accuracy { metrics.append(("accuracy", accuracy)) }
    metrics += [
      ("loss", evaluation.loss), ("parameters", Double(inspection.parameterCount)),
      ("bytes", Double(fileByteCount)),
    ]
    if let multiplications = inspection.multiplications {
      metrics.append(("macs", Double(multiplications)))
    }
    if timedRuns > 0 {
      let batch = 256
      metrics.append(
        ("microseconds", try model.latency(batch: batch, runs: timedRuns) / Double(batch) * 1e6))
    }
    return metrics
  }
}

extension EvaluationResult {
  /// The share of right answers by class; empty without classes.
  var classShares: [Double] {
    confusion.indices.map { index in
      Double(confusion[index][index]) / Double(max(confusion[index].reduce(0, +), 1))
    }
  }
}
