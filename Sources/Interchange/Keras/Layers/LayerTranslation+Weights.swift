import JSON
import Models

extension LayerTranslator {
  /// The weights of a class of Keras' own, in the order in which it creates them; nil if unknown.
  func expectedWeights() throws(AttributeError) -> [ExpectedWeight]? {
    if Self.weightless.contains(entry.className) { return [] }
    if LayerTranslator.augmentations.contains(entry.className) { return [] }
    if Regularisation.Kind.allCases.contains(where: { $0.className == entry.className }) {
      return []
    }
    for prefix in ["MaxPooling", "AveragePooling", "ZeroPadding", "Cropping", "UpSampling"]
    where axes(after: prefix) != nil { return [] }
    for prefix in ["GlobalMaxPooling", "GlobalAveragePooling"] where axes(after: prefix) != nil {
      return []
    }
    if isQuantised { return try quantisedWeights() }
    if let weights = try kernelWeights() { return numbered(weights) }
    if let weights = try statisticWeights() { return numbered(weights) }
    return try recurrentWeights()
  }

  private static let weightless: Set<String> = [
    "InputLayer", "Activation", "ReLU", "LeakyReLU", "ThresholdedReLU", "ELU", "Softmax", "Add",
    "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "Flatten",
    "Reshape", "Permute", "RepeatVector", "Rescaling", "Resizing", "CenterCrop", "Masking",
    "UnitNormalization",
  ]

  private func numbered(_ weights: [ExpectedWeight]) -> [ExpectedWeight] {
    weights.indices.map { index in
      var weight = weights[index]
      weight.index = index
      return weight
    }
  }

  private func bias(_ extents: [Int?]) throws(AttributeError) -> [ExpectedWeight] {
    try usesBias() ? [ExpectedWeight(name: "bias", extents: extents)] : []
  }

  private func kernelWeights() throws(AttributeError) -> [ExpectedWeight]? {
    switch entry.className {
    case "Dense":
      let units = try reader.integer("units")
      return [ExpectedWeight(name: "kernel", extents: [nil, units])] + (try bias([units]))
    case "EinsumDense":
      let hasBias = (settings["bias_axes"] ?? .null) != .null
      return [ExpectedWeight(name: "kernel")] + (hasBias ? [ExpectedWeight(name: "bias")] : [])
    case "Embedding":
      let extents = [try reader.integer("input_dim"), try reader.integer("output_dim")]
      return [ExpectedWeight(name: "embeddings", extents: extents.map { $0 })]
    default: break
    }
    if let axes = axes(after: "SeparableConv") {
      let window: [Int?] = try expanded("kernel_size", axes).map { $0 }
      let filters = try reader.integer("filters")
      let multiplier = try reader.integer("depth_multiplier", default: 1)
      let ones = [Int?](repeating: 1, count: axes)
      return [
        ExpectedWeight(name: "depthwise_kernel", extents: window + [nil, multiplier]),
        ExpectedWeight(name: "pointwise_kernel", extents: ones + [nil, filters]),
      ] + (try bias([filters]))
    }
    if let axes = axes(after: "DepthwiseConv") {
      let window: [Int?] = try expanded("kernel_size", axes).map { $0 }
      let multiplier = try reader.integer("depth_multiplier", default: 1)
      return [ExpectedWeight(name: "depthwise_kernel", extents: window + [nil, multiplier])]
        + (try bias([nil]))
    }
    if let axes = axes(after: "Conv", before: "DTranspose") {
      let window: [Int?] = try expanded("kernel_size", axes).map { $0 }
      let filters = try reader.integer("filters")
      return [ExpectedWeight(name: "kernel", extents: window + [filters, nil])]
        + (try bias([filters]))
    }
    if let axes = axes(after: "Conv") ?? axes(after: "Convolution") {
      let window: [Int?] = try expanded("kernel_size", axes).map { $0 }
      let filters = try reader.integer("filters")
      return [ExpectedWeight(name: "kernel", extents: window + [nil, filters])]
        + (try bias([filters]))
    }
    return nil
  }

