public import CSource
public import Datasets
import Execution
import Foundation
import ModelFile
public import Models
import Programs
import Tensors
import Training

/// What `convert` is asked to do.
public struct ConversionRequest: Sendable {
  /// The model's file.
  public var input: String
  /// The C file; the header lies beside it.
  public var output: String
  /// How weights are stored; nil keeps each tensor's own type.
  public var storage: WeightStorage?
  /// The examples that int8 activations are calibrated on, and the self-test's come from.
  public var data: Dataset?
  /// The scaling that the user asked for.
  public var scaling: SampleScaling?
  /// What stands before `_predict`.
  public var prefix: String
  /// How many examples the self-test embeds; 0 for none.
  public var selfTestCount: Int
  /// Whether existing outputs are replaced.
  public var force: Bool
  /// Limits of the reading.
  public var readOptions: ReadOptions
  /// The version of modelc, for the first line.
  public var toolVersion: String

  /// Makes a request.
  public init(
    input: String, output: String, storage: WeightStorage? = nil, data: Dataset? = nil,
    scaling: SampleScaling? = nil, prefix: String = "model", selfTestCount: Int = 0,
    force: Bool = false, readOptions: ReadOptions = ReadOptions(), toolVersion: String
  ) {
    self.input = input
    self.output = output
    self.storage = storage
    self.data = data
    self.scaling = scaling
    self.prefix = prefix
    self.selfTestCount = selfTestCount
    self.force = force
    self.readOptions = readOptions
    self.toolVersion = toolVersion
  }
}

/// What a conversion wrote.
public struct ConversionOutcome: Sendable {
  /// The C file.
  public var source: String
  /// Its header.
  public var header: String
  /// Flash and RAM.
  public var footprint: DeviceFootprint
  /// Multiplications of one prediction.
  public var multiplications: Int
  /// Whether activations are int8.
  public var quantizesActivations: Bool
  /// The examples that were run as the C file runs them; 0 without data or labels.
  public var measuredCount: Int
  /// The share that the C file's arithmetic gets right.
  public var accuracy: Double?
  /// The share that the engine gets right.
  public var engineAccuracy: Double?
  /// What the user should know.
  public var remarks: [String]
}

/// Writes a model as C.
public enum Convert {
  /// How many examples ranges are measured on.
  static let calibrationCount = 1000
  /// How many further examples compare int8 with the engine, and the multiplications they may take.
  static let comparisonCount = 2000
  static let comparisonBudget = 3_000_000_000

  /// Writes the C file and its header, each whole or not at all.
  /// - Throws: an error whose description names the file or layer and both sides.
  public static func toC(_ request: ConversionRequest) throws -> ConversionOutcome {
    let header = headerPath(of: request.output)
    for path in [request.output, header] {
      try AtomicFile.check(path, force: request.force)
    }
    let opened = try OpenedModel(request.input, options: request.readOptions)
    let model = try opened.wholeModel()
    let quantizes = request.storage == .int8 && request.data != nil
    let options = CSource.Options(
      prefix: request.prefix, storage: request.storage, quantizesActivations: quantizes,
      generator: "modelc \(request.toolVersion)")
    let export = try CSource(model, options: options)
    var remarks = opened.imported.remarks.map(\.description)
    let bound = try request.data.map {
      try BoundData($0, to: model, program: export.program, requested: request.scaling)
    }
    if let remark = bound?.remark { remarks.append(remark) }
    if request.storage == .int8, bound == nil {
      remarks.append("weights are int8, activations float: give --data to make both int8")
    }
    var outcome = ConversionOutcome(
      source: request.output, header: header, footprint: export.footprint,
      multiplications: export.multiplications, quantizesActivations: quantizes, measuredCount: 0,
      accuracy: nil, engineAccuracy: nil, remarks: remarks)
    let constants: CSource.Constants
    if quantizes, let bound {
      let split = CalibrationSplit(bound)
      let ranges = try measuredRanges(of: export, model, on: split.calibration)
      constants = try export.constants(ranges: ranges)
      try compare(export, constants, model, on: split.comparison, &outcome)
    } else {
      constants = try export.constants()
    }
    let examples = try selfTest(request, export, constants, model, bound)
    let texts = export.texts(
      constants, headerName: URL(fileURLWithPath: header).lastPathComponent, examples: examples,
      tolerance: quantizes ? 0.05 : 1e-4)
    try AtomicFile.write(texts.header, to: header, force: request.force)
    try AtomicFile.write(texts.source, to: request.output, force: request.force)
    return outcome
  }

  /// `model.h` for `model.c`.
  static func headerPath(of path: String) -> String {
    let text = path as NSString
    return (text.deletingPathExtension as NSString).appendingPathExtension("h") ?? path + ".h"
  }

