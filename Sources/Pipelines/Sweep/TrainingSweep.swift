import Compression
public import Datasets
import Models
import Tensors
public import Training

/// Trains a network over axes of data rank, projection rank or learning rate and measures each.
public struct TrainingSweep: Sendable {
  /// The network: an architecture, a description or a model file.
  public var network: String
  /// The name of the series in legends.
  public var name: String
  /// Reads the data set, at a rank where its images are stored as factors (nil: the stored rank).
  public var load: @Sendable (_ dataRank: Int?) throws -> DatasetSplits
  /// The images as they were: a second test set, and what `data-rank=stock` learns from.
  public var stock: DatasetSplits?
  /// The scaling that the user asked for.
  public var scaling: SampleScaling?
  /// How networks are trained; the seed is replaced by each repetition's.
  public var options: TrainingOptions
  /// How much is held out to choose the best epoch.
  public var validation: ValidationSize
  /// How projections are computed.
  public var projection: LowRankProjection.Method
  /// Columns that a random projection draws beyond the rank; nil leaves it to the projection.
  public var oversampling: Int?
  /// Steps between projections; nil projects at the end of each epoch.
  public var projectionInterval: Int?
  /// What is varied.
  public var axes: [SweepAxis]
  /// How many seeds, from that of the options.
  public var seedCount: Int

  /// Describes a sweep.
  public init(
    network: String, name: String, stock: DatasetSplits?, scaling: SampleScaling?,
    options: TrainingOptions, validation: ValidationSize, projection: LowRankProjection.Method,
    oversampling: Int? = nil, projectionInterval: Int?, axes: [SweepAxis], seedCount: Int,
    load: @escaping @Sendable (_ dataRank: Int?) throws -> DatasetSplits
  ) {
    self.network = network
    self.name = name
    self.stock = stock
    self.scaling = scaling
    self.options = options
    self.validation = validation
    self.projection = projection
    self.oversampling = oversampling
    self.projectionInterval = projectionInterval
    self.axes = axes
    self.seedCount = seedCount
    self.load = load
  }

  /// The points to measure, in order.
  public func points() -> [SweepPoint] {
    SweepAxis.combinations(of: axes).flatMap { settings in
      (0..<seedCount).map { repetition in
        SweepPoint(
          series: name, settings: settings,
          seed: Int(truncatingIfNeeded: options.seed) + repetition)
      }
    }
  }

  /// Trains and measures one of ``points()``.
  ///
  /// A training that diverges is a result: its loss is missing and its accuracy that of chance.
  /// - Parameter observe: sees each finished epoch and may stop the run.
  /// - Throws: what reading data and training throw.
  public func measured(
    _ point: SweepPoint, data: DatasetSplits, observe: (EpochRecord) throws -> TrainingRun.Verdict
  ) throws -> SweepPoint? {
    func value(_ axis: SweepAxis.Name) -> String? {
      point.settings.first { $0.axis == axis }?.value
    }
    let dataset = try data.training()
    guard let classes = dataset.classCount else {
      throw PipelineError(place: dataset.name, reason: "it has no classes to learn")
    }
    var options = options
    options.seed = UInt64(truncatingIfNeeded: point.seed)
    if let rate = value(.learningRate).flatMap(SweepAxis.number) { options.schedule.base = rate }
    let model = try StartingModel.open(
      network, inputShape: dataset.inputShape, classCount: classes, seed: options.seed)
    let bound = try BoundData(
      dataset, to: model, program: try model.lowered(), requested: scaling)
    let parts = try split(bound.dataset, seed: options.seed)
    let run = TrainingRun(
      model: model, options: options, training: parts.training, validation: parts.validation,
      scaling: bound.scaling)
    let log = try value(.projectRank).flatMap(Int.init).map { rank in
      try ProjectionLog(
        LowRankProjection(
          rank: rank, method: projection, stepInterval: projectionInterval,
          oversampling: oversampling, seed: options.seed),
        for: run)
    }
    var result = point
    do {
      let outcome = try run.run(
        adjustInterval: projectionInterval,
        adjust: log.map { log in { state in try log.adjust(&state) } },
        onEpoch: { record, _ in try observe(record) })
      if outcome.wasStopped { return nil }
      result.epochs = outcome.history.map { record in
        epoch(record, log?.records.first { $0.epoch == record.epoch })
      }
      try judge(outcome.model, data: data, into: &result)
    } catch let error as TrainingError {
      guard case .diverged = error else { throw error }
      result.metrics = [("accuracy", 1 / Double(max(classes, 1))), ("diverged", 1)]
      return result
    }
    if let loss = result.epochs.last?["loss"] { result.metrics.append(("train_loss", loss)) }
    for (name, column) in [
      ("seconds_per_epoch", "seconds"), ("projection_seconds", "projection_seconds"),
    ] {
      let values = result.epochs.compactMap { $0[column] }.sorted()
      if !values.isEmpty { result.metrics.append((name, values[values.count / 2])) }
    }
    result.metrics.append(("parameters", Double(model.parameterCount)))
    return result
  }

