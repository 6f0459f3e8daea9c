public import Compression
import Models

/// What is removed from a model: inputs and channels for good, weights by a mask.
public struct PruningSteps: Sendable {
  /// How many entries of flat inputs stay; nil keeps all.
  public var inputs: InputPruning.Amount?
  /// How many neurons and channels go; nil keeps all.
  public var channels: StructuredPruning.Amount?
  /// The share of each kernel's weights that becomes zero; nil masks none.
  public var sparsity: Double?
  /// Over what that share is taken.
  public var scope: MagnitudePruning.Scope
  /// Which layers are pruned.
  public var include: [Glob]
  /// Which layers are left alone.
  public var exclude: [Glob]

  /// Makes steps; without any, nothing is pruned.
  public init(
    inputs: InputPruning.Amount? = nil, channels: StructuredPruning.Amount? = nil,
    sparsity: Double? = nil, scope: MagnitudePruning.Scope = .layer, include: [Glob] = [],
    exclude: [Glob] = []
  ) {
    self.inputs = inputs
    self.channels = channels
    self.sparsity = sparsity
    self.scope = scope
    self.include = include
    self.exclude = exclude
  }

  /// Whether shapes shrink.
  public var isStructured: Bool { inputs != nil || channels != nil }
  /// Whether nothing is pruned.
  public var isEmpty: Bool { !isStructured && sparsity == nil }
}

/// What pruning did to one layer or kernel.
public struct PruningReport: Sendable, Hashable {
  /// What was counted.
  public enum Subject: String, Sendable, Hashable, CaseIterable {
    case inputs, outputs, weights
  }

  /// The path of the layer, or of the kernel for weights.
  public let path: String
  /// What was counted.
  public let subject: Subject
  /// How many there were.
  public let before: Int
  /// How many are left; of weights those that are not zero.
  public let after: Int
  /// The relative error of the layer's output or of the kernel; nil where it was not measured.
  public let error: Double?
}

extension PruningSteps {
  /// Removes inputs, then neurons and channels.
  ///
  /// `calibrate` gives statistics of a model's kernels, or nil without data; it is asked again
  /// once shapes have changed.
  func removing(
    from model: Model, calibrate: (Model) throws -> Calibration?
  ) throws -> (model: Model, reports: [PruningReport]) {
    var model = model
    var reports: [PruningReport] = []
    if let inputs {
      let (pruned, found) = try InputPruning(amount: inputs, include: include, exclude: exclude)
        .applied(to: model, calibration: try calibrate(model))
      model = pruned
      reports += found.map {
        PruningReport(
          path: $0.path, subject: .inputs, before: $0.before, after: $0.after,
          error: $0.outputError)
      }
    }
    if let channels {
      let (pruned, found) = try StructuredPruning(
        amount: channels, include: include, exclude: exclude
      ).applied(to: model, calibration: try calibrate(model))
      model = pruned
      reports += found.map {
        PruningReport(
          path: $0.path, subject: .outputs, before: $0.before, after: $0.after, error: nil)
      }
    }
    return (model, reports)
  }

  /// Zeroes the smallest weights and marks them, so that training leaves them at zero.
  func masking(_ model: Model) throws -> (model: Model, reports: [PruningReport]) {
    guard let sparsity else { return (model, []) }
    let (pruned, found) = try MagnitudePruning(
      sparsity: sparsity, scope: scope, include: include, exclude: exclude
    ).applied(to: model)
    let reports = found.map {
      PruningReport(
        path: $0.path, subject: .weights, before: $0.count, after: $0.count - $0.zeroCount,
        error: $0.relativeError)
    }
    return (pruned, reports)
  }
}