  // MARK: Int8

  /// Examples for ranges, and others to compare on; both in the data's order.
  struct CalibrationSplit {
    let calibration: BoundData
    let comparison: BoundData

    init(_ data: BoundData) {
      let count = data.dataset.count
      let first = min(Convert.calibrationCount, max(count / 2, 1))
      calibration = data.selecting(0..<first)
      comparison = data.selecting(first..<min(count, first + Convert.comparisonCount))
    }
  }

  /// Runs the engine and collects the range of every value that becomes int8.
  static func measuredRanges(
    of export: CSource, _ model: Model, on data: BoundData
  ) throws -> ActivationRanges {
    let program = export.program
    let measured = export.measuredValues
    let inputs = Set(program.inputs.map(\.value))
    let executor = try InferenceExecutor(
      program, parameters: try model.parameterValues(for: program),
      retaining: measured.filter { !inputs.contains($0) })
    var ranges = ActivationRanges()
    for value in measured {
      ranges.ranges[value] = .init(channels: program.shape(of: value).last)
    }
    var start = 0
    while start < data.dataset.count {
      let end = min(start + 128, data.dataset.count)
      let batch = try data.dataset.batch(start..<end, scaling: data.scaling)
      for input in program.inputs where measured.contains(input.value) {
        ranges.ranges[input.value]?.add(batch.inputs.elements.span)
      }
      try executor.run([batch.inputs]) { _ in
        for value in measured where !inputs.contains(value) {
          executor.withValue(value) { ranges.ranges[value]?.add($0) }
        }
      }
      start = end
    }
    return ranges
  }

  /// Counts right answers of the C file's arithmetic and of the engine on the same examples.
  private static func compare(
    _ export: CSource, _ constants: CSource.Constants, _ model: Model, on data: BoundData,
    _ outcome: inout ConversionOutcome
  ) throws {
    let affordable = comparisonBudget / max(export.multiplications, 1)
    let count = min(data.dataset.count, max(affordable, 20))
    guard count > 0 else { return }
    let part = data.selecting(0..<count)
    guard
      let shares = try accuracies(export, constants, model, on: part)
    else { return }
    outcome.measuredCount = count
    outcome.accuracy = shares.device
    outcome.engineAccuracy = shares.engine
  }

  /// The share of right answers of the C file's arithmetic and of the engine; nil without labels.
  static func accuracies(
    _ export: CSource, _ constants: CSource.Constants, _ model: Model, on data: BoundData
  ) throws -> (device: Double, engine: Double)? {
    guard export.program.outputs.count == 1, export.program.outputShapes[0].count > 1,
      data.dataset.labels != nil
    else { return nil }
    let interpreter = DeviceInterpreter(export, constants)
    let engine = try model.evaluated(on: data)
    guard let right = engine.accuracy else { return nil }
    var hits = 0
    for index in 0..<data.dataset.count {
      let batch = try data.dataset.batch(index..<index + 1, scaling: data.scaling)
      let output = interpreter.run([batch.inputs.elements])[0]
      if output.argmax == batch.labels?.first { hits += 1 }
    }
    return (Double(hits) / Double(data.dataset.count), right)
  }

  // MARK: Self-test

  private static func selfTest(
    _ request: ConversionRequest, _ export: CSource, _ constants: CSource.Constants,
    _ model: Model, _ data: BoundData?
  ) throws -> [SelfTestExample] {
    guard request.selfTestCount > 0 else { return [] }
    let interpreter = DeviceInterpreter(export, constants)
    var generator = SeededGenerator(seed: 1)
    return try (0..<request.selfTestCount).map { index in
      let inputs: [[Float]]
      if let data, index < data.dataset.count {
        inputs = [try data.dataset.batch(index..<index + 1, scaling: data.scaling).inputs.elements]
      } else {
        inputs = export.program.inputs.map { input in
          (0..<input.shape.count).map { _ in Float(generator.uniform()) }
        }
      }
      return SelfTestExample(inputs: inputs, outputs: interpreter.run(inputs))
    }
  }
}

extension BoundData {
  /// Some of the examples, under the same shape and scaling.
  func selecting(_ range: Range<Int>) -> BoundData {
    BoundData(dataset: dataset.subset(range), scaling: scaling)
  }

  private init(dataset: Dataset, scaling: SampleScaling) {
    self.dataset = dataset
    self.scaling = scaling
    remark = nil
  }
}

extension [Float] {
  /// The position of the largest number; the first of equals.
  var argmax: Int {
    var best = 0
    for index in indices where self[index] > self[best] { best = index }
    return best
  }
}