  private func split(
    _ dataset: Dataset, seed: UInt64
  ) throws -> (training: Dataset, validation: Dataset?) {
    guard validation.sampleCount(of: dataset.count) > 0 else { return (dataset, nil) }
    let parts = try dataset.split(validation: validation, seed: seed)
    return (parts.training, parts.validation)
  }

  private func epoch(
    _ record: EpochRecord, _ projection: LowRankProjection.Record?
  ) -> [String: Double] {
    var values = ["loss": record.loss, "seconds": record.seconds]
    values["accuracy"] = record.accuracy
    values["validation_loss"] = record.validationLoss
    values["validation_accuracy"] = record.validationAccuracy
    values["projection_error"] = projection?.relativeError
    values["projection_seconds"] = projection?.seconds
    return values
  }

  /// Judges on the test part of the data, and on the images as they were.
  private func judge(
    _ model: Model, data: DatasetSplits, into point: inout SweepPoint
  ) throws {
    let program = try model.lowered()
    func evaluate(_ dataset: Dataset) throws -> EvaluationResult {
      try model.evaluated(
        on: BoundData(dataset, to: model, program: program, requested: scaling),
        loss: options.loss, threads: options.threads)
    }
    let own = try evaluate(try data.evaluation())
    point.metrics = [("accuracy", own.accuracy ?? 0), ("loss", own.loss)]
    point.classShares = own.classShares
    if let stock {
      let other = try evaluate(try stock.evaluation())
      point.metrics += [("stock_accuracy", other.accuracy ?? 0), ("stock_loss", other.loss)]
      if point.settings.contains(where: { $0.axis == .dataRank }) {
        point.metrics.append(
          ("image_error", try distance(try data.evaluation(), try stock.evaluation())))
      }
    }
  }

  /// ‖X − X̂‖_F ÷ ‖X‖_F over the first images of both sets.
  private func distance(_ approximated: Dataset, _ stock: Dataset) throws -> Double {
    let count = min(approximated.count, stock.count, 1000)
    let left = try approximated.batch(0..<count).inputs.elements
    let right = try stock.batch(0..<count).inputs.elements
    var lost = 0.0
    var energy = 0.0
    for (a, b) in zip(left, right) {
      lost += Double(a - b) * Double(a - b)
      energy += Double(b) * Double(b)
    }
    return energy > 0 ? (lost / energy).squareRoot() : 0
  }

  /// The data of a point: at its rank, or as they were.
  /// - Throws: `PipelineError` for `stock` without such data; what reading throws.
  public func data(for point: SweepPoint) throws -> DatasetSplits {
    guard let rank = point.settings.first(where: { $0.axis == .dataRank })?.value else {
      return try load(nil)
    }
    if rank == "stock" {
      guard let stock else {
        throw PipelineError(
          place: "--over data-rank=stock", reason: "give the images as they were with --stock")
      }
      return stock
    }
    return try load(Int(rank))
  }
}
