import JSON
import Models
import Tensors

/// The Keras layers of a view and the calls that join them, before and after sorting.
struct ViewGraph {
  /// A Keras layer with its calls.
  struct Node {
    let name: String
    let className: String
    let config: JSONObject
    let weights: [KerasView.WeightLink]
    let heedsTraining: Bool
    var calls: [Call] = []
  }

  /// One use: what it reads and its further arguments.
  struct Call {
    var inputs: [Endpoint]
    var arguments: JSONObject
  }

  /// An output of a call of a node.
  struct Endpoint: Hashable {
    var node: Int
    var call: Int
    var tensor = 0
  }

  private(set) var nodes: [Node] = []
  private(set) var inputs: [Endpoint] = []
  private(set) var outputs: [Endpoint] = []
  /// The nodes in the order in which both Keras generations list the rebuilt model.
  private(set) var order: [Int] = []

  init(model: Model, allowsCode: Bool) throws(KerasViewObstacle) {
    let model = ViewGraph.spreadingConstants(of: model)
    var pieces: [[ViewPiece]] = []
    for layer in model.layers {
      var rewriter = LayerRewriter(layer: layer, allowsCode: allowsCode)
      pieces.append(try rewriter.rewritten())
    }
    let firsts = addNodes(pieces, of: model)
    var results: [Endpoint] = []
    for call in model.calls {
      let layer = model.layers[call.layer]
      try check(call, of: layer)
      let operands = call.inputs.map { input in
        Endpoint(
          node: results[input.call].node, call: results[input.call].call, tensor: input.output)
      }
      results.append(
        add(call, operands, pieces[call.layer], from: firsts[call.layer]))
    }
    inputs = model.inputs.map { results[$0] }
    outputs = model.outputs.map {
      Endpoint(node: results[$0.call].node, call: results[$0.call].call, tensor: $0.output)
    }
    try sort(model)
  }

  // MARK: Building

  /// The model with one mean for all channels written out once a channel.
  ///
  /// Keras 3.0 to 3.6 cannot read a Normalization with a single constant from `.h5`.
  private static func spreadingConstants(of model: Model) -> Model {
    func constants(_ layer: Layer) -> DataNormalization? {
      guard case .dataNormalization(let settings) = layer.kind, settings.axes.count == 1,
        settings.mean?.count == 1, settings.variance?.count == 1, layer.weights.isEmpty
      else { return nil }
      return settings
    }
    guard model.layers.contains(where: { constants($0) != nil }) else { return model }
    var model = model
    let shapes = model.structure().outputShapes
    for call in model.calls {
      guard var settings = constants(model.layers[call.layer]), let input = call.inputs.first,
        let shape = shapes[input.call], shape.count <= 1 << 20
      else { continue }
      let axis = settings.axes[0] < 0 ? settings.axes[0] + shape.order : settings.axes[0] - 1
      guard axis >= 0, axis < shape.order else { continue }
      settings.mean = settings.mean.map { Array(repeating: $0[0], count: shape[axis]) }
      settings.variance = settings.variance.map { Array(repeating: $0[0], count: shape[axis]) }
      model.layers[call.layer].kind = .dataNormalization(settings)
    }
    return model
  }

  /// Adds a node for every piece and returns the first node of each layer.
  private mutating func addNodes(_ pieces: [[ViewPiece]], of model: Model) -> [Int] {
    var names = ViewNames()
    var counts: [String: Int] = [:]
    for layer in model.layers { counts[layer.name, default: 0] += 1 }
    // Whole layers choose first, so that a piece never takes another layer's name.
    let own = model.layers.map { layer in
      names.unique(counts[layer.name] == 1 ? layer.name : layer.path)
    }
    var firsts: [Int] = []
    for ((layer, name), pieces) in zip(zip(model.layers, own), pieces) {
      firsts.append(nodes.count)
      for piece in pieces {
        let pieceName = piece.suffix.map { names.unique("\(name)_\($0)") } ?? name
        var config: JSONObject = ["name": .string(pieceName)]
        if !layer.isTrainable, !piece.weights.isEmpty { config["trainable"] = false }
        let policy = ViewGraph.policy(layer.typePolicy)
        if policy != "float32", piece.className != "InputLayer" {
          config["dtype"] = .string(policy)
        }
        for (key, value) in piece.settings where config[key] == nil { config[key] = value }
        nodes.append(
          Node(
            name: pieceName, className: piece.className, config: config, weights: piece.weights,
            heedsTraining: piece.heedsTraining))
      }
    }
    return firsts
  }

