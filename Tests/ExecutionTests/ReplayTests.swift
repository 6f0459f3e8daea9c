import Datasets
import Execution
import Interchange
import Models
import Programs
import Tensors
import TestSupport
import Testing
import Training

/// Gradients and ten optimiser steps of Keras in double precision, replayed here.
@Suite struct ReplayTests {
  /// Float against double, relative to the tensor's largest element.
  static let gradientTolerance = 1e-5
  /// Ten steps feed their rounding back; Adam also divides it by small gradients.
  static let stepTolerance = 1e-4

  /// Whose exact gradient is 0, because a batch norm subtracts it again: Keras' double has 1e-17
  /// there and our Float 1e-9, which Adam divides by itself; the mean that it feeds follows.
  static let cancelled = ["conv_1/bias", "bn_1/moving_mean"]

  /// Whether a parameter of the net is noise in both.
  static func isCancelled(_ net: String, _ parameter: ParameterDeclaration) -> Bool {
    net == "residual" && cancelled.contains { parameter.name.hasPrefix($0) }
  }

  private struct Net {
    let program: Program
    let parameters: [Tensor]
    let archive: String
    let batch: Tensor
    let labels: [Int]

    init(_ name: String) throws {
      let model = try FormatRegistry.open(Fixtures.path("training/\(name).keras")).model
      program = try model.lowered()
      parameters = try model.parameterValues(for: program)
      archive = Fixtures.path("training/\(name).npz")
      batch = try NumPyArchive.read("x", from: archive).tensor()
      labels = try NumPyArchive.read("y", from: archive).tensor().elements.map { Int($0) }
    }

    /// A reference for a parameter: `layer/weight` of `layer/weight/component`.
    func reference(_ prefix: String, _ parameter: ParameterDeclaration) throws -> Tensor {
      var path = parameter.name.split(separator: "/").dropLast().joined(separator: "/")
      // Keras 3 names this layer's only kernel so.
      if path == "depthwise/depthwise_kernel" { path = "depthwise/kernel" }
      return try NumPyArchive.read("\(prefix):\(path)", from: archive).tensor()
    }

    func executor() throws -> TrainingExecutor {
      let logits = try #require(program.logits(of: program.outputs[0]))
      return TrainingExecutor(program, seeds: [logits], capacity: labels.count)
    }

    /// One forward and backward pass; returns the mean cross-entropy.
    func run(_ executor: TrainingExecutor, _ parameters: [Tensor]) throws -> Double {
      executor.bindInput(0, to: batch)
      try executor.forward(batch: labels.count, parameters: parameters)
      let probabilities = executor.withValue(program.outputs[0]) { span in
        span.indices.map { span[$0] }
      }
      let width = probabilities.count / labels.count
      let scale = 1 / Float(labels.count)
      executor.withSeed(0) { _, gradient in
        for index in gradient.indices {
          let hit: Float = index % width == labels[index / width] ? 1 : 0
          gradient[index] = (probabilities[index] - hit) * scale
        }
      }
      executor.backward(parameters: parameters)
      return labels.indices.reduce(0) {
        $0 + crossEntropy(probabilities[$1 * width + labels[$1]]) / Double(labels.count)
      }
    }
  }

  static let nets = ["mlp", "cnn", "residual", "separable"]

  @Test(arguments: nets)
  func gradientsAreKeras(name: String) throws {
    let net = try Net(name)
    let executor = try net.executor()
    let loss = try net.run(executor, net.parameters)
    let expected = try NumPyArchive.read("loss", from: net.archive).tensor().elements[0]
    #expect(abs(loss - Double(expected)) <= 1e-6)
    var compared = 0
    for (index, declaration) in net.program.parameters.enumerated()
    where declaration.isTrainable {
      let reference = try net.reference("gradient", declaration)
      let gradient = Tensor(shape: declaration.shape, elements: executor.gradients[index])
      if Self.isCancelled(name, declaration) {
        #expect(gradient.elements.allSatisfy { abs($0) <= 1e-7 })
        continue
      }
      #expect(
        relativeDifference(gradient, reference) <= Self.gradientTolerance, "\(declaration.name)")
      compared += 1
    }
    #expect(compared >= 6)
  }

  @Test(arguments: nets, ["sgd", "adam", "adamw"])
  func tenStepsAreKeras(name: String, rule: String) throws {
    let net = try Net(name)
    let executor = try net.executor()
    var parameters = net.parameters
    var optimizer = Optimizer(
      settings: rule == "sgd" ? .sgd(momentum: 0.9, isNesterov: true) : .adam(),
      weightDecay: rule == "adamw" ? 0.02 : 0, parameters: parameters,
      isTrained: net.program.parameters.map(\.isTrainable))
    let losses = try NumPyArchive.read("\(rule):losses", from: net.archive).tensor().elements
    for step in 0..<10 {
      let loss = try net.run(executor, parameters)
      #expect(abs(loss - Double(losses[step])) <= 1e-5, "step \(step)")
      optimizer.beginStep()
      for (index, gradient) in executor.gradients.enumerated() where !gradient.isEmpty {
        optimizer.update(
          &parameters[index], index: index, gradient: gradient.span,
          learningRate: rule == "sgd" ? 0.05 : 0.01, isMasked: false)
      }
      for (id, values) in executor.stateUpdates {
        parameters[id.rawValue] = Tensor(
          shape: parameters[id.rawValue].shape, elements: values)
      }
    }
    for (index, declaration) in net.program.parameters.enumerated() {
      let reference = try net.reference(rule, declaration)
      let tolerance = Self.isCancelled(name, declaration) ? 1e-2 : Self.stepTolerance
      #expect(
        relativeDifference(parameters[index], reference) <= tolerance, "\(declaration.name)")
    }
  }
}
