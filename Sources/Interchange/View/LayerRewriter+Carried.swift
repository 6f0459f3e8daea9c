import JSON
import Models

extension LayerRewriter {
  /// The settings of carried classes that Keras 2.15 and Keras 3 both accept.
  private static let kept: [String: [String]] = [
    "EinsumDense": ["equation", "output_shape", "bias_axes", "activation"],
    "Softmax": ["axis"], "Dot": ["axes", "normalize"], "Masking": ["mask_value"],
    "Resizing": ["height", "width", "interpolation", "crop_to_aspect_ratio"],
    "CenterCrop": ["height", "width"],
    "RandomFlip": ["mode", "seed"],
    "RandomRotation": ["factor", "fill_mode", "interpolation", "seed", "fill_value"],
    "RandomZoom": [
      "height_factor", "width_factor", "fill_mode", "interpolation", "seed", "fill_value",
    ],
    "LSTM": [
      "units", "activation", "recurrent_activation", "use_bias", "return_sequences",
      "return_state", "go_backwards", "stateful", "unroll", "unit_forget_bias", "dropout",
      "recurrent_dropout",
    ],
    "GRU": [
      "units", "activation", "recurrent_activation", "use_bias", "return_sequences",
      "return_state", "go_backwards", "stateful", "unroll", "reset_after", "dropout",
      "recurrent_dropout",
    ],
    "SimpleRNN": [
      "units", "activation", "use_bias", "return_sequences", "return_state", "go_backwards",
      "stateful", "unroll", "dropout", "recurrent_dropout",
    ],
  ]

  /// Classes that a wrapper may hold beside the recurrent ones.
  private static let wrappable: [String: [String]] = [
    "Dense": ["units", "activation", "use_bias"],
    "Conv1D": convolutionKeys, "Conv2D": convolutionKeys,
    "Flatten": ["data_format"], "Dropout": ["rate"],
    "MaxPooling2D": ["pool_size", "strides", "padding", "data_format"],
    "AveragePooling2D": ["pool_size", "strides", "padding", "data_format"],
    "GlobalAveragePooling2D": ["data_format", "keepdims"],
  ]

  private static let convolutionKeys = [
    "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups",
    "activation", "use_bias",
  ]

  private static let activationNames: Set<String> = [
    "linear", "relu", "elu", "selu", "gelu", "sigmoid", "tanh", "softmax", "swish", "softplus",
    "softsign", "exponential", "mish",
  ]

  mutating func appendCarried(_ settings: Opaque) throws(KerasViewObstacle) {
    let name = printable(settings.className)
    if settings.carriesCode || isOwnClass(settings) {
      guard allowsCode else {
        throw obstacle(
          settings.carriesCode
            ? "\(name) carries code; --allow-code writes it"
            : "\(name) is no class of Keras' own; --allow-code writes it")
      }
      appendVerbatim(settings)
      return
    }
    let configuration = KerasValue.plain(settings.configuration)
    var values: JSONObject
    switch settings.className {
    case "Bidirectional", "TimeDistributed": values = try wrapper(settings, configuration)
    default:
      guard let keys = Self.kept[settings.className] else {
        throw obstacle("Keras 2 and 3 have no common form of \(name)")
      }
      values = try filtered(configuration, keys)
      if let axis = values["axis"]?.int { values["axis"] = Self.axis(axis) }
    }
    append(
      settings.className, values, weights: try links(layer.weights.map(\.name)),
      heedsTraining: Self.kept[settings.className]?.contains("recurrent_dropout") ?? false)
  }

  /// Keras' classes that are carried and have no common form; the list serves their message only.
  private static let uncommon: Set<String> = [
    "MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention", "RNN",
    "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "CuDNNLSTM", "CuDNNGRU", "TFOpLambda",
    "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "InstanceProperty",
    "CategoryEncoding", "Hashing", "HashedCrossing", "StringLookup", "IntegerLookup",
    "TextVectorization", "Discretization", "LocallyConnected1D", "LocallyConnected2D",
    "SpectralNormalization", "MelSpectrogram", "STFTSpectrogram",
  ]

