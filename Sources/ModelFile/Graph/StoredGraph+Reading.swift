import JSON
import Models
import Tensors

/// Reads `/graph`, member by member; every complaint names the member and both sides.
struct GraphDecoding {
  /// Whether members that this version does not know are refused; newer minor versions may add some.
  let isStrict: Bool
  /// Whether values lie in one byte data set, without a path and a digest of their own.
  let isPacked: Bool
  /// Whether the file says that tensors may be stored without their zeros.
  let allowsSparse: Bool

  /// The whole graph.
  func graph(_ cursor: JSONCursor) throws(JSONMismatch) -> StoredGraph {
    try check(
      cursor, ["name", "layers", "calls", "inputs", "outputs", "metadata", "provenance"])
    var layers: [StoredGraph.StoredLayer] = []
    for layer in try cursor.member("layers").elements() { layers.append(try self.layer(layer)) }
    var calls: [Model.Call] = []
    for call in try cursor.member("calls").elements() { calls.append(try self.call(call)) }
    var outputs: [Model.Endpoint] = []
    for output in try cursor.member("outputs").elements() { outputs.append(try endpoint(output)) }
    var metadata = Metadata()
    if let member = try cursor.optional("metadata") { metadata = try self.metadata(member) }
    if let member = try cursor.optional("provenance") {
      metadata.provenance = try provenance(member)
    }
    return StoredGraph(
      name: try cursor.member("name").string(), layers: layers, calls: calls,
      inputs: try integers(cursor.member("inputs")), outputs: outputs, metadata: metadata)
  }

  private func check(_ cursor: JSONCursor, _ known: Set<String>) throws(JSONMismatch) {
    if isStrict { try cursor.refuseKeys(otherThan: known) }
  }

  private func integers(
    _ cursor: JSONCursor, in range: ClosedRange<Int> = 0...Int.max
  ) throws(JSONMismatch) -> [Int] {
    var values: [Int] = []
    for element in try cursor.elements() { values.append(try element.int(in: range)) }
    return values
  }

  /// One of the words of an enumeration.
  private func choice<Choice: RawRepresentable & CaseIterable>(
    _ cursor: JSONCursor, _: Choice.Type
  ) throws(JSONMismatch) -> Choice where Choice.RawValue == String {
    let word = try cursor.string()
    guard let choice = Choice(rawValue: word) else {
      throw JSONMismatch(
        path: cursor.path,
        expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "),
        found: JSONValue.quoted(word))
    }
    return choice
  }

  private func shape(_ cursor: JSONCursor) throws(JSONMismatch) -> Shape {
    let extents = try integers(cursor)
    guard extents.count <= Schema.Limit.order else {
      throw JSONMismatch(
        path: cursor.path, expected: "at most \(Schema.Limit.order) axes",
        found: "\(extents.count)")
    }
    guard let shape = Shape(checking: extents), shape.count <= Int.max / 8 else {
      throw JSONMismatch(
        path: cursor.path, expected: "a size that fits in 63 bits",
        found: cursor.value.serialized())
    }
    return shape
  }
}

// MARK: Layers and weights

extension GraphDecoding {
  /// Attributes that a writer may leave out; all others come back when a kind is written again.
  private static let optionalAttributes: Set<String> = [
    "dilation", "data_format", "groups", "output_padding", "keeps_axes", "mean", "variance",
    "module", "carries_code", "identity_at_inference",
  ]

  private func layer(_ cursor: JSONCursor) throws(JSONMismatch) -> StoredGraph.StoredLayer {
    try check(cursor, ["path", "kind", "attributes", "trainable", "type_policy", "weights"])
    let name = try choice(cursor.member("kind"), LayerKind.Name.self)
    let attributes = try cursor.optional("attributes")
    let object = try attributes?.object() ?? [:]
    let kind: LayerKind
    do throws(AttributeError) {
      kind = try LayerKind(name: name, attributes: object)
    } catch {
      throw JSONMismatch(
        path: cursor.path["attributes"][error.key], expected: error.expected, found: error.found)
    }
    if let attributes {
      try check(attributes, Set(kind.attributes.keys).union(GraphDecoding.optionalAttributes))
    }
    var weights: [StoredGraph.StoredWeight] = []
    for weight in try cursor.optional("weights")?.elements() ?? [] {
      weights.append(try self.weight(weight))
    }
    return StoredGraph.StoredLayer(
      path: try cursor.member("path").string(), kind: kind,
      isTrainable: try cursor.optional("trainable")?.bool() ?? true,
      typePolicy: try cursor.optional("type_policy")?.string() ?? "float32", weights: weights)
  }

