public import Models
import Tensors

/// Zeroes the smallest weights; shapes stay, and training leaves the zeros where they are.
///
/// Unstructured sparsity makes files smaller where zeros are stored sparsely. On dense hardware it
/// does not make a model faster.
public struct MagnitudePruning: Sendable, Hashable {
  /// Over what the share is taken.
  public enum Scope: String, Sendable, Hashable, CaseIterable {
    /// The same share of every kernel.
    case layer
    /// The same share of every stored tensor: of each factor, whose sizes may differ much.
    case tensor
    /// One threshold for all kernels together.
    case global
  }

  /// The share of weights that becomes zero, 0 … 1.
  public var sparsity: Double
  /// Over what the share is taken.
  public var scope: Scope
  /// Which layers are pruned, by the patterns of a compression.
  public var include: [Glob]
  /// Which layers are left alone.
  public var exclude: [Glob]

  /// Makes a pruning.
  public init(
    sparsity: Double, scope: Scope = .layer, include: [Glob] = [], exclude: [Glob] = []
  ) {
    precondition((0...1).contains(sparsity), "a share between 0 and 1")
    self.sparsity = sparsity
    self.scope = scope
    self.include = include
    self.exclude = exclude
  }

  /// What pruning did to one kernel.
  public struct Report: Sendable, Hashable {
    /// The kernel's path.
    public let path: String
    /// The stored weights.
    public let count: Int
    /// How many of them are zero now.
    public let zeroCount: Int
    /// ‖removed‖ ÷ ‖kernel‖.
    public let relativeError: Double
  }

  /// Prunes every component of the kernels in scope.
  /// - Throws: what reading a deferred kernel throws.
  public func applied(to model: Model) throws -> (model: Model, reports: [Report]) {
    let patterns = PlanningOptions(
      target: .energy(1), include: include, exclude: exclude)
    let references = model.kernels.filter {
      patterns.isIncluded(model.layers[$0.layer].path)
    }
    let shared =
      scope == .global ? try threshold(of: references.flatMap { model[$0].components }) : nil
    var pruned = model
    var reports: [Report] = []
    for reference in references {
      let weight = model[reference]
      let own = shared != nil || scope == .tensor ? nil : try threshold(of: weight.components)
      let (result, report) = try MagnitudePruning.pruned(weight, path: reference.path) {
        scope == .tensor ? try threshold(of: [$0]) : shared ?? own
      }
      pruned[reference] = result
      reports.append(report)
    }
    return (pruned, reports)
  }

  /// Zeroes the share `sparsity` of one kernel.
  /// - Throws: what reading a deferred kernel throws.
  public static func pruned(_ weight: Weight, sparsity: Double) throws -> Weight {
    let pruning = MagnitudePruning(sparsity: sparsity)
    let limit = try pruning.threshold(of: weight.components)
    return try pruned(weight, path: "") { _ in limit }.0
  }

  /// The magnitude up to which weights become zero; nil zeroes none.
  private func threshold(of components: [Component]) throws -> Float? {
    var magnitudes: [Float] = []
    for component in components {
      magnitudes += try component.parameter.tensor().elements.map(abs)
    }
    let count = Int((Double(magnitudes.count) * sparsity).rounded(.down))
    guard count > 0 else { return nil }
    magnitudes.sort()
    return magnitudes[count - 1]
  }

  private static func pruned(
    _ weight: Weight, path: String, limit: (Component) throws -> Float?
  ) throws -> (Weight, Report) {
    var zeros = 0
    var removed = 0.0
    var energy = 0.0
    let result = try weight.mapComponents { component in
      let parameter = component.parameter
      let limit = try limit(component)
      var tensor = try parameter.tensor()
      tensor.withMutableElements { span in
        for index in span.indices {
          let square = Double(span[index]) * Double(span[index])
          energy += square
          if let limit, abs(span[index]) <= limit {
            removed += square
            span[index] = 0
          }
          if span[index] == 0 { zeros += 1 }
        }
      }
      guard limit != nil else { return parameter }
      var masked = MagnitudePruning.stored(tensor, like: parameter)
      masked.isMasked = true
      return masked
    }
    let report = Report(
      path: path, count: weight.parameterCount, zeroCount: zeros,
      relativeError: energy > 0 ? (removed / energy).squareRoot() : 0)
    return (result, report)
  }

  /// The values in the parameter's own encoding; the scales of int8 stay, so the others' bytes do.
  private static func stored(_ tensor: Tensor, like parameter: Parameter) -> Parameter {
    guard case .int8(let scales) = parameter.encoding else {
      return parameter.replacing(with: tensor)
    }
    let channels = max(scales.count, 1)
    let bytes = tensor.elements.enumerated().map { index, value -> UInt8 in
      let scale = scales[index % channels]
      let code = scale > 0 ? (value / scale).rounded(.toNearestOrEven) : 0
      return UInt8(bitPattern: Int8(max(-127, min(127, code))))
    }
    return Parameter(
      RawTensor(shape: parameter.shape, scalarType: .int8, bytes: bytes),
      encoding: parameter.encoding)
  }
}
