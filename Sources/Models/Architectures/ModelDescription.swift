public import JSON
import Programs
public import Tensors

/// A network described in JSON, in the schema of a container's graph.
///
/// `layers` is a list of `{"path": …, "kind": …, "attributes": {…}, "trainable": …}`. Without
/// `calls`, `inputs` and `outputs` the layers follow one another, and an input layer is put before
/// them if the first is none. Dense weights may be listed, as a container does, but are drawn anew.
public struct ModelDescription: Sendable {
  private let model: Model

  /// Reads a description.
  ///
  /// - Parameters:
  ///   - inputShape: the input where the description starts without one.
  /// - Throws: `JSONMismatch` naming the member, what was expected and what was found; `ModelError`.
  public init(_ json: JSONValue, inputShape: Shape?) throws {
    let cursor = JSONCursor(json)
    try cursor.refuseKeys(otherThan: [
      "name", "layers", "calls", "inputs", "outputs", "metadata", "provenance",
    ])
    let name = try cursor.optional("name")?.string() ?? "model"
    var layers: [Layer] = []
    for element in try cursor.member("layers").elements() {
      layers.append(try ModelDescription.layer(element))
    }
    if let calls = try cursor.optional("calls") {
      model = Model(
        name: name, layers: layers, calls: try calls.elements().map(ModelDescription.call),
        inputs: try cursor.member("inputs").elements().map { try $0.int(in: 0...Int.max) },
        outputs: try cursor.member("outputs").elements().map(ModelDescription.endpoint))
    } else {
      for key in ["inputs", "outputs"] {
        if let member = try cursor.optional(key) {
          throw JSONMismatch(path: member.path, expected: "calls beside it", found: "none")
        }
      }
      let startsItself = if case .input = layers.first?.kind { true } else { false }
      if !startsItself {
        guard let inputShape else {
          throw JSONMismatch(
            path: cursor.path["layers"], expected: "an input layer first", found: "none")
        }
        let input = Input(shape: inputShape.extents.map { $0 })
        layers.insert(Layer(path: "input", kind: .input(input)), at: 0)
      }
      model = Model.sequential(name: name, layers: layers)
    }
    try model.validate()
  }

  /// The network with fresh weights.
  /// - Throws: `LoweringError` naming a layer that does not fit; `ModelError` for wrong weights.
  public func model(seed: UInt64) throws -> Model {
    let made = try model.initialised(seed: seed)
    for layer in made.layers { try layer.checkWeights() }
    return made
  }

  private static func layer(_ cursor: JSONCursor) throws(JSONMismatch) -> Layer {
    try cursor.refuseKeys(otherThan: [
      "path", "kind", "attributes", "trainable", "type_policy", "weights",
    ])
    let kind = try cursor.member("kind")
    let word = try kind.string()
    let names = LayerKind.Name.allCases.map(\.rawValue)
    guard let name = LayerKind.Name(rawValue: word) else {
      throw JSONMismatch(
        path: kind.path, expected: "one of " + names.joined(separator: ", "),
        found: JSONValue.quoted(word) + NearestName.hint(word, among: names))
    }
    for weight in try cursor.optional("weights")?.elements() ?? [] {
      let form = try weight.optional("form")
      if let form, try form.string() != Weight.Kind.dense.rawValue {
        throw JSONMismatch(
          path: form.path, expected: "dense weights, which are drawn anew",
          found: try form.string())
      }
    }
    let path = try cursor.member("path").string()
    let isTrainable = try cursor.optional("trainable")?.bool() ?? true
    let attributes = try cursor.optional("attributes")?.object() ?? [:]
    do throws(AttributeError) {
      return Layer(
        path: path, kind: try LayerKind(name: name, attributes: attributes),
        isTrainable: isTrainable)
    } catch {
      throw JSONMismatch(
        path: cursor.path["attributes"][error.key], expected: error.expected, found: error.found)
    }
  }

  private static func call(_ cursor: JSONCursor) throws(JSONMismatch) -> Model.Call {
    try cursor.refuseKeys(otherThan: ["layer", "inputs", "arguments"])
    var inputs: [Model.Endpoint] = []
    for input in try cursor.member("inputs").elements() { inputs.append(try endpoint(input)) }
    return Model.Call(layer: try cursor.member("layer").int(in: 0...Int.max), inputs: inputs)
  }

  private static func endpoint(_ cursor: JSONCursor) throws(JSONMismatch) -> Model.Endpoint {
    let pair = try cursor.elements()
    guard pair.count == 2 else {
      throw JSONMismatch(
        path: cursor.path, expected: "a pair of call and output", found: "\(pair.count) values")
    }
    let range = 0...Int(Int32.max)
    return Model.Endpoint(call: try pair[0].int(in: range), output: try pair[1].int(in: range))
  }
}
