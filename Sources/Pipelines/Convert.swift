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
      let split = Int8Calibration.Split(bound)
      let ranges = try Int8Calibration.ranges(of: export, model, on: split.calibration)
      constants = try export.constants(ranges: ranges)
      try compare(export, constants, model, on: split.comparison, &outcome)
    } else {
      constants = try export.constants()
    }
    let examples = try selfTest(request, export, constants, model, bound)
    let texts = try export.texts(
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

  /// Counts right answers of the C file's arithmetic and of the engine on the same examples.
  private static func compare(
    _ export: CSource, _ constants: CSource.Constants, _ model: Model, on data: BoundData,
    _ outcome: inout ConversionOutcome
  ) throws {
    let part = Int8Calibration.affordable(data, export.multiplications, atLeast: 20)
    guard part.dataset.count > 0,
      let shares = try Int8Calibration.accuracies(export, constants, model, on: part)
    else { return }
    outcome.measuredCount = part.dataset.count
    outcome.accuracy = shares.device
    outcome.engineAccuracy = shares.engine
  }

  /// The examples that the C file embeds: those of the data, then random ones.
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
