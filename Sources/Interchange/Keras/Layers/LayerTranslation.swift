import JSON
import Models

/// What a layer of a Keras file becomes: its kind, and the weights that it must have.
struct LayerTranslation {
  /// The kind with its settings.
  var kind: LayerKind
  /// The weights, in the order in which Keras creates them; nil for a class that is not known.
  var weights: [ExpectedWeight]?
  /// What the user must know of it.
  var remark: String?
  /// What the layer is where `kind` does not fit its inputs; set for arithmetic operators.
  var fallback: Opaque?
}

/// A weight that a known layer has.
struct ExpectedWeight {
  /// The name within the layer.
  var name: String
  /// Whether Keras counts it among the trainable weights.
  var isTrainable = true
  /// The extents that the configuration determines, nil for others; nil where it says nothing.
  var extents: [Int?]?
  /// The groups below the layer's own where new files keep it, in the order to look.
  var groups = ["vars"]
  /// The number within the group.
  var index = 0
}

/// A weight of a layer and the data set that holds it.
struct BoundWeight {
  let name: String
  let isTrainable: Bool
  let stored: StoredTensor
}

/// Translates one layer's configuration.
struct LayerTranslator {
  let entry: KerasEntry
  /// The settings without Python's wrappings.
  let settings: JSONObject
  let reader: AttributeReader
  let version: KerasVersion

  init(entry: KerasEntry, version: KerasVersion) {
    self.entry = entry
    self.version = version
    settings = KerasValue.plain(entry.configuration)
    reader = AttributeReader(settings)
  }

  /// The layer's translation.
  func translated() throws(KerasProblem) -> LayerTranslation {
    let value = JSONValue.object(entry.configuration)
    let isCode = KerasValue.codeClasses.contains(entry.className) || KerasValue.carriesCode(value)
    do throws(AttributeError) {
      let weights = isOfKeras ? try expectedWeights() : nil
      if !isCode, isOfKeras, let kind = try kind() {
        return LayerTranslation(kind: kind, weights: weights)
      }
      var translation = carried(weights: weights, isCode: isCode)
      if let kind = operatorKind(), case .opaque(let opaque) = translation.kind {
        translation = LayerTranslation(
          kind: kind, weights: [], remark: translation.remark, fallback: opaque)
      }
      return translation
    } catch {
      throw KerasProblem(entry.path, error.description)
    }
  }

  /// Whether the class is one of Keras' own, as far as the file tells.
  private var isOfKeras: Bool {
    if entry.className.contains(">") { return false }
    guard let module = entry.module else { return true }
    let packages = ["keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras"]
    guard packages.contains(where: { module == $0 || module.hasPrefix("\($0).") }) else {
      return false
    }
    return !isOperator
  }

  /// Whether this is arithmetic on symbolic tensors that Keras 3 recorded as a node.
  var isOperator: Bool {
    guard let module = entry.module else { return false }
    return module.hasPrefix("keras.src.ops") || module.hasPrefix("keras.ops")
  }

  /// A layer that is kept with everything that the file says of it.
  private func carried(weights: [ExpectedWeight]?, isCode: Bool) -> LayerTranslation {
    let isIdentity = !isCode && isOfKeras && Self.augmentations.contains(entry.className)
    let name = printable(entry.className)
    let remark =
      isCode
      ? "\(name) carries code, which is never run: it is kept as it is, and left out of a Keras "
        + "view unless --allow-code is given"
      : isIdentity ? nil : "\(name) is kept with its settings and weights; modelc does not run it"
    let opaque = Opaque(
      className: entry.className, module: entry.module, configuration: entry.configuration,
      carriesCode: isCode, isIdentityAtInference: isIdentity)
    return LayerTranslation(kind: .opaque(opaque), weights: weights, remark: remark)
  }

  /// Layers that change their input while training only.
  static let augmentations: Set<String> = [
    "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast",
    "RandomBrightness", "RandomHeight", "RandomWidth", "RandomHue", "RandomSaturation",
    "RandomSharpness", "RandomShear", "RandomPosterization", "RandomPerspective", "RandomInvert",
    "RandomGrayscale", "RandomGaussianBlur", "RandomErasing", "RandomElasticTransform",
    "RandomColorJitter", "RandomColorDegeneration", "AugMix", "CutMix", "MixUp",
    "RandAugment",
  ]

  /// The kind, or nil for a layer that is carried.
  private func kind() throws(AttributeError) -> LayerKind? {
    if let kind = try convolutionKind() { return kind }
    if let kind = try normalisationKind() { return kind }
    if let kind = try poolingKind() { return kind }
    if let kind = try activationKind() { return kind }
    return try shapingKind()
  }

  /// Whether the class is one whose weights are known by name alone.
  static func isClassOfKeras(_ className: String) -> Bool {
    let entry = KerasEntry(
      name: className, path: className, className: className, module: nil,
      configuration: ["units": 1, "filters": 1, "kernel_size": 1, "input_dim": 1, "output_dim": 1],
      nested: nil)
    let translator = LayerTranslator(entry: entry, version: .unstated)
    return (try? translator.expectedWeights()) != nil
  }

  /// The number before a final `D` or within `…2DTranspose`; nil for other names.
  func axes(after prefix: String, before suffix: String = "D") -> Int? {
    guard entry.className.hasPrefix(prefix), entry.className.hasSuffix(suffix) else { return nil }
    let middle = entry.className.dropFirst(prefix.count).dropLast(suffix.count)
    return middle.count == 1 ? Int(middle).flatMap { (1...3).contains($0) ? $0 : nil } : nil
  }
}