  private func statisticWeights() throws(AttributeError) -> [ExpectedWeight]? {
    func affine(_ extents: [Int?]) throws(AttributeError) -> [ExpectedWeight] {
      let scales = try reader.boolean("scale", default: true)
      let centers = try reader.boolean("center", default: true)
      return (scales ? [ExpectedWeight(name: "gamma", extents: extents)] : [])
        + (centers ? [ExpectedWeight(name: "beta", extents: extents)] : [])
    }
    switch entry.className {
    case "BatchNormalization", "SyncBatchNormalization":
      if try reader.boolean("renorm", default: false) { return nil }
      return try affine([nil]) + [
        ExpectedWeight(name: "moving_mean", isTrainable: false, extents: [nil]),
        ExpectedWeight(name: "moving_variance", isTrainable: false, extents: [nil]),
      ]
    case "LayerNormalization":
      let count = try axisList("axis", default: [-1]).count
      if try reader.boolean("rms_scaling", default: false) {
        return [ExpectedWeight(name: "gamma", extents: Array(repeating: nil, count: count))]
      }
      return try affine(Array(repeating: nil, count: count))
    case "GroupNormalization": return try affine([nil])
    case "PReLU": return [ExpectedWeight(name: "alpha")]
    case "Normalization":
      guard (settings["mean"] ?? .null) == .null else { return [] }
      let axes = settings["axis"] == .null ? [] : try axisList("axis", default: [-1])
      let extents = [Int?](repeating: nil, count: axes.count)
      return [
        ExpectedWeight(name: "mean", isTrainable: false, extents: extents),
        ExpectedWeight(name: "variance", isTrainable: false, extents: extents),
        ExpectedWeight(name: "count", isTrainable: false, extents: []),
      ]
    default: return nil
    }
  }

  /// A Dense that Keras 3 quantised keeps an int8 kernel and a scale per output.
  private func quantisedWeights() throws(AttributeError) -> [ExpectedWeight]? {
    let policy = KerasValue.policyName(settings["dtype"])
    guard entry.className == "Dense", policy.hasPrefix("int8_from") else { return nil }
    let units = try reader.integer("units")
    let bias = try usesBias() ? [ExpectedWeight(name: "bias", extents: [units])] : []
    return numbered(
      [ExpectedWeight(name: "kernel", isTrainable: false, extents: [nil, units])] + bias
        + [ExpectedWeight(name: "kernel_scale", isTrainable: false, extents: [units])])
  }

  // MARK: Recurrent layers, their wrappers, attention

  private func recurrentWeights() throws(AttributeError) -> [ExpectedWeight]? {
    switch entry.className {
    case "LSTM": return try cell(gates: 4, bias: { [4 * $0] })
    case "GRU":
      let twice = try reader.boolean("reset_after", default: true)
      return try cell(gates: 3, bias: { twice ? [2, 3 * $0] : [3 * $0] })
    case "SimpleRNN": return try cell(gates: 1, bias: { [$0] })
    case "Bidirectional":
      guard let inner = try wrapped("layer"), !inner.isEmpty else { return nil }
      return ["forward", "backward"].flatMap { direction in
        inner.map { weight in
          var weight = weight
          weight.name = "\(direction)/\(weight.name)"
          weight.groups = weight.groups.map { "\(direction)_layer/\($0)" }
          return weight
        }
      }
    case "TimeDistributed":
      return try wrapped("layer").map { inner in
        inner.map { weight in
          var weight = weight
          weight.groups = weight.groups.map { "layer/\($0)" }
          return weight
        }
      }
    case "MultiHeadAttention":
      if try reader.boolean("use_gate", default: false) { return nil }
      let hasBias = try usesBias()
      return ["query", "key", "value", "attention_output"].flatMap { part -> [ExpectedWeight] in
        let group = part == "attention_output" ? "output" : part
        return (hasBias ? ["kernel", "bias"] : ["kernel"]).enumerated().map { index, name in
          ExpectedWeight(
            name: "\(part)/\(name)",
            groups: ["\(group)_dense/vars", "_\(group)_dense/vars"], index: index)
        }
      }
    default: return nil
    }
  }

  private func cell(gates: Int, bias: (Int) -> [Int?]) throws(AttributeError) -> [ExpectedWeight] {
    let units = try reader.integer("units", in: 1...(1 << 28))
    var weights = [
      ExpectedWeight(name: "kernel", extents: [nil, gates * units]),
      ExpectedWeight(name: "recurrent_kernel", extents: [units, gates * units]),
    ]
    if try usesBias() { weights.append(ExpectedWeight(name: "bias", extents: bias(units))) }
    return numbered(weights).map { weight in
      var weight = weight
      weight.groups = ["cell/vars"]
      return weight
    }
  }

  /// The weights of a layer inside this one; nil where its class is not known.
  private func wrapped(_ key: String) throws(AttributeError) -> [ExpectedWeight]? {
    guard let object = entry.configuration[key]?.object,
      let className = object["class_name"]?.string, let config = object["config"]?.object
    else { return nil }
    let inner = KerasEntry(
      name: entry.name, path: entry.path, className: className, module: object["module"]?.string,
      configuration: config, nested: nil)
    return try LayerTranslator(entry: inner, version: version).expectedWeights()
  }
}
