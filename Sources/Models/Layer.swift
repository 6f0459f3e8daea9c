/// One layer: its place, its kind with settings, and its weights.
///
/// A layer is called by one node of the graph or, where it is shared, by several.
public struct Layer: Sendable {
  /// A weight and its name within the layer.
  public struct NamedWeight: Sendable {
    /// The name that Keras gives the weight, such as `kernel` or `moving_mean`.
    public let name: String
    /// The weight in its form.
    public var weight: Weight

    /// Names a weight.
    public init(_ name: String, _ weight: Weight) {
      self.name = name
      self.weight = weight
    }
  }

  /// The names of the models around it and its own, joined by `/`; unique in the model.
  public var path: String
  /// The kind and its settings.
  public var kind: LayerKind
  /// The weights in Keras' order.
  public var weights: [NamedWeight]
  /// Whether training may change the weights.
  public var isTrainable: Bool
  /// Keras' dtype policy, such as `float32` or `mixed_float16`.
  public var typePolicy: String

  /// Makes a layer.
  public init(
    path: String, kind: LayerKind, weights: [NamedWeight] = [], isTrainable: Bool = true,
    typePolicy: String = "float32"
  ) {
    self.path = path
    self.kind = kind
    self.weights = weights
    self.isTrainable = isTrainable
    self.typePolicy = typePolicy
  }

  /// The last component of the path.
  public var name: String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// The weight called `name`, if the layer has it.
  public func weight(_ name: String) -> Weight? {
    weights.first { $0.name == name }?.weight
  }

  /// The number of stored scalars of all weights.
  public var parameterCount: Int { weights.reduce(0) { $0 + $1.weight.parameterCount } }
  /// The bytes of all stored scalars.
  public var byteCount: Int { weights.reduce(0) { $0 + $1.weight.byteCount } }
}
