import JSON

/// One level of a model's configuration: a Sequential or a Functional with its layers.
///
/// A class, so that a level and its entries keep their identity while the levels above are walked.
final class KerasLevel {
  /// The model's name; may be empty.
  let name: String
  /// Whether the layers are a plain list.
  let isSequential: Bool
  /// Whether the file lets training change this model.
  let isTrainable: Bool
  /// The shape that a Sequential was built with, without the batch.
  let builtShape: [Int?]?
  /// The layers and models, in the file's order.
  let entries: [KerasEntry]
  /// The inputs: entry, call and output.
  var inputs: [KerasEndpoint] = []
  /// The outputs.
  var outputs: [KerasEndpoint] = []
  /// The entries in the order in which Keras binds weights; those that no output needs are left out.
  var order: [Int] = []
  /// The calls, each after those that it reads.
  var schedule: [KerasOrder.Node] = []

  init(
    name: String, isSequential: Bool, isTrainable: Bool, builtShape: [Int?]?,
    entries: [KerasEntry]
  ) {
    self.name = name
    self.isSequential = isSequential
    self.isTrainable = isTrainable
    self.builtShape = builtShape
    self.entries = entries
  }

  /// The entries that hold weights, in the order in which Keras binds them.
  var bound: [KerasEntry] { order.map { entries[$0] } }
}

/// A layer or a nested model within a level.
final class KerasEntry {
  /// The name within its level.
  let name: String
  /// Where it stands, for messages: the names of the models around it and its own.
  let path: String
  /// Keras' class name, such as `Conv2D` or `Package>Class`.
  let className: String
  /// The Python module that the file states.
  let module: String?
  /// The settings as the file has them.
  let configuration: JSONObject
  /// The model inside, if this is one.
  let nested: KerasLevel?
  /// The uses of the entry.
  var calls: [KerasCall] = []
  /// What the layer becomes; set for layers only.
  var translation: LayerTranslation?
  /// The weights found for it, in the translation's order.
  var weights: [BoundWeight] = []
  /// The index of the layer in the model.
  var layerIndex: Int?

  init(
    name: String, path: String, className: String, module: String?, configuration: JSONObject,
    nested: KerasLevel?
  ) {
    self.name = name
    self.path = path
    self.className = className
    self.module = module
    self.configuration = configuration
    self.nested = nested
  }

  /// The class name without the package of a registered class.
  var plainClassName: String {
    className.lastIndex(of: ">").map { String(className[className.index(after: $0)...]) }
      ?? className
  }

  /// Whether this is an input of its level.
  var isInput: Bool { nested == nil && className == "InputLayer" }

  /// Whether the layer's own settings let training change it.
  var isTrainable: Bool { configuration["trainable"]?.bool ?? true }
}

/// One use of an entry.
struct KerasCall {
  /// What it reads, by name.
  var references: [KerasReference] = []
  /// What it reads, resolved within the level.
  var inputs: [KerasEndpoint] = []
  /// The other arguments; tensors among them stand as `{"tensor": index into inputs}`.
  var arguments = JSONObject()
}

/// An output of an entry's call, as configurations name it.
struct KerasReference {
  let layer: String
  let node: Int
  let tensor: Int
}

/// An output of an entry's call, by index.
struct KerasEndpoint: Hashable {
  let entry: Int
  let call: Int
  let tensor: Int
}
