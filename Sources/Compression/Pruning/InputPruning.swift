import LinearAlgebra
public import Models
import Tensors

/// Removes entries of the vectors that Dense layers read from the model's input or from a
/// flattened map: a selection stands before the layer, and its kernel has fewer rows.
///
/// With calibration the rows that stay are fitted anew: K' minimises E‖x K − x_S K'‖² about the
/// mean, K' = A_SS⁻¹ A_S K, and b' = b + μK − μ_S K'.
public struct InputPruning: Sendable {
  /// How many entries of each vector stay.
  public enum Amount: Sendable, Hashable {
    /// At most this many.
    case count(Int)
    /// This share, rounded up.
    case share(Double)
    /// All that vary on data, or without data all that a kernel reads.
    case alive
  }

  /// How many entries stay.
  public var amount: Amount
  /// Which layers lose inputs, by the patterns of a compression.
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
    /// The layer that lost inputs.
    public let path: String
    /// Inputs before.
    public let before: Int
    /// Inputs afterwards.
    public let after: Int
    /// √(E‖xK − x_S K'‖² ÷ E‖xK‖²) about the mean on the calibration data; nil without.
    public let outputError: Double?
  }

  /// Prunes every layer in scope.
  /// - Throws: what reading a deferred kernel throws; `LinearAlgebraError` for statistics that are
  ///   not finite.
  public func applied(
    to model: Model, calibration: Calibration? = nil
  ) throws -> (model: Model, reports: [Report]) {
    let patterns = PlanningOptions(target: .energy(1), include: include, exclude: exclude)
    var pruned = model
    var reports: [Report] = []
    for path in model.prunableInputLayers where patterns.isIncluded(path) {
      if let report = try prune(path, of: &pruned, calibration) { reports.append(report) }
    }
    return (pruned, reports)
  }

  private func prune(
    _ path: String, of model: inout Model, _ calibration: Calibration?
  ) throws -> Report? {
    guard let layer = model.layers.firstIndex(where: { $0.path == path }),
      let call = model.calls.firstIndex(where: { $0.layer == layer }),
      let kernelIndex = model.layers[layer].weights.firstIndex(where: { $0.name == "kernel" })
    else { return nil }
    let weight = model.layers[layer].weights[kernelIndex].weight
    guard weight.kind == .dense || weight.kind == .lowRank else { return nil }
    let count = weight.denseShape[0]
    var statistics = calibration?["\(path)/kernel"]
    if statistics?.mean.count != count { statistics = nil }
    let kernel = DoubleMatrix(try weight.reconstructed())
    let keep = kept(InputPruning.saliency(kernel, statistics))
    guard keep.count < count else {
      return Report(path: path, before: count, after: count, outputError: nil)
    }
    let hasBias = model.layers[layer].weights.contains { $0.name == "bias" }
    let fitted = try refit(weight, kernel, keep, statistics, centred: hasBias)
    model.layers[layer].weights[kernelIndex].weight = fitted.weight
    if let shift = fitted.shift { try model.layers[layer].shiftBias(by: shift) }
    model.insert(
      Layer(
        path: model.freePath("\(path)_inputs"),
        kind: .selection(Selection(inputs: count, positions: keep))), before: call)
    return Report(path: path, before: count, after: keep.count, outputError: fitted.error)
  }

  // MARK: Choosing

  /// A_jj·‖K_j·G^½‖², the damage that leaving entry j out does before the others take it up.
  private static func saliency(
    _ kernel: DoubleMatrix, _ statistics: KernelStatistics?
  ) -> [Double] {
    let variances = statistics?.covariance?.diagonal
    let curved = statistics?.outputGradient.map { kernel.multiplied(by: $0) } ?? kernel
    return (0..<kernel.rows).map { row in
      var energy = 0.0
      for column in 0..<kernel.columns { energy += kernel[row, column] * curved[row, column] }
      return max(0, energy) * (variances?[row] ?? 1)
    }
  }

  private func kept(_ saliency: [Double]) -> [Int] {
    let limit: Int
    switch amount {
    case .count(let count): limit = min(max(count, 1), saliency.count)
    case .share(let share):
      limit = min(max(Int((Double(saliency.count) * share).rounded(.up)), 1), saliency.count)
    case .alive:
      let largest = saliency.max() ?? 0
      let alive = saliency.indices.filter { saliency[$0] > 1e-12 * largest }
      return alive.isEmpty ? [0] : alive
    }
    let order = saliency.indices.sorted { (saliency[$1], $0) < (saliency[$0], $1) }
    return order.prefix(limit).sorted()
  }

  // MARK: Fitting

  private struct Fitted {
    var weight: Weight
    var shift: [Double]?
    var error: Double?
  }

  private func refit(
    _ weight: Weight, _ kernel: DoubleMatrix, _ keep: [Int], _ statistics: KernelStatistics?,
    centred: Bool
  ) throws -> Fitted {
    guard weight.kind == .dense, let statistics,
      let moment = statistics.inputMoment(centred: centred)
    else {
      // Factors cannot be fitted row by row; biases still take up the mean.
      let narrowed = try weight.keepingInputs(keep, repeats: 1) ?? weight
      var shift: [Double]?
      if centred, let statistics {
        let kept = Set(keep)
        let removed = statistics.mean.enumerated().map { kept.contains($0) ? 0 : $1 }
        shift = try weight.applied(to: removed)
      }
      return Fitted(weight: narrowed, shift: shift)
    }
    let rows = moment.selectingRows(keep)
    let target = rows.multiplied(by: kernel)
    let solution = try Cholesky(moment.selecting(keep)).solve(target)
    let mean = statistics.mean
    var shift: [Double]?
    if centred {
      let before = DoubleMatrix(rows: 1, columns: mean.count, elements: mean)
        .multiplied(by: kernel)
      let after = DoubleMatrix(rows: 1, columns: keep.count, elements: keep.map { mean[$0] })
        .multiplied(by: solution)
      shift = zip(before.elements, after.elements).map { $0 - $1 }
    }
    // ‖·‖² of the output, less what the kept entries explain.
    let whole = kernel.multiplied(by: moment.multiplied(by: kernel), transposingSelf: true)
      .diagonal.reduce(0, +)
    let explained = zip(target.elements, solution.elements).reduce(0) { $0 + $1.0 * $1.1 }
    let parameter = weight.components[0].parameter
    let type = parameter.scalarType.isFloatingPoint ? parameter.scalarType : .float32
    return Fitted(
      weight: Weight(Parameter(solution.tensor, as: type)), shift: shift,
      error: whole > 0 ? (max(0, whole - explained) / whole).squareRoot() : 0)
  }
}

