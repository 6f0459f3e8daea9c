import JSON
import Models
import Programs

extension LayerTranslator {
  /// The normalisations and Rescaling.
  func normalisationKind() throws(AttributeError) -> LayerKind? {
    switch entry.className {
    case "BatchNormalization", "SyncBatchNormalization": return try batchNormalization()
    case "LayerNormalization":
      if try reader.boolean("rms_scaling", default: false) { return nil }
      return .featureNormalization(try featureNormalization(.layer))
    case "GroupNormalization":
      return .featureNormalization(try featureNormalization(.group))
    case "UnitNormalization":
      return .featureNormalization(
        FeatureNormalization(kind: .unit, axes: try axisList("axis", default: [-1])))
    case "Rescaling": return try rescaling()
    case "Normalization": return try dataNormalization()
    default: return nil
    }
  }

  private func batchNormalization() throws(AttributeError) -> LayerKind? {
    let axes = try axisList("axis", default: [-1])
    let renormalises = try reader.boolean("renorm", default: false)
    guard axes.count == 1, !renormalises else { return nil }
    return .batchNormalization(
      BatchNormalization(
        axis: axes[0], momentum: try reader.number("momentum", default: 0.99),
        epsilon: try reader.number("epsilon", default: 1e-3),
        centers: try reader.boolean("center", default: true),
        scales: try reader.boolean("scale", default: true)))
  }

  private func featureNormalization(_ kind: FeatureNormalization.Kind) throws(AttributeError)
    -> FeatureNormalization
  {
    FeatureNormalization(
      kind: kind, axes: try axisList("axis", default: [-1]),
      groups: kind == .group
        ? try reader.integer("groups", in: -1...Int(Int32.max), default: 32) : 1,
      epsilon: try reader.number("epsilon", default: 1e-3),
      centers: try reader.boolean("center", default: true),
      scales: try reader.boolean("scale", default: true))
  }

  /// An axis or a list of them, the batch counted as 0.
  func axisList(_ key: String, default fallback: [Int]) throws(AttributeError) -> [Int] {
    if let one = settings[key]?.int { return [try checkedAxis(key, one)] }
    return try reader.integers(key, in: -32...32, default: fallback)
  }

  private func checkedAxis(_ key: String, _ axis: Int) throws(AttributeError) -> Int {
    guard (-32...32).contains(axis) else {
      throw AttributeError(key: key, expected: "an axis from -32 to 32", found: "\(axis)")
    }
    return axis
  }

  private func rescaling() throws(AttributeError) -> LayerKind? {
    guard let scale = Self.flat(settings["scale"] ?? .null),
      let offset = Self.flat(settings["offset"] ?? 0), !scale.isEmpty, !offset.isEmpty
    else { return nil }
    return .rescaling(Rescaling(scale: scale, offset: offset))
  }

  private func dataNormalization() throws(AttributeError) -> LayerKind? {
    if try reader.boolean("invert", default: false) { return nil }
    let axes = settings["axis"] == .null ? [] : try axisList("axis", default: [-1])
    let (mean, variance) = (settings["mean"] ?? .null, settings["variance"] ?? .null)
    guard mean != .null || variance != .null else {
      return .dataNormalization(DataNormalization(axes: axes))
    }
    guard let mean = Self.flat(mean), let variance = Self.flat(variance), !mean.isEmpty,
      mean.count == variance.count
    else {
      throw AttributeError(
        key: "mean", expected: "as many finite numbers as variance has",
        found: InboundNodes.brief(mean))
    }
    guard variance.allSatisfy({ $0 >= 0 }) else {
      throw AttributeError(
        key: "variance", expected: "numbers from 0",
        found: InboundNodes.brief(.array(variance.map { .number($0) })))
    }
    return .dataNormalization(DataNormalization(axes: axes, mean: mean, variance: variance))
  }

  /// The finite numbers of a nested list whose outer extents are all 1, or of one number.
  static func flat(_ value: JSONValue) -> [Double]? {
    if let number = value.double { return number.isFinite ? [number] : nil }
    guard let elements = value.array else { return nil }
    if elements.count == 1, elements[0].array != nil { return flat(elements[0]) }
    let numbers = elements.compactMap(\.double).filter(\.isFinite)
    return numbers.count == elements.count ? numbers : nil
  }
}