  private func weight(_ cursor: JSONCursor) throws(JSONMismatch) -> StoredGraph.StoredWeight {
    try check(
      cursor,
      [
        "name", "form", "dense_shape", "ranks", "basis", "relative_error", "route", "components",
        "spectra",
      ])
    var components: [StoredGraph.Component] = []
    for component in try cursor.member("components").elements() {
      components.append(try self.component(component))
    }
    var spectra: [StoredGraph.StoredSpectrum] = []
    for spectrum in try cursor.optional("spectra")?.elements() ?? [] {
      spectra.append(try self.spectrum(spectrum))
    }
    let form = try choice(cursor.member("form"), Weight.Kind.self)
    var basis: FactorizationRecord.Basis?
    if let member = try cursor.optional("basis") {
      basis = try choice(member, FactorizationRecord.Basis.self)
    }
    let relativeError = try cursor.optional("relative_error")
    if let relativeError, try relativeError.double() < 0 {
      throw JSONMismatch(
        path: relativeError.path, expected: "at least 0",
        found: relativeError.value.serialized())
    }
    return StoredGraph.StoredWeight(
      name: try cursor.member("name").string(), form: form,
      denseShape: try shape(cursor.member("dense_shape")),
      ranks: try cursor.optional("ranks").map { (ranks) throws(JSONMismatch) in
        try integers(ranks, in: 1...Int.max)
      } ?? [],
      components: components, basis: basis, relativeError: try relativeError?.double(),
      route: try cursor.optional("route")?.string(), spectra: spectra)
  }

  private func component(_ cursor: JSONCursor) throws(JSONMismatch) -> StoredGraph.Component {
    try check(
      cursor, ["name", "type", "shape", "encoding", "masked", "path", "sha256", "scales", "sparse"])
    let type = try choice(cursor.member("type"), ScalarType.self)
    let whole = try shape(cursor.member("shape"))
    let sparse = try cursor.optional("sparse")
    let gaps = try sparse.map { member throws(JSONMismatch) in try self.gaps(member, of: whole) }
    let values = try self.values(
      cursor, type: type,
      shape: sparse.map { member throws(JSONMismatch) in
        [try member.member("values").int(in: 1...whole.count)]
      } ?? whole)
    let encoding = try cursor.member("encoding")
    var scales: StoredGraph.Values?
    switch try encoding.string() {
    case "plain":
      if let extra = try cursor.optional("scales") {
        throw JSONMismatch(
          path: extra.path, expected: "no scales for plain values", found: extra.value.kind)
      }
    case "int8":
      guard values.type == .int8, whole.order > 0 else {
        throw JSONMismatch(
          path: cursor.path["type"], expected: "int8 codes along at least one axis",
          found: "\(values.type.rawValue) [\(whole)]")
      }
      let member = try cursor.member("scales")
      try check(member, isPacked ? [] : ["path", "sha256"])
      scales = try self.values(member, type: .float32, shape: [whole.last])
    case let other:
      throw JSONMismatch(
        path: encoding.path, expected: "plain or int8", found: JSONValue.quoted(other))
    }
    return StoredGraph.Component(
      name: try cursor.member("name").string(), shape: whole, values: values, gaps: gaps,
      scales: scales, isMasked: try cursor.optional("masked")?.bool() ?? false)
  }

  /// Where the zeros before each stored scalar of a tensor lie.
  private func gaps(
    _ cursor: JSONCursor, of shape: Shape
  ) throws(JSONMismatch) -> StoredGraph.Values {
    guard allowsSparse else {
      throw JSONMismatch(
        path: cursor.path, expected: "the feature '\(Schema.Feature.sparse)' among the file's",
        found: "a sparse tensor without it")
    }
    try check(cursor, isPacked ? ["values", "gaps"] : ["values", "gaps", "path", "sha256"])
    guard shape.order > 0, shape.count > 0 else {
      throw JSONMismatch(
        path: cursor.path, expected: "a tensor of one axis at least, not empty",
        found: "[\(shape)]")
    }
    return try values(
      cursor, type: .uint8, shape: [try cursor.member("gaps").int(in: 1...shape.count)])
  }

  private func spectrum(_ cursor: JSONCursor) throws(JSONMismatch) -> StoredGraph.StoredSpectrum {
    try check(cursor, ["path", "sha256", "count", "tail_energy"])
    let count = try cursor.member("count").int(in: 0...Int(Int32.max))
    let energy = try cursor.member("tail_energy")
    let tailEnergy = try energy.double()
    guard tailEnergy >= 0 else {
      throw JSONMismatch(
        path: energy.path, expected: "at least 0", found: energy.value.serialized())
    }
    return StoredGraph.StoredSpectrum(
      values: try values(cursor, type: .float64, shape: [count]), tailEnergy: tailEnergy)
  }

