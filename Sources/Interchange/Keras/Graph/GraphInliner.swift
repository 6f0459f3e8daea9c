import JSON
import Models

/// Joins the levels of a configuration to one graph, in which nested models are expanded in place.
///
/// A nested model that is called twice has each of its layers called twice: they stay shared.
struct GraphInliner {
  private let source: LayerBuilder
  private var layers: [Layer] = []
  private var calls: [Model.Call] = []
  private var expansionCount = 0
  private var paths = Set<String>()
  /// Calls of arithmetic operators, with their arguments as the file has them.
  private(set) var operators: [(call: Int, arguments: JSONObject, fallback: Opaque)] = []

  /// Nested models that call nested models twice, thirty deep, would have 2³⁰ calls.
  private static let callLimit = 200_000

  init(layers source: LayerBuilder) { self.source = source }

  /// Builds the model of the outermost level.
  mutating func model(_ level: KerasLevel) throws -> Model {
    let top = try inputs(of: level)
    try addLayers(of: level, isTrainable: level.isTrainable, isOutermost: true)
    let outputs = try expand(level, inputs: top.map { Model.Endpoint(call: $0) }, training: nil)
    return Model(
      name: level.name, layers: layers, calls: calls, inputs: top, outputs: outputs)
  }

  // MARK: Layers

  /// Adds the inputs of the outermost level and their calls.
  private mutating func inputs(of level: KerasLevel) throws -> [Int] {
    var result: [Int] = []
    if level.isSequential, let first = level.entries.first, !first.isInput {
      let layer = try source.input(of: level)
      layers.append(layer)
      paths.insert(layer.path)
      calls.append(Model.Call(layer: 0))
      return [0]
    }
    for endpoint in level.inputs {
      // The layer's index is known once all layers are listed; see `addLayers`.
      result.append(calls.count)
      calls.append(Model.Call(layer: endpoint.entry))
    }
    return result
  }

  private mutating func addLayers(of level: KerasLevel, isTrainable: Bool, isOutermost: Bool)
    throws
  {
    for entry in level.bound {
      if let nested = entry.nested {
        try addLayers(
          of: nested, isTrainable: isTrainable && nested.isTrainable, isOutermost: false)
        continue
      }
      if entry.isInput, !isOutermost { continue }
      var layer = try source.layer(entry, isTrainable: isTrainable && entry.isTrainable)
      layer.path = unique(layer.path)
      entry.layerIndex = layers.count
      layers.append(layer)
    }
    guard isOutermost else { return }
    let isImplicit = level.isSequential && level.entries.first?.isInput == false
    for index in calls.indices where !isImplicit {
      calls[index].layer = level.entries[calls[index].layer].layerIndex ?? 0
    }
  }

  /// A path that no other layer has; a name with `/` may look like one in a nested model.
  private mutating func unique(_ path: String) -> String {
    var candidate = path
    var number = 1
    while !paths.insert(candidate).inserted {
      candidate = "\(path)_\(number)"
      number += 1
    }
    return candidate
  }

  // MARK: Calls

  /// Calls a level's layers on `inputs` and returns its outputs.
  private mutating func expand(_ level: KerasLevel, inputs: [Model.Endpoint], training: Bool?)
    throws -> [Model.Endpoint]
  {
    expansionCount += 1
    guard expansionCount <= Self.callLimit else {
      throw KerasProblem("model_config", "more than \(Self.callLimit) calls of nested models")
    }
    guard inputs.count == level.inputs.count else {
      throw KerasProblem(
        "model_config: \(level.name)",
        "expected \(level.inputs.count) inputs, found \(inputs.count)")
    }
    var values: [KerasOrder.Node: [Model.Endpoint]] = [:]
    for (endpoint, value) in zip(level.inputs, inputs) {
      let isInput = level.entries[endpoint.entry].isInput
      if isInput || !level.isSequential {
        values[KerasOrder.Node(layer: endpoint.entry, call: endpoint.call)] = [value]
      }
    }
    for node in level.schedule where values[node] == nil {
      let entry = level.entries[node.layer]
      let call = entry.calls[node.call]
      var operands: [Model.Endpoint] = []
      for endpoint in call.inputs { operands.append(try value(endpoint, level, values)) }
      if level.isSequential, node.layer == 0 { operands = inputs }
      let own = call.arguments["training"]?.bool ?? training
      if let nested = entry.nested {
        values[node] = try expand(nested, inputs: operands, training: own)
      } else {
        values[node] = [try append(entry, operands, call.arguments, training: own)]
      }
    }
    return try level.outputs.map { try value($0, level, values) }
  }

  private func value(
    _ endpoint: KerasEndpoint, _ level: KerasLevel, _ values: [KerasOrder.Node: [Model.Endpoint]]
  ) throws -> Model.Endpoint {
    let entry = level.entries[endpoint.entry]
    let found = values[KerasOrder.Node(layer: endpoint.entry, call: endpoint.call)] ?? []
    if entry.nested == nil, let first = found.first {
      guard endpoint.tensor > 0 else { return first }
      guard case .opaque? = entry.translation?.kind else {
        throw KerasProblem(
          entry.path, "expected one output, found a reader of output \(endpoint.tensor)")
      }
      return Model.Endpoint(call: first.call, output: endpoint.tensor)
    }
    guard found.indices.contains(endpoint.tensor) else {
      throw KerasProblem(
        entry.path, "expected one of \(found.count) outputs, found output \(endpoint.tensor)")
    }
    return found[endpoint.tensor]
  }

  private mutating func append(
    _ entry: KerasEntry, _ operands: [Model.Endpoint], _ arguments: JSONObject, training: Bool?
  ) throws -> Model.Endpoint {
    guard calls.count < Self.callLimit else {
      throw KerasProblem("model_config", "more than \(Self.callLimit) calls of layers")
    }
    guard let layer = entry.layerIndex, let kind = entry.translation?.kind else {
      throw KerasProblem(entry.path, "it is called, but is no layer of the model")
    }
    var arguments = arguments
    if let fallback = entry.translation?.fallback {
      operators.append((calls.count, arguments, fallback))
      arguments = [:]
    }
    arguments["training"] = nil
    if let training, Self.heedsTraining(kind, training) { arguments["training"] = .bool(training) }
    calls.append(Model.Call(layer: layer, inputs: operands, arguments: arguments))
    return Model.Endpoint(call: calls.count - 1)
  }

  /// Whether a `training` argument means something to the layer and says more than its default.
  ///
  /// Keras 3 writes `training: true` into calls of augmentation, which would keep it on, and
  /// `training: false`, the default, into those of recurrent layers.
  private static func heedsTraining(_ kind: LayerKind, _ training: Bool) -> Bool {
    switch kind {
    case .batchNormalization: true
    case .regularisation(let settings): settings.kind != .activityRegularization
    case .opaque(let settings):
      !settings.isIdentityAtInference && training
    default: false
    }
  }
}
