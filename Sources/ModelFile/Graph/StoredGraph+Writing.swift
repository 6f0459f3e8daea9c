import JSON
import Models
import Tensors

extension StoredGraph {
  /// The graph as JSON; members that hold their default are left out.
  var json: JSONValue {
    var object: JSONObject = [
      "name": .string(name),
      "layers": .array(layers.map(\.json)),
      "calls": .array(calls.map(\.json)),
      "inputs": .integers(inputs),
      "outputs": .array(outputs.map(\.json)),
    ]
    if let metadata = metadata.json { object["metadata"] = metadata }
    if let provenance = metadata.provenance { object["provenance"] = provenance.json }
    return .object(object)
  }

  /// The bytes of `/graph`.
  var bytes: [UInt8] { [UInt8](json.serialized().utf8) }
}

extension StoredGraph.StoredLayer {
  fileprivate var json: JSONValue {
    var object: JSONObject = ["path": .string(path), "kind": .string(kind.named.name.rawValue)]
    let attributes = kind.attributes
    if !attributes.isEmpty { object["attributes"] = .object(attributes) }
    if !isTrainable { object["trainable"] = false }
    if typePolicy != "float32" { object["type_policy"] = .string(typePolicy) }
    if !weights.isEmpty { object["weights"] = .array(weights.map(\.json)) }
    return .object(object)
  }
}

extension StoredGraph.StoredWeight {
  fileprivate var json: JSONValue {
    var object: JSONObject = [
      "name": .string(name), "form": .string(form.rawValue),
      "dense_shape": .integers(denseShape.extents),
    ]
    if !ranks.isEmpty { object["ranks"] = .integers(ranks) }
    if let basis { object["basis"] = .string(basis.rawValue) }
    if let relativeError, relativeError.isFinite {
      object["relative_error"] = .number(relativeError)
    }
    if let route { object["route"] = .string(route) }
    object["components"] = .array(components.map(\.json))
    if !spectra.isEmpty {
      object["spectra"] = .array(
        spectra.map { spectrum in
          var object = spectrum.values.location
          object["count"] = .integer(spectrum.values.shape.count)
          object["tail_energy"] = .number(spectrum.tailEnergy)
          return .object(object)
        })
    }
    return .object(object)
  }
}

extension StoredGraph.Component {
  fileprivate var json: JSONValue {
    var object: JSONObject = [
      "name": .string(name), "type": .string(values.type.rawValue),
      "shape": .integers(shape.extents),
      "encoding": .string(scales == nil ? "plain" : "int8"),
    ]
    if isMasked { object["masked"] = true }
    for (key, value) in values.location { object[key] = value }
    if let gaps {
      var sparse: JSONObject = [
        "values": .integer(values.shape.count), "gaps": .integer(gaps.shape.count),
      ]
      for (key, value) in gaps.location { sparse[key] = value }
      object["sparse"] = .object(sparse)
    }
    if let scales { object["scales"] = .object(scales.location) }
    return .object(object)
  }
}

extension StoredGraph.Values {
  /// Where the values lie and what they hash to; nothing in a packed file.
  fileprivate var location: JSONObject {
    path.isEmpty ? [:] : ["path": .string(path), "sha256": .string(digest)]
  }
}

extension Model.Call {
  fileprivate var json: JSONValue {
    var object: JSONObject = ["layer": .integer(layer), "inputs": .array(inputs.map(\.json))]
    if !arguments.isEmpty { object["arguments"] = .object(arguments) }
    return .object(object)
  }
}

extension Model.Endpoint {
  fileprivate var json: JSONValue { .integers([call, output]) }
}

extension Metadata {
  /// What is known beside provenance; nil where nothing is.
  fileprivate var json: JSONValue? {
    var object: JSONObject = [:]
    if let classNames { object["class_names"] = .array(classNames.map { .string($0) }) }
    if let inputScaling {
      object["input_scaling"] = [
        "scale": .number(inputScaling.scale), "offset": .number(inputScaling.offset),
      ]
    }
    if !evaluations.isEmpty { object["evaluations"] = .array(evaluations.map(\.json)) }
    return object.isEmpty ? nil : .object(object)
  }
}

extension Evaluation {
  fileprivate var json: JSONValue {
    var object: JSONObject = [
      "dataset": .string(dataset), "dataset_digest": .string(datasetDigest),
      "split": .string(split), "count": .integer(count),
    ]
    if loss.isFinite { object["loss"] = .number(loss) }
    if let accuracy, accuracy.isFinite { object["accuracy"] = .number(accuracy) }
    object["date"] = .string(date)
    return .object(object)
  }
}

extension Provenance {
  fileprivate var json: JSONValue {
    var object: JSONObject = [:]
    if let sourceDigest { object["source_digest"] = .string(sourceDigest) }
    if let sourceFormat { object["source_format"] = .string(sourceFormat) }
    if let sourceParameterCount {
      object["source_parameter_count"] = .integer(sourceParameterCount)
    }
    if let sourceByteCount { object["source_byte_count"] = .integer(sourceByteCount) }
    object["command"] = .array(command.map { .string($0) })
    object["tool_version"] = .string(toolVersion)
    if let seed { object["seed"] = .integer(seed) }
    if let plan { object["plan"] = plan }
    return .object(object)
  }
}

extension JSONValue {
  fileprivate static func integers(_ values: [Int]) -> JSONValue {
    .array(values.map { .integer($0) })
  }
}