  /// Where values lie: a path below `/nodes` and a digest.
  private func values(
    _ cursor: JSONCursor, type: ScalarType, shape: Shape
  ) throws(JSONMismatch) -> StoredGraph.Values {
    if isPacked { return StoredGraph.Values(path: "", type: type, shape: shape, digest: "") }
    let path = try cursor.member("path")
    guard try path.string().hasPrefix(Schema.Path.nodes + "/") else {
      throw JSONMismatch(
        path: path.path, expected: "a path below \(Schema.Path.nodes)",
        found: path.value.serialized())
    }
    let digest = try cursor.member("sha256")
    guard try Digest.isHexadecimal(digest.string()) else {
      throw JSONMismatch(
        path: digest.path, expected: "64 hexadecimal digits", found: digest.value.serialized())
    }
    return StoredGraph.Values(
      path: try path.string(), type: type, shape: shape, digest: try digest.string())
  }
}

// MARK: Calls and what is known beside them

extension GraphDecoding {
  private func call(_ cursor: JSONCursor) throws(JSONMismatch) -> Model.Call {
    try check(cursor, ["layer", "inputs", "arguments"])
    var inputs: [Model.Endpoint] = []
    for input in try cursor.member("inputs").elements() { inputs.append(try endpoint(input)) }
    return Model.Call(
      layer: try cursor.member("layer").int(in: 0...Int.max), inputs: inputs,
      arguments: try cursor.optional("arguments")?.object() ?? [:])
  }

  private func endpoint(_ cursor: JSONCursor) throws(JSONMismatch) -> Model.Endpoint {
    let pair = try integers(cursor, in: 0...Int(Int32.max))
    guard pair.count == 2 else {
      throw JSONMismatch(
        path: cursor.path, expected: "a pair of call and output", found: "\(pair.count) numbers")
    }
    return Model.Endpoint(call: pair[0], output: pair[1])
  }

  private func metadata(_ cursor: JSONCursor) throws(JSONMismatch) -> Metadata {
    try check(cursor, ["class_names", "input_scaling", "evaluations"])
    var metadata = Metadata()
    if let names = try cursor.optional("class_names") { metadata.classNames = try strings(names) }
    if let scaling = try cursor.optional("input_scaling") {
      try check(scaling, ["scale", "offset"])
      metadata.inputScaling = InputScaling(
        scale: try scaling.member("scale").double(), offset: try scaling.member("offset").double())
    }
    for result in try cursor.optional("evaluations")?.elements() ?? [] {
      metadata.evaluations.append(try evaluation(result))
    }
    return metadata
  }

  private func strings(_ cursor: JSONCursor) throws(JSONMismatch) -> [String] {
    var strings: [String] = []
    for element in try cursor.elements() { strings.append(try element.string()) }
    return strings
  }

  private func evaluation(_ cursor: JSONCursor) throws(JSONMismatch) -> Evaluation {
    try check(
      cursor, ["dataset", "dataset_digest", "split", "count", "loss", "accuracy", "date"])
    return Evaluation(
      dataset: try cursor.member("dataset").string(),
      datasetDigest: try cursor.member("dataset_digest").string(),
      split: try cursor.member("split").string(),
      count: try cursor.member("count").int(in: 0...Int.max),
      loss: try cursor.optional("loss")?.double() ?? .nan,
      accuracy: try cursor.optional("accuracy")?.double(),
      date: try cursor.member("date").string())
  }

  private func provenance(_ cursor: JSONCursor) throws(JSONMismatch) -> Provenance {
    try check(
      cursor,
      [
        "source_digest", "source_format", "source_parameter_count", "source_byte_count", "command",
        "tool_version", "seed", "plan",
      ])
    return Provenance(
      sourceDigest: try cursor.optional("source_digest")?.string(),
      sourceFormat: try cursor.optional("source_format")?.string(),
      sourceParameterCount: try cursor.optional("source_parameter_count")?.int(in: 0...Int.max),
      sourceByteCount: try cursor.optional("source_byte_count")?.int(in: 0...Int.max),
      command: try strings(cursor.member("command")),
      toolVersion: try cursor.member("tool_version").string(),
      seed: try cursor.optional("seed")?.int(), plan: try cursor.optional("plan")?.value)
  }
}
