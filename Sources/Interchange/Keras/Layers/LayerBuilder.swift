import JSON
import Models
import Tensors

/// Makes layers of translated entries and their bound weights.
struct LayerBuilder {
  let source: KerasSource
  /// Whether NaN, ∞ and negative variances are let through.
  let allowsNonFinite: Bool

  /// The most values that a Normalization's statistics may have to be read at once.
  private static let statisticsLimit = 1 << 20

  /// The layer of an entry; its path is that of the file.
  func layer(_ entry: KerasEntry, isTrainable: Bool) throws -> Layer {
    guard let translation = entry.translation else {
      preconditionFailure("entries are translated before the graph is built")
    }
    var layer = Layer(
      path: entry.path, kind: translation.kind, isTrainable: isTrainable,
      typePolicy: KerasValue.policyName(entry.configuration["dtype"]))
    layer.weights = entry.weights.map { bound in
      let values = KerasValues(
        source: source, place: "\(entry.path)/\(bound.name)",
        isVariance: translation.kind.isVariance(bound.name))
      return Layer.NamedWeight(bound.name, Weight(parameter(bound.stored, values)))
    }
    switch layer.kind {
    case .dense where entry.weights.contains { $0.name == "kernel_scale" }:
      try scaleKernel(&layer, of: entry)
    case .dataNormalization(let settings) where settings.mean == nil:
      layer.kind = .dataNormalization(try withStatistics(settings, of: layer))
    default: break
    }
    return layer
  }

  private func parameter(_ stored: StoredTensor, _ values: KerasValues) -> Parameter {
    Parameter(
      deferredTo: allowsNonFinite ? source : values, key: stored.path, shape: stored.shape,
      scalarType: stored.scalarType)
  }

  /// Joins Keras' int8 kernel and its scales to one parameter: w = q ÷ kernel_scale.
  private func scaleKernel(_ layer: inout Layer, of entry: KerasEntry) throws {
    guard let scale = layer.weight("kernel_scale")?.components.first?.parameter,
      let kernel = layer.weights.firstIndex(where: { $0.name == "kernel" }),
      let stored = entry.weights.first(where: { $0.name == "kernel" })?.stored,
      stored.scalarType == .int8
    else {
      throw source.failure(
        layer.path, "expected an int8 kernel beside its scale, found another type")
    }
    let factors = try scale.tensor().elements
    guard factors.allSatisfy({ $0.isFinite && $0 != 0 }), factors.count == stored.shape.last else {
      throw source.failure(
        layer.path, "kernel_scale: expected \(stored.shape.last) finite numbers other than 0")
    }
    let encoded = Parameter(
      deferredTo: source, key: stored.path, shape: stored.shape, scalarType: .int8,
      encoding: .int8(scales: factors.map { 1 / $0 }))
    layer.weights[kernel].weight = Weight(encoded)
    layer.weights.removeAll { $0.name == "kernel_scale" }
  }

  /// Copies the statistics that are weights into the settings, where lowering looks for them.
  ///
  /// The weights stay beside them, so that the layer is written back as it was.
  private func withStatistics(_ settings: DataNormalization, of layer: Layer) throws
    -> DataNormalization
  {
    guard let mean = layer.weight("mean")?.components.first?.parameter,
      let variance = layer.weight("variance")?.components.first?.parameter,
      mean.count == variance.count, mean.count <= Self.statisticsLimit
    else { return settings }
    let means = try mean.tensor().elements.map(Double.init)
    let variances = try variance.tensor().elements.map(Double.init)
    guard means.allSatisfy(\.isFinite), variances.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      // Left to the check of values, which names the tensor.
      return settings
    }
    var settings = settings
    settings.mean = means
    settings.variance = variances
    return settings
  }

  /// The input of a Sequential that has no input layer of its own.
  ///
  /// Its shape comes from the first layer's settings, from the build, or from the first kernel.
  func input(of level: KerasLevel) throws -> Layer {
    let first = level.entries[0]
    let place = first.nested.flatMap { $0.entries.first } ?? first
    let settings = KerasValue.plain(place.configuration)
    var shape = LevelReader.shape(settings["batch_shape"])
    shape = shape ?? LevelReader.shape(settings["batch_input_shape"]) ?? level.builtShape
    shape = shape ?? first.nested?.builtShape ?? inferredShape(place)
    guard let shape else {
      throw KerasProblem(
        "model_config", "the input's shape is not stated",
        advice: "call or build the model once, then save it again")
    }
    return Layer(
      path: "\(place.name)_input",
      kind: .input(Input(shape: shape, scalarType: inputType(of: place))))
  }

  private func inputType(of entry: KerasEntry) -> String {
    if case .embedding? = entry.translation?.kind { return "int32" }
    return "float32"
  }

  private func inferredShape(_ entry: KerasEntry) -> [Int?]? {
    guard let kernel = entry.weights.first(where: { $0.name == "kernel" })?.stored.shape else {
      return nil
    }
    switch entry.translation?.kind {
    case .dense?: return [kernel[0]]
    case .convolution(let settings)? where settings.window.dataFormat == .channelsLast:
      return settings.window.size.map { _ in nil } + [kernel[kernel.order - 2] * settings.groups]
    default: return nil
    }
  }
}
