import JSON
import Messages

/// Reads a model's configuration, level by level, in the dialects of Keras 2 and Keras 3.
struct LevelReader {
  /// Whether anything showed that Keras 3 wrote the configuration.
  private(set) var isKeras3 = false
  private var entryCount = 0
  private static let entryLimit = 100_000

  /// Reads the whole model.
  mutating func read(_ configuration: JSONValue) throws(KerasProblem) -> KerasLevel {
    guard let object = configuration.object else {
      throw KerasProblem("model_config", "expected an object, found \(configuration.kind)")
    }
    guard let className = object["class_name"]?.string else {
      throw KerasProblem("model_config", "class_name: expected a string, found nothing")
    }
    guard LevelReader.isModel(object) else {
      throw KerasProblem(
        "model_config",
        "expected a Sequential or Functional model, found '\(printable(className))', "
          + "whose graph only its Python class knows",
        advice: "build the model with keras.Model(inputs, outputs) and save that")
    }
    return try level(object, path: "", fallbackName: "model")
  }

  /// Whether an object describes a model with its layers, rather than a layer.
  static func isModel(_ object: JSONObject) -> Bool {
    if object["config"]?.array != nil { return object["class_name"]?.string == "Sequential" }
    guard let layers = object["config"]?["layers"], layers.array != nil else { return false }
    switch object["class_name"]?.string {
    case "Sequential", "Functional", "Model": return true
    // A subclass of Functional writes its graph as Functional does.
    default:
      return object["config"]?["input_layers"] != nil && object["config"]?["output_layers"] != nil
    }
  }

  // MARK: Levels

  private mutating func level(_ object: JSONObject, path: String, fallbackName: String)
    throws(KerasProblem) -> KerasLevel
  {
    let place = path.isEmpty ? "model_config" : path
    var config = object["config"]?.object ?? [:]
    // Keras up to 2.2.2 wrote a Sequential's layers without anything around them.
    if let list = object["config"]?.array { config = ["layers": .array(list)] }
    let name = config["name"]?.string ?? object["name"]?.string ?? fallbackName
    let isSequential =
      object["class_name"]?.string == "Sequential" || !config.contains("output_layers")
    guard let layers = config["layers"]?.array else {
      throw KerasProblem(place, "layers: expected a list, found nothing")
    }
    var entries: [KerasEntry] = []
    var nodes: [[KerasCall]] = []
    var positions: [String: Int] = [:]
    var levelIsKeras3 = false
    for (index, layer) in layers.enumerated() {
      let item = "\(place): layers[\(index)]"
      guard let layer = layer.object else {
        throw KerasProblem(item, "expected an object, found \(layer.kind)")
      }
      let entry = try entry(layer, below: path, place: item)
      guard positions.updateValue(index, forKey: entry.name) == nil else {
        throw KerasProblem(place, "two layers are called '\(entry.name)'")
      }
      if !isSequential {
        var reader = InboundNodes(place: entry.path)
        nodes.append(try reader.calls(layer["inbound_nodes"] ?? .array([])))
        if reader.isKeras3 { levelIsKeras3 = true }
      }
      entries.append(entry)
    }
    if levelIsKeras3 { isKeras3 = true }
    guard !entries.isEmpty else { throw KerasProblem(place, "the model has no layers") }
    let level = KerasLevel(
      name: name, isSequential: isSequential,
      isTrainable: config["trainable"]?.bool ?? true,
      builtShape: LevelReader.shape(config["build_input_shape"])
        ?? LevelReader.shape(object["build_config"]?["input_shape"]), entries: entries)
    if isSequential {
      LevelReader.chain(level)
    } else {
      for (entry, calls) in zip(entries, nodes) { entry.calls = calls }
      let inputs = try InboundNodes.references(
        config["input_layers"] ?? .array([]), place: "\(place): input_layers")
      let outputs = try InboundNodes.references(
        config["output_layers"] ?? .array([]), place: "\(place): output_layers")
      var resolver = ReferenceResolver(
        level: level, positions: positions, isKeras3: levelIsKeras3, place: place)
      try resolver.resolve(inputs: inputs, outputs: outputs)
    }
    return level
  }

  private mutating func entry(_ layer: JSONObject, below path: String, place: String)
    throws(KerasProblem) -> KerasEntry
  {
    entryCount += 1
    guard entryCount <= LevelReader.entryLimit else {
      throw KerasProblem("model_config", "more than \(LevelReader.entryLimit) layers")
    }
    guard let className = layer["class_name"]?.string, !className.isEmpty else {
      throw KerasProblem(place, "class_name: expected a string, found nothing")
    }
    let config = layer["config"]?.object ?? [:]
    guard let name = config["name"]?.string ?? layer["name"]?.string ?? unnamed(layer) else {
      throw KerasProblem(place, "name: expected a string, found nothing")
    }
    guard name.isPrintableName else {
      throw KerasProblem(
        place, "name: expected 1 to 4096 printable characters, found '\(printable(name))'")
    }
    let full = path.isEmpty ? name : "\(path)/\(name)"
    let module = layer["module"]?.string
    if config["batch_shape"] != nil { isKeras3 = true }
    let nested =
      LevelReader.isModel(layer) ? try level(layer, path: full, fallbackName: name) : nil
    return KerasEntry(
      name: name, path: full, className: className, module: module, configuration: config,
      nested: nested)
  }

  /// A name for a layer of a very old file that states none.
  private func unnamed(_ layer: JSONObject) -> String? {
    layer["config"]?.array == nil ? nil : "\(layer["class_name"]?.string ?? "model")_\(entryCount)"
  }

  /// Joins a Sequential's layers in their order; an input among them is only read by the first.
  private static func chain(_ level: KerasLevel) {
    for (index, entry) in level.entries.enumerated() {
      var call = KerasCall()
      if index > 0 { call.inputs = [KerasEndpoint(entry: index - 1, call: 0, tensor: 0)] }
      entry.calls = [call]
    }
    level.order = Array(level.entries.indices)
    level.schedule = level.entries.indices.map { KerasOrder.Node(layer: $0, call: 0) }
    level.inputs = [KerasEndpoint(entry: 0, call: 0, tensor: 0)]
    level.outputs = [KerasEndpoint(entry: level.entries.count - 1, call: 0, tensor: 0)]
  }

  // MARK: Values

  /// A shape with its batch axis dropped: `[null, 28, 28]`; nil for anything else.
  static func shape(_ value: JSONValue?) -> [Int?]? {
    guard let value else { return nil }
    guard let axes = KerasValue.plain(value).array, !axes.isEmpty else { return nil }
    var result: [Int?] = []
    for axis in axes.dropFirst() {
      if axis == .null {
        result.append(nil)
      } else if let extent = axis.int, extent > 0, extent <= Int(Int32.max) {
        result.append(extent)
      } else {
        return nil
      }
    }
    return result
  }
}

/// Text from a file, fit for a message: short, and without control characters.
func printable(_ text: String) -> String { text.shortened() }
