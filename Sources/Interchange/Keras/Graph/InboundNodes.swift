import JSON

/// Reads the calls of a layer from `inbound_nodes`, in the dialect of Keras 2 or of Keras 3.
struct InboundNodes {
  let place: String
  /// Whether any node was written by Keras 3.
  private(set) var isKeras3 = false

  init(place: String) { self.place = place }

  mutating func calls(_ value: JSONValue) throws(KerasProblem) -> [KerasCall] {
    guard let nodes = value.array else {
      throw KerasProblem(place, "inbound_nodes: expected a list, found \(value.kind)")
    }
    var calls: [KerasCall] = []
    for node in nodes {
      if let object = node.object, object.contains("args") || object.contains("kwargs") {
        isKeras3 = true
        calls.append(try keras3(object))
      } else {
        calls.append(try keras2(node))
      }
    }
    return calls
  }

  // MARK: Keras 3: {"args": [T, [T, T]], "kwargs": {…}}

  private func keras3(_ node: JSONObject) throws(KerasProblem) -> KerasCall {
    var call = KerasCall()
    var positional: [JSONValue] = []
    let arguments = node["args"]?.array ?? []
    for argument in arguments { positional.append(try keras3(argument, &call)) }
    while positional.last == .null { positional.removeLast() }
    // One tensor or one list of tensors is what a plain call looks like.
    let isPlain =
      positional.count == 1
      && (Self.isTensor(positional[0])
        || positional[0].array.map { $0.allSatisfy(Self.isTensor) } ?? false)
    if !isPlain { call.arguments["*args"] = .array(positional) }
    for key in (node["kwargs"]?.object ?? [:]).keys.sorted() {
      let value = try keras3(node["kwargs"]?[key] ?? .null, &call)
      if value != .null { call.arguments[key] = value }
    }
    return call
  }

  private func keras3(_ value: JSONValue, _ call: inout KerasCall) throws(KerasProblem)
    -> JSONValue
  {
    switch value {
    case .object(let object):
      if object["class_name"]?.string == "__keras_tensor__" {
        let history = object["config"]?["keras_history"] ?? .null
        guard let reference = Self.reference(history) else {
          throw KerasProblem(
            place, "keras_history: expected [layer, node, tensor], found \(Self.brief(history))")
        }
        return Self.add(reference, &call)
      }
      var result = JSONObject()
      for key in object.keys.sorted() { result[key] = try keras3(object[key] ?? .null, &call) }
      return .object(result)
    case .array(let elements):
      var result: [JSONValue] = []
      for element in elements { result.append(try keras3(element, &call)) }
      return .array(result)
    default: return value
    }
  }

  // MARK: Keras 2: [["a", 0, 0, {kwargs}], ["b", 0, 0, {}]]

  private func keras2(_ node: JSONValue) throws(KerasProblem) -> KerasCall {
    var call = KerasCall()
    var keywords: JSONObject?
    var constants = false
    var positional: [JSONValue] = []
    try keras2First(node, &call, &keywords, &constants, &positional)
    guard !call.references.isEmpty || constants else {
      throw KerasProblem(
        place, "inbound_nodes: expected [layer, node, tensor, {}], found \(Self.brief(node))")
    }
    if constants { call.arguments["*args"] = .array(positional) }
    for key in (keywords ?? [:]).keys.sorted() {
      let value = try keras2Keyword(keywords?[key] ?? .null, &call)
      if value != .null { call.arguments[key] = value }
    }
    return call
  }

  /// Collects the tensors of the first argument, whatever lists and dictionaries hold them.
  private func keras2First(
    _ value: JSONValue, _ call: inout KerasCall, _ keywords: inout JSONObject?,
    _ constants: inout Bool, _ positional: inout [JSONValue]
  ) throws(KerasProblem) {
    if let entry = value.array, let layer = entry.first?.string, entry.count >= 3 {
      if keywords == nil { keywords = entry.count > 3 ? entry[3].object : nil }
      if layer == "_CONSTANT_VALUE" {
        constants = true
        positional.append(entry[2])
      } else if let reference = Self.reference(.array(Array(entry.prefix(3)))) {
        positional.append(Self.add(reference, &call))
      } else {
        throw KerasProblem(
          place, "inbound_nodes: expected [layer, node, tensor], found \(Self.brief(value))")
      }
      return
    }
    if let elements = value.array {
      for element in elements {
        try keras2First(element, &call, &keywords, &constants, &positional)
      }
    } else if let object = value.object {
      for key in object.keys.sorted() {
        try keras2First(object[key] ?? .null, &call, &keywords, &constants, &positional)
      }
    } else {
      throw KerasProblem(
        place, "inbound_nodes: expected [layer, node, tensor], found \(Self.brief(value))")
    }
  }

  private func keras2Keyword(_ value: JSONValue, _ call: inout KerasCall) throws(KerasProblem)
    -> JSONValue
  {
    if let reference = Self.reference(value) { return Self.add(reference, &call) }
    switch value {
    case .object(let object):
      var result = JSONObject()
      for key in object.keys.sorted() {
        result[key] = try keras2Keyword(object[key] ?? .null, &call)
      }
      return .object(result)
    case .array(let elements):
      var result: [JSONValue] = []
      for element in elements { result.append(try keras2Keyword(element, &call)) }
      return .array(result)
    default: return value
    }
  }

  // MARK: References

  private static func add(_ reference: KerasReference, _ call: inout KerasCall) -> JSONValue {
    call.references.append(reference)
    return ["tensor": .integer(call.references.count - 1)]
  }

  static func isTensor(_ value: JSONValue) -> Bool {
    value.object?.count == 1 && value["tensor"]?.int != nil
  }

  /// `["layer", node, tensor]`.
  static func reference(_ value: JSONValue) -> KerasReference? {
    guard let parts = value.array, parts.count == 3, let layer = parts[0].string,
      case .integer(let node) = parts[1], case .integer(let tensor) = parts[2]
    else { return nil }
    return KerasReference(layer: layer, node: node, tensor: tensor)
  }

  /// The references of `input_layers` or `output_layers`: one, a list, or a dictionary of them.
  static func references(_ value: JSONValue, place: String) throws(KerasProblem)
    -> [KerasReference]
  {
    if let reference = reference(value) { return [reference] }
    var result: [KerasReference] = []
    if let elements = value.array {
      for element in elements { result += try references(element, place: place) }
    } else if let object = value.object {
      for key in object.keys.sorted() {
        result += try references(object[key] ?? .null, place: place)
      }
    } else {
      throw KerasProblem(place, "expected [layer, node, tensor], found \(brief(value))")
    }
    return result
  }

  static func brief(_ value: JSONValue) -> String {
    let text = value.description
    return text.utf8.count > 60 ? String(text.prefix(57)) + "…" : text
  }
}
