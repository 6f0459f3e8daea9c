import ArgumentParser
import Datasets
import Foundation
import ModelFile
import Models
import Pipelines
import Reports
import Tensors

/// `modelc predict`.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Run a model on data and write its outputs as .npz or CSV.",
    discussion: """
      Examples:
        modelc predict model.h5 --data x.npz -o outputs.npz
        modelc predict model.small.h5 --data digits.h5 -o outputs.csv
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @OptionGroup(title: "Data") var data: DataOptions

  @Option(name: .shortAndLong, help: "The file to write: .npz or .csv.", completion: .file())
  var output: String

  @Flag(name: .shortAndLong, help: "Replace an existing output.")
  var force = false

  @Option(help: "Examples at once.")
  var batchSize = 256

  @OptionGroup var reading: ReadingOptions
  @OptionGroup var messages: OutputOptions

  func run() throws {
    guard output.hasSuffix(".npz") || output.hasSuffix(".csv") else {
      throw CommandFailure.usage("-o \(output): expected a name that ends in .npz or .csv")
    }
    try AtomicFile.check(output, force: force)
    let model = try OpenedModel(file, options: reading.readOptions).wholeModel()
    let dataset = try data.evaluation(requiresLabels: false)
    let bound = try data.bind(dataset, to: model, messages.console)
    let outputs = try model.predictions(on: bound, batchSize: max(batchSize, 1))
    if output.hasSuffix(".npz") {
      try AtomicFile.write(try NumPyArchive.encoded(outputs), to: output, force: force)
    } else {
      try AtomicFile.write(csv(outputs, labels: dataset.labels), to: output, force: force)
    }
    messages.console.result(
      "wrote \(output): "
        + outputs.map { "\($0.name) [\($0.tensor.shape)]" }.joined(separator: ", "))
  }

  /// One row an example: its label where there is one, then all outputs.
  private func csv(_ outputs: [(name: String, tensor: Tensor)], labels: [Int]?) -> String {
    var header = labels == nil ? [] : ["label"]
    for (name, tensor) in outputs {
      let width = tensor.count / max(tensor.shape[0], 1)
      header += (0..<width).map { "\(name)_\($0)" }
    }
    let count = outputs.first?.tensor.shape[0] ?? 0
    let rows = (0..<count).map { row -> [String] in
      var fields = labels.map { [String($0[row])] } ?? []
      for (_, tensor) in outputs {
        let width = tensor.count / max(count, 1)
        fields += tensor.elements[row * width..<(row + 1) * width].map { "\($0)" }
      }
      return fields
    }
    return CSVTable.text(header: header, rows: rows)
  }
}
