import Tensors

/// Takes components by name and checks their shapes, so that a form is built whole or not at all.
struct ComponentReader {
  private var rest: [String: Parameter] = [:]
  private var duplicate: String?

  init(_ components: [Component]) {
    for component in components {
      if rest.updateValue(component.parameter, forKey: component.name) != nil {
        duplicate = component.name
      }
    }
  }

  func contains(_ name: String) -> Bool { rest[name] != nil }

  /// Takes the component `name`; a nil extent accepts any size.
  mutating func take(_ name: String, shape expected: [Int?]) throws(WeightFormError) -> Parameter {
    if let duplicate { throw WeightFormError("component '\(duplicate)' is listed twice") }
    guard let parameter = rest.removeValue(forKey: name) else {
      throw WeightFormError("component '\(name)' is missing")
    }
    let found = parameter.shape.extents
    let fits =
      found.count == expected.count
      && zip(found, expected).allSatisfy { extent, wanted in wanted.map { $0 == extent } ?? true }
    guard fits else {
      let wanted = expected.map { $0.map(String.init) ?? "?" }.joined(separator: "×")
      throw WeightFormError(
        "component '\(name)': expected shape [\(wanted)], found [\(parameter.shape)]")
    }
    return parameter
  }

  func finish() throws(WeightFormError) {
    if let name = rest.keys.min() { throw WeightFormError("unknown component '\(name)'") }
  }
}
