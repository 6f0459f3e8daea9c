import ArgumentParser
import Compression
import Datasets
import Foundation
import JSON
import ModelFile
import Models
import Pipelines
import Reports
import Training

/// `modelc sweep`.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Measure a model, or a training, at many settings: mean and spread over seeds.",
    discussion: """
      Over ratio, rank, prune, R1 and R2 a model is compressed; over data-rank, project-rank and \
      learning-rate a network is trained at each point. Several --over make a grid. With -o every \
      point is kept as it is measured, and the same command goes on where it stopped.

      Plots: FILE.svg, or Y:X=FILE.svg with what the table shows (accuracy:parameters=a.svg), an \
      axis, or epoch as X; classes=FILE.svg is a heat map of classes.

      Examples:
        modelc sweep model.h5 --data mnist/ --over ratio=1,2,4,8 --allocation uniform,global
        modelc sweep cnn.h5 --data cifar10/ --over rank=1/8,1/4,1/2,1 --form tucker2 --layer 'conv*'
        modelc sweep model.h5 --data mnist/ --over prune=0.5,0.8,0.9 --per-layer --plot prune.svg
        modelc sweep mlp:784-15-15-10 --data mnist/ --over project-rank=none,1..15 --seeds 3 -o d.json
      """)

  @Argument(help: "Models to compress, or the network to train.", completion: .file())
  var models: [String]

  @Option(help: "What is varied: ratio=1,2,4, rank=1/8,1/4, R1=8..64:8 (repeatable).")
  var over: [String]

  @OptionGroup(title: "Data") var data: DataOptions

  @Option(help: "The images as they were: a second test set, and data-rank=stock.")
  var stock: String?

  @Option(help: "How a budget is spread: global, uniform, vbmf; several, separated by commas.")
  var allocation = "global"

  @Option(help: "The forms that may be chosen: auto, svd, tucker2, tensor; several by commas.")
  var form = "auto"

  @Option(
    help: "What errors are measured against: none, auto, activations, kfac; several by commas.")
  var weighting = "none"

  @Option(help: "Only layers that match this glob (repeatable).")
  var layer: [String] = []

  @Flag(help: "Each layer by itself, as a curve of its own.")
  var perLayer = false

  @Option(help: "Epochs of fine-tuning at each point.")
  var finetune = 0

  @Option(help: "The SVD: auto, exact or randomized.")
  var svd: SVDChoice = .automatic

  @Option(help: "When kernels are projected: epoch, or after this many steps as well.")
  var projectEvery: ProjectionInterval = .epoch

  @Option(help: "Columns that a randomized projection draws beyond the rank.")
  var oversampling: Int?

  @Option(help: "How many seeds, from --seed on.")
  var seeds = 1

  @Option(help: "Forward passes of 256 examples that are timed at each point; 0 for none.")
  var timedRuns = 10

  @Option(help: "What the curve is called, in a training.")
  var name: String?

  @OptionGroup(title: "Training") var training: TrainingFlags

  @Option(name: .shortAndLong, help: "Keep points in this file (.json) and go on from it.")
  var output: String?

  @Option(help: "Draw: FILE.svg, or Y:X=FILE.svg (repeatable).", completion: .file())
  var plot: [String] = []

  @Flag(name: .shortAndLong, help: "Start anew and replace existing files.")
  var force = false

  @OptionGroup var format: FormatOptions
  @OptionGroup var messages: OutputOptions

  func validate() throws {
    guard seeds >= 1, finetune >= 0, timedRuns >= 0, !models.isEmpty else {
      throw ValidationError("--seeds must be at least 1, --finetune and --timed-runs not negative")
    }
  }

  func run() throws {
    let console = messages.console
    let axes = try over.map { try SweepAxis(parsing: $0) }
    let plots = try plot.map { try SweepPlot(parsing: $0) }
    let isTraining = axes.contains { $0.name.isTraining }
    guard axes.allSatisfy({ $0.name.isTraining == isTraining }) else {
      throw CommandFailure.usage("--over: axes of a training and of a compression do not mix")
    }
    try checkAxes(axes.map(\.name))
    let record =
      isTraining
      ? try trainingRecord(axes, console) : try compressionRecord(axes, console)
    let report = SweepReport([record])
    for plot in plots { try AtomicFile.write(report.svg(plot), to: plot.path, force: true) }
    report.print(format.format, to: console)
  }

  private func checkAxes(_ names: [SweepAxis.Name]) throws {
    guard Set(names).count == names.count else {
      throw CommandFailure.usage("--over: an axis is given twice; write its values in one list")
    }
    let targets: [Set<SweepAxis.Name>] = [
      [.ratio], [.rank], [.prune], [.inputRank, .outputRank],
    ]
    let used = targets.filter { !$0.isDisjoint(with: names) }
    guard used.count <= 1 else {
      throw CommandFailure.usage(
        "--over: \(names.map(\.rawValue).joined(separator: " and ")) contradict each other")
    }
  }

  // MARK: Compression

  private func compressionRecord(_ axes: [SweepAxis], _ console: Console) throws -> SweepRecord {
    let splits = try data.load()
    let test = try data.split.map { try splits.selected($0) } ?? splits.evaluation()
    let methods = try methods(for: try OpenedModel(models[0]).wholeModel(), axes: axes)
    let learns = finetune > 0 || methods.contains { $0.weighting != .none }
    let sweep = CompressionSweep(
      models: models, test: test, training: learns ? try splits.training() : nil,
      scaling: data.scale?.scaling, methods: methods, axes: axes, seed: training.seed,
      seedCount: seeds, finetuneEpochs: finetune,
      settings: FactorizationSettings(svd: svd, seed: training.seed), threads: training.threads,
      timedRuns: timedRuns, toolVersion: Versions.tool)
    var header = try commonHeader(axes, test: test)
    header["kind"] = "compression"
    header["series"] = .array(methods.map { .string($0.name) })
    header["finetune"] = .integer(finetune)
    header["models"] = .array(
      try models.map { path in
        .object([
          "name": .string((path as NSString).lastPathComponent),
          "digest": .string(try OpenedModel(path).digest()),
        ])
      })
    return try measure(sweep.points(), header: header, console) { try sweep.measured($0) }
  }

  /// Every combination of allocation, form, weighting and, with --per-layer, layer.
  private func methods(
    for model: Model, axes: [SweepAxis]
  ) throws -> [CompressionSweep.Method] {
    func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }
    let globs = try layer.map { try Glob($0, subject: "--layer") }
    let paths = model.kernels.map { model.layers[$0.layer].path }
    let inScope = paths.filter { path in globs.isEmpty || globs.contains { $0.matches(path) } }
    guard !inScope.isEmpty else {
      throw SpecificationError(
        "--layer",
        "it matches no layer with a factorisable kernel; they are "
          + paths.prefix(8).joined(separator: ", "))
    }
    let scopes: [(name: String?, layers: [Glob])] =
      perLayer ? try inScope.map { ($0, [try Glob($0)]) } : [(nil, globs)]
    let isPruning = axes.contains { $0.name == .prune }
    var methods: [CompressionSweep.Method] = []
    for (allocationName, formName, weightingName) in list(allocation).flatMap({ a in
      list(form).flatMap { f in list(weighting).map { (a, f, $0) } }
    }) {
      guard let allocation = AllocationChoice(rawValue: allocationName) else {
        throw unknown("--allocation", allocationName, AllocationChoice.allCases.map(\.rawValue))
      }
      guard let weighting = CompressionData.WeightingChoice(rawValue: weightingName) else {
        throw unknown(
          "--weighting", weightingName, CompressionData.WeightingChoice.allCases.map(\.rawValue))
      }
      let forms = try FormChoice(parsing: formName)
      var words = isPruning ? ["magnitude"] : [allocationName]
      if !isPruning, axes.contains(where: { $0.name != .ratio }) { words = [] }
      if formName != "auto" { words.append(formName) }
      if weightingName != "none" { words.append("data \(weightingName)") }
      if finetune > 0 { words.append("fine-tuned") }
      for scope in scopes {
        let name =
          (scope.name.map { [$0] } ?? []) + (words == ["magnitude"] && perLayer ? [] : words)
        methods.append(
          CompressionSweep.Method(
            name: name.isEmpty ? "compressed" : name.joined(separator: ", "),
            allocation: allocation, forms: forms, weighting: weighting, layers: scope.layers))
      }
    }
    return methods
  }

  private func unknown(_ option: String, _ word: String, _ names: [String]) -> CommandFailure {
    .usage(
      "\(option): '\(word)' is not one of \(names.joined(separator: ", "))"
        + NearestName.hint(word, among: names))
  }

  // MARK: Training

  private func trainingRecord(_ axes: [SweepAxis], _ console: Console) throws -> SweepRecord {
    guard models.count == 1 else {
      throw CommandFailure.usage("a training sweep takes one network, found \(models.count)")
    }
    let path = try data.path()
    var common = DatasetOptions()
    common.limit = data.limit
    common.inputName = data.x
    common.labelName = data.y
    let options = common
    let fixedRank = data.dataRank
    let name = name ?? models[0]
    let sweep = TrainingSweep(
      network: models[0], name: name,
      stock: try stock.map { try DatasetLoader.load($0, options: options) },
      scaling: data.scale?.scaling,
      options: training.options(epochs: 10, rate: 1e-3, shape: .constant),
      validation: training.validation.size,
      projection: svd == .randomized ? .randomized : .exact,
      oversampling: oversampling, projectionInterval: projectEvery.steps, axes: axes,
      seedCount: seeds
    ) { rank in
      var options = options
      options.dataRank = rank ?? fixedRank
      return try DatasetLoader.load(path, options: options)
    }
    let splits = try DatasetLoader.load(path, options: options)
    var header = try commonHeader(axes, test: try splits.evaluation())
    header["kind"] = "training"
    header["series"] = .array([.string(name)])
    header["network"] = .string(StartingModel.name(models[0]))
    header["training"] = .object(sweep.settings)
    header["training_examples"] = .integer(try splits.training().count)
    var loaded: (key: String, data: DatasetSplits)?
    return try measure(sweep.points(), header: header, console) { point in
      // Neighbouring points often share their data; one set is held at a time.
      let key = point.settings.first { $0.axis == .dataRank }?.value ?? ""
      if loaded?.key != key {
        loaded = nil
        loaded = (key, try sweep.data(for: point))
      }
      guard let data = loaded?.data else { return nil }
      return try sweep.measured(point, data: data) { record in
        console.detail("  " + TrainingSession.line(record, count: try data.training().count))
        return Interruption.isRequested ? .stop : .goOn
      }
    }
  }

  // MARK: Measuring

  private func commonHeader(_ axes: [SweepAxis], test: Dataset) throws -> JSONObject {
    [
      "tool": .string(Versions.record),
      "axes": .object(
        JSONObject(
          axes.map { ($0.name.rawValue, JSONValue.array($0.values.map { .string($0) })) })),
      "seed": .integer(Int(truncatingIfNeeded: training.seed)), "seeds": .integer(seeds),
      "threads": .integer(training.threads),
      "data": .object([
        "name": .string(test.name), "split": .string(test.split.rawValue),
        "count": .integer(test.count), "digest": .string(try test.digest()),
      ]),
      "class_names": test.classNames.map { .array($0.map { .string($0) }) } ?? .null,
    ]
  }

  /// Measures what is missing, and keeps each point at once.
  private func measure(
    _ points: [SweepPoint], header: JSONObject, _ console: Console,
    _ body: (SweepPoint) throws -> SweepPoint?
  ) throws -> SweepRecord {
    var record = SweepRecord(header: header)
    if let output { record = try record.resuming(from: output, force: force) }
    Interruption.watch()
    let bar = ProgressLine(console)
    defer { bar.finish() }
    let known = record.points.count
    for (index, point) in points.enumerated() {
      if record.point(for: point.key) != nil { continue }
      bar.update(
        done: Double(index), total: Double(points.count),
        label: point.key.replacing("|", with: " "))
      guard !Interruption.isRequested, let measured = try body(point) else {
        let next = output == nil ? "" : "; the same command goes on from there"
        throw CommandFailure(
          "interrupted after \(record.points.count) of \(points.count) points\(next)",
          exitCode: 130)
      }
      record.points.append(measured)
      if let output { try record.write(to: output) }
    }
    bar.finish()
    if known > 0 {
      console.note("\(known) of \(points.count) points were measured before and taken over")
    }
    return record
  }
}
