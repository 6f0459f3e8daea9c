public import Compression
import Datasets
import Execution
public import Models
import Programs
import Tensors
import Training

/// Runs a model over data and collects what compression wants to know of each kernel.
public struct CalibrationPass: Sendable {
  /// The model, with dense or factorised kernels.
  public let model: Model
  /// The kernels.
  public let sites: [KernelSite]
  /// What errors will be measured against; `kfac` also runs backward.
  public let weighting: Weighting
  /// Decides which labels are drawn from the model's own outputs.
  public let seed: UInt64

  /// Prepares a pass.
  public init(model: Model, sites: [KernelSite], weighting: Weighting, seed: UInt64 = 0) {
    // Layers are run as at inference: nothing is dropped and no statistics move.
    var model = model
    for index in model.layers.indices {
      model.layers[index].isTrainable = false
      if case .regularisation(var settings) = model.layers[index].kind {
        settings.rate = 0
        model.layers[index].kind = .regularisation(settings)
      }
    }
    self.model = model
    self.sites = sites
    self.weighting = weighting
    self.seed = seed
  }

  /// One place where a kernel meets its inputs.
  private struct Tap {
    let path: String
    let input: ValueID
    let geometry: Conv2DGeometry?
    let product: ValueID
  }

  /// Collects statistics over every example.
  /// - Throws: `LoweringError` naming a layer that cannot be run; what reading data throws.
  public func run(
    on data: BoundData, batchSize: Int = 256, progress: (_ done: Int, _ total: Int) -> Void
  ) throws -> Calibration {
    let program = try model.lowered()
    let parameters = try model.parameterValues(for: program)
    var accumulator = try CalibrationAccumulator(model, sites: sites)
    let taps = taps(of: program, paths: accumulator.paths)
    let runner = try Runner(
      program: program, parameters: parameters, taps: taps, batchSize: batchSize,
      runsBackward: weighting == .kfac)
    var generator = SeededGenerator(seed: seed)
    var start = 0
    while start < data.dataset.count {
      let end = min(start + batchSize, data.dataset.count)
      let batch = try data.dataset.batch(start..<end, scaling: data.scaling)
      try runner.run(batch.inputs, into: &accumulator, generator: &generator)
      accumulator.sampleCount += end - start
      start = end
      progress(start, data.dataset.count)
    }
    return accumulator.calibration
  }

  /// The first operation of each kernel at each call; a factorised kernel continues in others.
  private func taps(of program: Program, paths: Set<String>) -> [Tap] {
    var producers: [ValueID: String] = [:]
    var products: [ValueID: Int] = [:]
    var taps: [Tap] = []
    for instruction in program.instructions {
      let origin = instruction.origin
      defer { producers[instruction.result] = origin }
      guard paths.contains(origin), let operand = instruction.operands.first else { continue }
      if producers[operand] == origin {
        // A later factor of the same kernel: its result is the kernel's product so far.
        if let tap = products[operand] {
          taps[tap] = Tap(
            path: origin, input: taps[tap].input, geometry: taps[tap].geometry,
            product: instruction.result)
          products[instruction.result] = tap
        }
        continue
      }
      let geometry: Conv2DGeometry? =
        if case .conv2D(_, let geometry) = instruction.operation { geometry } else { nil }
      products[instruction.result] = taps.count
      taps.append(
        Tap(path: origin, input: operand, geometry: geometry, product: instruction.result))
    }
    return taps
  }

  /// Runs batches forward, and backward where curvature is wanted.
  private final class Runner {
    private let program: Program
    private let parameters: [Tensor]
    private let taps: [Tap]
    private let inference: InferenceExecutor?
    private let training: TrainingExecutor?
    private let logits: ValueID?

    init(
      program: Program, parameters: [Tensor], taps: [Tap], batchSize: Int, runsBackward: Bool
    ) throws {
      self.program = program
      self.parameters = parameters
      self.taps = taps
      let inputs = Array(Set(taps.map(\.input)))
      let logits = program.outputs.count == 1 ? program.logits(of: program.outputs[0]) : nil
      self.logits = logits
      if runsBackward {
        guard let logits else {
          throw PipelineError(
            place: "--weighting kfac",
            reason: "it needs a model with one output that ends in a softmax; use activations")
        }
        training = TrainingExecutor(
          program, seeds: [logits], capacity: batchSize, retaining: inputs,
          retainingGradients: taps.map(\.product))
        inference = nil
      } else {
        inference = try InferenceExecutor(
          program, parameters: parameters, capacity: batchSize, retaining: inputs)
        training = nil
      }
    }

    func run(
      _ batch: Tensor, into accumulator: inout CalibrationAccumulator,
      generator: inout SeededGenerator
    ) throws {
      let count = batch.shape[0]
      if let inference {
        try inference.run([batch]) { rows in
          for tap in taps {
            inference.withValue(tap.input) { values in
              accumulator.add(
                inputs: tensor(values, of: tap.input, count: rows.count), to: tap.path,
                geometry: tap.geometry)
            }
          }
        }
      } else if let training {
        try curvature(training, batch, count: count, into: &accumulator, generator: &generator)
      }
    }

    /// Forward, labels drawn from the model's own outputs, backward.
    private func curvature(
      _ training: TrainingExecutor, _ batch: Tensor, count: Int,
      into accumulator: inout CalibrationAccumulator, generator: inout SeededGenerator
    ) throws {
      guard let logits else { return }
      training.bindInput(0, to: batch)
      try training.forward(batch: count, parameters: parameters)
      for tap in taps {
        training.withValue(tap.input) { values in
          accumulator.add(
            inputs: tensor(values, of: tap.input, count: count), to: tap.path,
            geometry: tap.geometry)
        }
      }
      let width = program.shape(of: logits).count
      let draws = (0..<count).map { _ in Float(generator.uniform()) }
      training.withSeed(0) { values, gradient in
        SampledLabels.writeGradient(
          logits: values, width: width, draws: draws, gradient: &gradient)
      }
      training.backward(parameters: parameters)
      for tap in taps {
        training.withGradient(of: tap.product) { values in
          accumulator.add(
            outputGradients: tensor(values, of: tap.product, count: count), to: tap.path)
        }
      }
    }

    private func tensor(_ values: Span<Float>, of value: ValueID, count: Int) -> Tensor {
      let shape = Shape([count] + program.shape(of: value).extents)
      var elements = [Float](repeating: 0, count: shape.count)
      for index in elements.indices { elements[index] = values[index] }
      return Tensor(shape: shape, elements: elements)
    }
  }
}
