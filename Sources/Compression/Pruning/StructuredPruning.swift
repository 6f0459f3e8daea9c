import LinearAlgebra
public import Models
import Tensors

/// Removes whole neurons and channels: shapes shrink, and every layer that reads them with them.
public struct StructuredPruning: Sendable {
  /// How many outputs of a layer go.
  public enum Amount: Sendable, Hashable {
    /// This share of each layer's outputs, rounded down; at least one output stays.
    case share(Double)
    /// Only outputs without any effect: zero kernels before or behind, or no variance on data.
    case dead
  }

  /// How much goes.
  public var amount: Amount
  /// Which layers lose outputs, by the patterns of a compression.
  public var include: [Glob]
  /// Which layers are left alone.
  public var exclude: [Glob]

  /// Makes a pruning.
  public init(amount: Amount, include: [Glob] = [], exclude: [Glob] = []) {
    self.amount = amount
    self.include = include
    self.exclude = exclude
  }

  /// What pruning did to one layer.
  public struct Report: Sendable, Hashable {
    /// The layer that lost outputs.
    public let path: String
    /// Outputs before.
    public let before: Int
    /// Outputs afterwards.
    public let after: Int
  }

  /// Removes outputs of every layer in scope, one layer after another.
  ///
  /// Without calibration an output counts by ‖its kernel column‖·‖the rows that read it‖; with it,
  /// by E(x − μ)²·‖rows‖², and what it put out on average goes into the readers' biases.
  /// - Throws: what reading a deferred kernel throws.
  public func applied(
    to model: Model, calibration: Calibration? = nil
  ) throws -> (model: Model, reports: [Report]) {
    let patterns = PlanningOptions(target: .energy(1), include: include, exclude: exclude)
    var pruned = model
    var reports: [Report] = []
    for group in model.channelGroups where patterns.isIncluded(group.path) {
      guard group.isSupported(in: pruned) else { continue }
      let saliency = try group.saliency(in: pruned, calibration: calibration)
      let keep = kept(saliency)
      reports.append(Report(path: group.path, before: group.count, after: keep.count))
      if keep.count < group.count {
        try group.keep(keep, in: &pruned, calibration: calibration)
      }
    }
    return (pruned, reports)
  }

  private func kept(_ saliency: [Double]) -> [Int] {
    switch amount {
    case .share(let share):
      let count = min(
        saliency.count - 1, max(0, Int((Double(saliency.count) * share).rounded(.down))))
      let order = saliency.indices.sorted { (saliency[$1], $0) < (saliency[$0], $1) }
      return order.prefix(saliency.count - count).sorted()
    case .dead:
      let largest = saliency.max() ?? 0
      let alive = saliency.indices.filter { saliency[$0] > 1e-12 * largest }
      return alive.isEmpty ? [0] : alive
    }
  }
}

extension ChannelGroup {
  /// The weight that reads a consumer's inputs.
  private func kernelIndex(_ layer: Layer) -> Int? {
    layer.weights.firstIndex { $0.name == "kernel" }
  }

  /// Whether every kernel of the group has a form that can lose channels.
  func isSupported(in model: Model) -> Bool {
    consumers.allSatisfy { consumer in
      guard let kernel = model.layers[consumer.layer].weight("kernel") else { return false }
      return kernel.kind != .tensorised
    }
  }

  /// How much each output matters to the layers that read it.
  func saliency(in model: Model, calibration: Calibration?) throws -> [Double] {
    var saliency = [Double](repeating: 0, count: count)
    for consumer in consumers {
      let layer = model.layers[consumer.layer]
      guard let kernel = try layer.weight("kernel")?.reconstructed() else { continue }
      let statistics = calibration?["\(layer.path)/kernel"]
      let variances = statistics?.covariance?.diagonal
      let columns = kernel.shape.last
      let rows = kernel.count / max(columns, 1)
      for row in 0..<rows {
        var energy = 0.0
        for column in 0..<columns {
          let value = Double(kernel.elements[row * columns + column])
          energy += value * value
        }
        // Both a window's taps and a flattened map's positions repeat the channels.
        let variance = variances.flatMap { $0.count == rows ? $0[row] : nil } ?? 1
        saliency[row % count] += energy * variance
      }
    }
    if calibration == nil, let own = try model.layers[producer].weight("kernel")?.reconstructed() {
      var norms = [Double](repeating: 0, count: count)
      for (index, value) in own.elements.enumerated() {
        norms[index % count] += Double(value) * Double(value)
      }
      for index in saliency.indices { saliency[index] *= norms[index] }
    }
    return saliency
  }

  /// Leaves only the outputs at `positions`.
  func keep(_ positions: [Int], in model: inout Model, calibration: Calibration?) throws {
    try keepOutputs(positions, of: producer, in: &model)
    for layer in perChannel {
      for index in model.layers[layer].weights.indices {
        let weight = model.layers[layer].weights[index].weight
        model.layers[layer].weights[index].weight = try weight.keepingOutputs(positions)
      }
    }
    for consumer in consumers {
      try dropInputs(except: positions, of: consumer, in: &model, calibration: calibration)
    }
  }

  private func keepOutputs(_ positions: [Int], of layer: Int, in model: inout Model) throws {
    for index in model.layers[layer].weights.indices {
      let weight = model.layers[layer].weights[index].weight
      model.layers[layer].weights[index].weight = try weight.keepingOutputs(positions)
    }
    switch model.layers[layer].kind {
    case .dense(var settings):
      settings.units = positions.count
      model.layers[layer].kind = .dense(settings)
    case .convolution(var settings):
      settings.filters = positions.count
      model.layers[layer].kind = .convolution(settings)
    default: break
    }
  }

  private func dropInputs(
    except positions: [Int], of consumer: Consumer, in model: inout Model,
    calibration: Calibration?
  ) throws {
    let layer = model.layers[consumer.layer]
    guard let index = kernelIndex(layer) else { return }
    let weight = layer.weights[index].weight
    if let statistics = calibration?["\(layer.path)/kernel"],
      layer.weights.contains(where: { $0.name == "bias" }),
      statistics.mean.count == weight.denseShape.count / max(weight.denseShape.last, 1)
    {
      let kept = Set(positions)
      let removed = statistics.mean.enumerated().map { kept.contains($0 % count) ? 0 : $1 }
      let shift = try weight.applied(to: removed)
      try model.layers[consumer.layer].shiftBias(by: shift)
    }
    if let narrowed = try weight.keepingInputs(positions, repeats: consumer.repeats) {
      model.layers[consumer.layer].weights[index].weight = narrowed
    }
  }
}
