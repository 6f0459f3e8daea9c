public import JSON
public import ModelFile
public import Models
import Tensors

/// The same model as Keras loads it: a configuration, and where each of its weights is stored.
///
/// The configuration keeps to what Keras 2.12 to 2.15 and every Keras 3 read alike: the dialect of
/// Keras 2, only keys that both accept, nested models inlined. Factors become layers of their own,
/// so that a stored factor is a ready kernel and nothing is stored twice. Layers are listed in the
/// order of the model that Keras rebuilds, since weights bind by order.
public struct KerasView: ContainerView {
  /// A weight of a Keras layer, and the stored tensor that it is.
  public struct WeightLink: Sendable, Hashable {
    /// The weight's name in its Keras layer.
    public let name: String
    /// The path of the model's layer.
    public let layer: String
    /// The name of the weight in that layer.
    public let weight: String
    /// The component within the weight's form; empty for the matrix of a selection.
    public let component: String
    /// A selection that Keras is given as a matrix of zeros and ones; nil for stored tensors.
    public var selection: Selection?
  }

  /// A Keras layer that has weights.
  public struct WeightedLayer: Sendable, Hashable {
    /// The layer's name in the configuration.
    public let name: String
    /// The weights in Keras' order.
    public let weights: [WeightLink]
  }

  /// What `model_config` holds.
  public let configuration: JSONValue
  /// The layers with weights, in the order in which Keras binds them.
  public let layers: [WeightedLayer]

  /// Says a model in Keras layers.
  ///
  /// - Parameters:
  ///   - allowsCode: whether Lambda and layers of classes of your own are written.
  ///   - allowsAnyType: whether tensors may be of types that a file for Keras cannot link to.
  /// - Throws: `KerasViewObstacle` naming the first layer that prevents it.
  public init(of model: Model, allowsCode: Bool = false, allowsAnyType: Bool = false)
    throws(KerasViewObstacle)
  {
    guard !model.calls.isEmpty else {
      throw KerasViewObstacle(layer: model.name, reason: "there is no graph")
    }
    if !allowsAnyType { try KerasView.checkTypes(of: model) }
    let graph = try ViewGraph(model: model, allowsCode: allowsCode)
    configuration = graph.configuration(name: model.name)
    layers = graph.order.compactMap { index in
      let node = graph.nodes[index]
      return node.weights.isEmpty ? nil : WeightedLayer(name: node.name, weights: node.weights)
    }
  }

  /// Linked tensors are read by Keras as they are: floats, and whole numbers such as counts.
  private static func checkTypes(of model: Model) throws(KerasViewObstacle) {
    for layer in model.layers {
      for named in layer.weights {
        for component in named.weight.components {
          let type = component.parameter.scalarType
          let isCount = named.name == "count" && !type.isFloatingPoint
          let isFloat = [.float16, .float32, .float64].contains(type)
          guard isFloat || isCount, component.parameter.encoding == .plain else {
            throw KerasViewObstacle(
              layer: layer.path,
              reason: "its \(named.name) is stored as \(type.rawValue), which Keras cannot read")
          }
        }
      }
    }
  }
}