extension Layer {
  /// Adds to the layer's bias; a layer without one stays as it is.
  mutating func shiftBias(by shift: [Double]) throws {
    guard let index = weights.firstIndex(where: { $0.name == "bias" }) else { return }
    let parameter = weights[index].weight.components[0].parameter
    var values = try parameter.tensor()
    values.withMutableElements { span in
      for position in span.indices { span[position] += Float(shift[position]) }
    }
    weights[index].weight = Weight(parameter.replacing(with: values))
  }
}

extension Model {
  /// The Dense layers whose inputs come from the model's input or from a flattened map.
  ///
  /// What another kernel produced is pruned there, by removing its outputs.
  var prunableInputLayers: [String] {
    let shapes = structure().outputShapes
    return layers.indices.compactMap { layer -> String? in
      guard case .dense = layers[layer].kind else { return nil }
      let own = calls.indices.filter { calls[$0].layer == layer }
      guard own.count == 1, let source = calls[own[0]].inputs.first,
        let shape = shapes[source.call], shape.order == 1, shape.count > 1
      else { return nil }
      var call = source.call
      while true {
        switch layers[calls[call].layer].kind {
        case .input, .reshaping: return layers[layer].path
        case .regularisation, .activation, .rescaling, .dataNormalization:
          guard let input = calls[call].inputs.first else { return nil }
          call = input.call
        default: return nil
        }
      }
    }
  }

  /// A path that no layer has: `path`, or `path_2`, `path_3` ….
  func freePath(_ path: String) -> String {
    let taken = Set(layers.map(\.path))
    guard taken.contains(path) else { return path }
    var number = 2
    while taken.contains("\(path)_\(number)") { number += 1 }
    return "\(path)_\(number)"
  }
}
