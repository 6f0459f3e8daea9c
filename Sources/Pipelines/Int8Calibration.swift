import CSource
import Datasets
import Execution
import Models
import Programs
import Tensors
import Training

/// Int8 activations on data: the ranges that decide their scales, and what they cost in accuracy.
enum Int8Calibration {
  /// How many examples ranges are measured on.
  static let calibrationCount = 1000
  /// How many further examples compare int8 with the engine, and the multiplications they may take.
  static let comparisonCount = 2000
  static let comparisonBudget = 3_000_000_000

  /// Examples for ranges, and others to compare on; both in the data's order.
  struct Split {
    let calibration: BoundData
    let comparison: BoundData

    init(_ data: BoundData) {
      let count = data.dataset.count
      let first = min(calibrationCount, max(count / 2, 1))
      calibration = data.selecting(0..<first)
      comparison = data.selecting(first..<min(count, first + comparisonCount))
    }
  }

  /// Runs the engine and collects the range of every value that becomes int8.
  static func ranges(
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

  /// The first examples, as many as a model of so many multiplications may be compared on.
  static func affordable(
    _ data: BoundData, _ multiplications: Int, atLeast least: Int
  ) -> BoundData {
    let count = max(comparisonBudget / max(multiplications, 1), least)
    return data.selecting(0..<min(data.dataset.count, count))
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
