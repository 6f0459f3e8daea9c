public import ArgumentParser
public import Datasets
import Models
import Pipelines
import Programs

/// Where examples come from; the kind is recognised from the content.
struct DataOptions: ParsableArguments {
  @Option(
    help: "Examples: IDX, CIFAR, HDF5, .npz, .npy, CSV, or a folder of images.",
    completion: .file())
  var data: String?

  @Option(help: "The part of the data: train, validation or test.")
  var split: DatasetSplit?

  @Option(help: "Use at most this many examples.")
  var limit: Int?

  @Option(help: "The name of the inputs (HDF5, .npz).")
  var x: String?

  @Option(name: [.long, .customLong("label")], help: "The name of the labels (HDF5, .npz, CSV).")
  var y: String?

  @Option(help: "The rank of images written by compress-data; by default the stored one.")
  var dataRank: Int?

  @Option(help: "Input scaling: none, a factor such as 1/255, or factor,offset.")
  var scale: ScalingChoice?

  func validate() throws {
    if let limit, limit < 1 {
      throw ValidationError("--limit: expected at least 1, found \(limit)")
    }
  }

  /// The path, or a usage error that asks for it.
  func path() throws -> String {
    guard let data else { throw CommandFailure.usage("--data: give a data set") }
    return data
  }

  /// Reads the source's parts.
  func load(requiresLabels: Bool = true) throws -> DatasetSplits {
    var options = DatasetOptions()
    options.limit = limit
    options.inputName = x
    options.labelName = y
    options.requiresLabels = requiresLabels
    if let dataRank, dataRank < 1 {
      throw CommandFailure.usage("--data-rank \(dataRank): expected a rank from 1")
    }
    options.dataRank = dataRank
    return try DatasetLoader.load(try path(), options: options)
  }

  /// The part to report on: the one asked for, else the test part.
  func evaluation(requiresLabels: Bool = true) throws -> Dataset {
    let splits = try load(requiresLabels: requiresLabels)
    return try split.map { try splits.selected($0) } ?? splits.evaluation()
  }

  /// The part to learn from: the one asked for, else the training part.
  func training() throws -> Dataset {
    let splits = try load()
    return try split.map { try splits.selected($0) } ?? splits.training()
  }

  /// Binds examples to a model's input and says how they are scaled.
  func bind(_ dataset: Dataset, to model: Model, _ console: Console) throws -> BoundData {
    let bound = try BoundData(
      dataset, to: model, program: try model.lowered(), requested: scale?.scaling)
    if let remark = bound.remark { console.note("note: \(remark)") }
    return bound
  }
}

extension DatasetSplit: ExpressibleByArgument {}

/// An input scaling as it is written on the command line.
struct ScalingChoice: ExpressibleByArgument {
  let scaling: SampleScaling

  init?(argument: String) {
    if argument == "none" {
      scaling = .identity
      return
    }
    let parts = argument.split(separator: ",").map(String.init)
    guard (1...2).contains(parts.count), let scale = ScalingChoice.number(parts[0]) else {
      return nil
    }
    guard let offset = parts.count == 2 ? ScalingChoice.number(parts[1]) : 0 else { return nil }
    scaling = SampleScaling(scale: Float(scale), offset: Float(offset))
  }

  private static func number(_ text: String) -> Double? {
    let parts = text.split(separator: "/").map(String.init)
    guard let first = parts.first.flatMap(Double.init), parts.count <= 2 else { return nil }
    guard parts.count == 2 else { return first }
    guard let second = Double(parts[1]), second != 0 else { return nil }
    return first / second
  }
}
