import Compression
public import Models
import Tensors

/// How two models differ, weight by weight.
public struct ModelDifference: Sendable {
  /// One weight of either model.
  public struct Row: Sendable {
    /// `<layer>/<weight>`.
    public var path: String
    /// Form and ranks in the first model; nil where it lacks the weight.
    public var left: String?
    /// The same in the second.
    public var right: String?
    /// Stored scalars in the first.
    public var leftCount: Int?
    /// Stored scalars in the second.
    public var rightCount: Int?
    /// ‖A − B‖_F ÷ ‖A‖_F of the dense weights; nil where they cannot be compared.
    public var relativeError: Double?
    /// Whether stored bytes, types and forms are equal.
    public var isIdentical: Bool
  }

  /// The weights of both, in the first model's order, then what only the second has.
  public var rows: [Row]
  /// Layers whose kind or settings differ, and layers that one model lacks.
  public var layerRemarks: [String]

  /// Whether nothing differs.
  public var isEmpty: Bool { layerRemarks.isEmpty && rows.allSatisfy(\.isIdentical) }

  /// Compares two models.
  public init(_ left: Model, _ right: Model) throws {
    rows = []
    layerRemarks = []
    let others = Dictionary(
      right.layers.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var seen = Set<String>()
    for layer in left.layers {
      seen.insert(layer.path)
      guard let other = others[layer.path] else {
        layerRemarks.append("\(layer.path): only in the first")
        rows += try layer.weights.map { try Row(layer.path, $0, nil) }
        continue
      }
      if layer.kind != other.kind {
        layerRemarks.append("\(layer.path): settings differ")
      }
      for named in layer.weights {
        rows.append(
          try Row(layer.path, named, other.weights.first { $0.name == named.name }))
      }
      for named in other.weights where layer.weight(named.name) == nil {
        rows.append(try Row(layer.path, nil, named))
      }
    }
    for layer in right.layers where !seen.contains(layer.path) {
      layerRemarks.append("\(layer.path): only in the second")
      rows += try layer.weights.map { try Row(layer.path, nil, $0) }
    }
  }
}

extension ModelDifference.Row {
  init(_ layer: String, _ left: Layer.NamedWeight?, _ right: Layer.NamedWeight?) throws {
    path = "\(layer)/\((left ?? right)?.name ?? "")"
    self.left = left.map { $0.weight.summary }
    self.right = right.map { $0.weight.summary }
    leftCount = left?.weight.parameterCount
    rightCount = right?.weight.parameterCount
    relativeError = nil
    isIdentical = false
    guard let left = left?.weight, let right = right?.weight else { return }
    isIdentical = try left.hasSameBytes(as: right)
    if isIdentical {
      relativeError = 0
    } else if left.denseShape == right.denseShape {
      relativeError = try left.reconstructed().relativeError(of: try right.reconstructed())
    }
  }
}

extension Weight {
  /// Form, ranks, shape and type in a few letters.
  var summary: String {
    let type = components.first?.parameter.encodingName ?? ""
    let ranks = ranks.isEmpty ? "" : " " + ranks.map(String.init).joined(separator: "×")
    return "\(kind.rawValue)\(ranks) [\(denseShape)] \(type)"
  }

  fileprivate func hasSameBytes(as other: Weight) throws -> Bool {
    guard kind == other.kind, components.count == other.components.count else { return false }
    for (mine, theirs) in zip(components, other.components) {
      guard mine.name == theirs.name, mine.parameter.encoding == theirs.parameter.encoding,
        try mine.parameter.raw() == theirs.parameter.raw()
      else { return false }
    }
    return true
  }
}
