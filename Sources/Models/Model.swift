public import JSON

/// A network: layers, the calls that join them, and what is known about it.
///
/// Nested models are inlined; a shared layer appears once and is called several times.
public struct Model: Sendable {
  /// One output of one call.
  public struct Endpoint: Sendable, Hashable {
    /// The index of the call.
    public var call: Int
    /// Which of its outputs; 0 but for carried layers with several.
    public var output: Int

    /// Names an output.
    public init(call: Int, output: Int = 0) {
      self.call = call
      self.output = output
    }
  }

  /// One use of a layer.
  public struct Call: Sendable, Hashable {
    /// The index of the layer.
    public var layer: Int
    /// What it is applied to; empty for inputs.
    public var inputs: [Endpoint]
    /// Further arguments of the call as Keras stored them, such as `training`.
    public var arguments: JSONObject

    /// Makes a call.
    public init(layer: Int, inputs: [Endpoint] = [], arguments: JSONObject = [:]) {
      self.layer = layer
      self.inputs = inputs
      self.arguments = arguments
    }
  }

  /// The model's name.
  public var name: String
  /// The layers, in the order in which tables show them.
  public var layers: [Layer]
  /// The calls: each comes after those that it reads.
  public var calls: [Call]
  /// The calls of the input layers, in the model's order.
  public var inputs: [Int]
  /// The outputs, in the model's order.
  public var outputs: [Endpoint]
  /// What is known beside the graph.
  public var metadata: Metadata

  /// Makes a model without checking it; see ``validate()``.
  public init(
    name: String, layers: [Layer], calls: [Call], inputs: [Int], outputs: [Endpoint],
    metadata: Metadata = Metadata()
  ) {
    self.name = name
    self.layers = layers
    self.calls = calls
    self.inputs = inputs
    self.outputs = outputs
    self.metadata = metadata
  }

  /// The number of stored scalars, non-trainable ones included.
  public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }
  /// The bytes of the stored scalars.
  public var byteCount: Int { layers.reduce(0) { $0 + $1.byteCount } }

  /// A model whose layers follow one another, from an input to the last layer.
  public static func sequential(name: String, layers: [Layer], metadata: Metadata = Metadata())
    -> Model
  {
    let calls = layers.indices.map { index in
      Call(layer: index, inputs: index == 0 ? [] : [Endpoint(call: index - 1)])
    }
    return Model(
      name: name, layers: layers, calls: calls, inputs: layers.isEmpty ? [] : [0],
      outputs: layers.isEmpty ? [] : [Endpoint(call: layers.count - 1)], metadata: metadata)
  }

  /// Whether the calls form one chain that visits every layer once, in order.
  public var isSequential: Bool {
    inputs == [0] && outputs == [Endpoint(call: calls.count - 1)]
      && calls.count == layers.count
      && calls.indices.allSatisfy { index in
        let inputs = index == 0 ? [] : [Endpoint(call: index - 1)]
        return calls[index].layer == index && calls[index].inputs == inputs
          && calls[index].arguments.isEmpty
      }
  }
}