  /// The policy by a name that both generations accept; quantised ones fall back to their source.
  private static func policy(_ name: String) -> String {
    let known = [
      "mixed_float16", "mixed_bfloat16", "bfloat16", "float16", "float32", "float64",
    ]
    return known.first { name == $0 || name.hasSuffix("_from_\($0)") } ?? "float32"
  }

  private func check(_ call: Model.Call, of layer: Layer) throws(KerasViewObstacle) {
    func obstacle(_ reason: String) -> KerasViewObstacle {
      KerasViewObstacle(layer: layer.path, reason: reason)
    }
    switch layer.kind {
    case .merge, .concatenate:
      guard call.inputs.count > 1 else { throw obstacle("it merges a single input") }
    default: break
    }
    for (key, value) in call.arguments where key != "training" {
      guard key != "*args", value.array == nil, value.object == nil else {
        throw obstacle("Keras 2 and 3 write the arguments of its call differently")
      }
    }
  }

  /// Calls a layer's pieces once and returns the last one's result.
  private mutating func add(
    _ call: Model.Call, _ operands: [Endpoint], _ pieces: [ViewPiece], from first: Int
  ) -> Endpoint {
    let number = nodes[first].calls.count
    for (index, piece) in pieces.enumerated() {
      let inputs = piece.operands.flatMap { operand -> [Endpoint] in
        switch operand {
        case .input: operands
        case .piece(let earlier): [Endpoint(node: first + earlier, call: number)]
        }
      }
      var arguments = JSONObject()
      if index == pieces.count - 1 || pieces.count == 1 { arguments = call.arguments }
      if !piece.heedsTraining { arguments["training"] = nil }
      nodes[first + index].calls.append(Call(inputs: inputs, arguments: arguments))
    }
    return Endpoint(node: first + pieces.count - 1, call: number)
  }

  private mutating func sort(_ model: Model) throws(KerasViewObstacle) {
    func plain(_ endpoint: Endpoint) -> KerasOrder.Node {
      KerasOrder.Node(layer: endpoint.node, call: endpoint.call)
    }
    let calls = nodes.map { node in node.calls.map { $0.inputs.map(plain) } }
    guard
      let sorted = KerasOrder(
        calls: calls, outputs: outputs.map(plain), inputs: inputs.map(\.node))
    else { throw KerasViewObstacle(layer: model.name, reason: "its graph has a cycle") }
    order = sorted.layers
  }

  // MARK: The configuration

  /// Whether the sorted nodes form one chain.
  private var isChain: Bool {
    guard inputs.count == 1, outputs.count == 1, let first = order.first, let last = order.last,
      inputs[0].node == first, outputs[0] == Endpoint(node: last, call: 0), order.count > 1
    else { return false }
    return order.indices.dropFirst().allSatisfy { position in
      let node = nodes[order[position]]
      return node.calls.count == 1 && node.calls[0].arguments.isEmpty
        && node.calls[0].inputs == [Endpoint(node: order[position - 1], call: 0)]
    } && nodes[first].calls.count == 1
  }

  /// The model's configuration in the dialect of Keras 2, with keys that Keras 3 accepts too.
  func configuration(name: String) -> JSONValue {
    let isChain = isChain
    var layers: [JSONValue] = []
    for index in order {
      let node = nodes[index]
      var layer: JSONObject = [
        "class_name": .string(node.className), "config": .object(node.config),
      ]
      if !isChain {
        layer["name"] = .string(node.name)
        let calls = node.className == "InputLayer" ? [] : node.calls
        layer["inbound_nodes"] = .array(calls.map(inboundNode))
      }
      layers.append(.object(layer))
    }
    var config: JSONObject = ["name": .string(ViewNames.plain(name)), "layers": .array(layers)]
    if !isChain {
      config["input_layers"] = .array(inputs.map(reference))
      config["output_layers"] = .array(outputs.map(reference))
    }
    return [
      "class_name": isChain ? "Sequential" : "Functional", "config": .object(config),
    ]
  }

  private func reference(_ endpoint: Endpoint) -> JSONValue {
    [
      .string(nodes[endpoint.node].name), .integer(endpoint.call), .integer(endpoint.tensor),
    ]
  }

  /// The arguments stand at every input: Keras 2 takes those of the last one.
  private func inboundNode(_ call: Call) -> JSONValue {
    .array(
      call.inputs.map { input in
        [
          .string(nodes[input.node].name), .integer(input.call), .integer(input.tensor),
          .object(call.arguments),
        ]
      })
  }
}
