import ArgumentParser
import CSource
import Datasets
import Foundation
import JSON
import Models
import Pipelines
import Reports

/// `modelc convert`.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write the model as C for a small device: one C99 file and its header.",
    discussion: """
      The C file needs no library and no memory but a static arena; every form of a weight runs \
      as that form. With --dtype int8 and --data, activations are int8, too, calibrated on the data.

      Examples:
        modelc convert model.small.h5 model.c
        modelc convert model.small.h5 model.c --dtype int8 --data mnist/
        modelc convert model.h5 digits.c --name digits --self-test 3
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @Argument(help: "The C file to write; its header lies beside it.", completion: .file())
  var output: String

  @Option(help: "What to write: c. Without it the output's extension decides.")
  var to: String?

  @Option(
    help: "How weights are stored: float32, float16, bfloat16 or int8; by default as they are.")
  var dtype: String?

  @Option(help: "What stands before _predict in C.")
  var name = "model"

  @Option(help: "Embed this many examples with their outputs, under NAME_SELF_TEST.")
  var selfTest = 0

  @Flag(help: "Replace existing outputs.")
  var force = false

  @OptionGroup(title: "Data (for int8 activations and the self-test)") var data: DataOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var messages: OutputOptions

  func run() throws {
    try checkTarget()
    let console = messages.console
    guard selfTest >= 0, selfTest <= 100 else {
      throw CommandFailure.usage("--self-test: expected 0 to 100 examples, found \(selfTest)")
    }
    let dataset = try examples()
    let outcome = try Convert.toC(
      ConversionRequest(
        input: file, output: output, storage: try storage(), data: dataset,
        scaling: data.scale?.scaling, prefix: name, selfTestCount: selfTest, force: force,
        readOptions: reading.readOptions, toolVersion: Versions.tool))
    outcome.remarks.forEach { console.note("note: \($0)") }
    switch format.format {
    case .json: console.result(json: outcome.json)
    default: outcome.lines.forEach { console.result($0) }
    }
  }

  /// The part to learn from: the one asked for, else the training part.
  private func examples() throws -> Dataset? {
    guard data.data != nil else { return nil }
    let splits = try data.load(requiresLabels: false)
    guard let split = data.split else { return try splits.training() }
    return try splits.selected(split)
  }

  private func checkTarget() throws {
    let kind = to ?? (output as NSString).pathExtension
    guard kind.lowercased() == "c" else {
      let given = to.map { "--to \($0)" } ?? "'\(output)'"
      throw CommandFailure.usage(
        "convert: \(given) is no format that can be written; known is c: "
          + "name the output model.c")
    }
    guard (output as NSString).pathExtension.lowercased() != "h" else {
      throw CommandFailure.usage("convert: the header is written beside the C file; name model.c")
    }
  }

  private func storage() throws -> WeightStorage? {
    guard let dtype else { return nil }
    guard let storage = WeightStorage(rawValue: dtype.lowercased()) else {
      let names = WeightStorage.allCases.map(\.rawValue)
      throw CommandFailure.usage(
        "--dtype: '\(dtype)' is not one of \(names.joined(separator: ", "))"
          + NearestName.hint(dtype, among: names))
    }
    return storage
  }
}

extension ConversionOutcome {
  /// What was written, a line each.
  var lines: [String] {
    var lines = [
      "\(footprint.text) · MACs \(Units.grouped(multiplications)) "
        + "(Cortex-M4, -Os; the caller holds \(Units.bytes(footprint.inputByteCount)) of input)"
    ]
    if let accuracy, let engineAccuracy {
      lines.append(
        "int8 accuracy \(Units.percent(accuracy, decimals: 2)), in float "
          + "\(Units.percent(engineAccuracy, decimals: 2)), on \(Units.grouped(measuredCount)) "
          + "examples that calibrated nothing")
    }
    lines.append("wrote \(source) and \(header)")
    return lines
  }

  var json: JSONValue {
    .object([
      "version": 1, "source": .string(source), "header": .string(header),
      "flash_bytes": .integer(footprint.flashByteCount),
      "constant_bytes": .integer(footprint.constantByteCount),
      "code_bytes": .integer(footprint.codeByteCount),
      "ram_bytes": .integer(footprint.ramByteCount),
      "input_bytes": .integer(footprint.inputByteCount),
      "output_bytes": .integer(footprint.outputByteCount), "macs": .integer(multiplications),
      "activations": .string(quantizesActivations ? "int8" : "float32"),
      "measured_count": .integer(measuredCount),
      "accuracy": accuracy.map { .number($0) } ?? .null,
      "engine_accuracy": engineAccuracy.map { .number($0) } ?? .null,
      "remarks": .array(remarks.map { .string($0) }),
    ])
  }
}