  /// Whether a class is of the user's own, as far as the file tells.
  private func isOwnClass(_ settings: Opaque) -> Bool {
    if settings.className.contains(">") { return true }
    if let module = settings.module {
      return !["keras", "tf_keras", "tensorflow"].contains {
        module == $0 || module.hasPrefix("\($0).")
      }
    }
    // Old files name no module: a class that no table knows is taken for one of the user's.
    let isWrapper = ["Bidirectional", "TimeDistributed"].contains(settings.className)
    let isKnown = LayerTranslator.isClassOfKeras(settings.className)
    return !isWrapper && !isKnown && Self.kept[settings.className] == nil
      && !Self.uncommon.contains(settings.className)
  }

  /// A layer exactly as its own file had it, for whoever allows its code.
  private mutating func appendVerbatim(_ settings: Opaque) {
    var values = settings.configuration
    values["name"] = nil
    append(
      settings.className, values,
      weights: layer.weights.map { link($0.name, as: $0.name) })
  }

  /// The settings under the kept keys, with activations by name.
  private func filtered(_ configuration: JSONObject, _ keys: [String]) throws(KerasViewObstacle)
    -> JSONObject
  {
    var values = JSONObject()
    for key in keys {
      guard let value = configuration[key] else { continue }
      values[key] = key.hasSuffix("activation") ? try activation(value) : value
    }
    return values
  }

  private func activation(_ value: JSONValue) throws(KerasViewObstacle) -> JSONValue {
    if value == .null { return "linear" }
    var name = value.string
    if let object = value.object, object["class_name"]?.string == "function" {
      name = object["config"]?.string ?? object["registered_name"]?.string
    }
    if name == "silu" { name = "swish" }
    guard let name, Self.activationNames.contains(name) else {
      throw obstacle(
        "Keras 2 and 3 have no common form of its activation \(printable(name ?? value.kind))")
    }
    return .string(name)
  }

  // MARK: Wrappers

  private func wrapper(_ settings: Opaque, _ configuration: JSONObject) throws(KerasViewObstacle)
    -> JSONObject
  {
    guard let inner = configuration["layer"]?.object else { throw obstacle("it wraps no layer") }
    var values = JSONObject()
    let isBidirectional = settings.className == "Bidirectional"
    if isBidirectional {
      values["merge_mode"] = configuration["merge_mode"] ?? "concat"
      if let backward = configuration["backward_layer"]?.object {
        let (forward, other) = (try wrapped(inner).config, try wrapped(backward).config)
        let differ = forward.contains { key, value in
          key != "name" && key != "go_backwards" && other[key] != value
        }
        if differ { throw obstacle("its backward layer differs from the forward one") }
      }
    }
    var (className, config) = try wrapped(inner)
    if isBidirectional, let name = config["name"]?.string, name.hasPrefix("forward_") {
      config["name"] = .string(String(name.dropFirst("forward_".count)))
    }
    className = printable(className)
    values["layer"] = [
      "module": "keras.layers", "class_name": .string(className), "config": .object(config),
      "registered_name": nil,
    ]
    return values
  }

  private func wrapped(_ inner: JSONObject) throws(KerasViewObstacle) -> (
    className: String, config: JSONObject
  ) {
    let className = inner["class_name"]?.string ?? ""
    let isRecurrent = Self.kept[className]?.contains("recurrent_dropout") ?? false
    guard let keys = isRecurrent ? Self.kept[className] : Self.wrappable[className],
      let configuration = inner["config"]?.object
    else {
      throw obstacle("Keras 2 and 3 have no common form of \(printable(className)) in a wrapper")
    }
    var config = try filtered(configuration, keys)
    let name = configuration["name"]?.string ?? className.lowercased()
    config["name"] = .string(ViewNames.plain(name))
    return (className, config)
  }
}
