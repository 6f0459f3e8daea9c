import JSON

/// Takes Python's wrappings off configuration values.
enum KerasValue {
  /// The value with tuples, shapes and NumPy scalars as plain lists and numbers, at every depth.
  static func plain(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): return .array(elements.map(plain))
    case .object(let object):
      switch object["class_name"]?.string {
      case "__tuple__", "TensorShape":
        if let items = object["items"]?.array { return .array(items.map(plain)) }
      case "__numpy__", "__tensor__":
        if let stored = object["config"]?["value"] { return plain(stored) }
      default: break
      }
      if object["type"]?.string == "ndarray", let stored = object["value"] { return plain(stored) }
      return .object(plain(object))
    default: return value
    }
  }

  /// The members with their values plain.
  static func plain(_ object: JSONObject) -> JSONObject {
    JSONObject(object.map { ($0.key, plain($0.value)) })
  }

  /// The name of a dtype or of a dtype policy: `float32`, `mixed_float16`, `int8_from_float32`.
  static func policyName(_ value: JSONValue?) -> String {
    if let name = value?.string { return printable(name) }
    guard let config = value?["config"] else { return "float32" }
    if let name = config["name"]?.string { return printable(name) }
    if let mode = config["mode"]?.string {
      return printable("\(mode)_from_\(config["source_name"]?.string ?? "float32")")
    }
    return printable(config["source_name"]?.string ?? "float32")
  }

  /// Whether a configuration holds Python code, or names a layer whose purpose is to run some.
  static func carriesCode(_ value: JSONValue) -> Bool {
    switch value {
    case .array(let elements): return elements.contains(where: carriesCode)
    case .object(let object):
      if let name = object["class_name"]?.string, codeClasses.contains(name) { return true }
      return object.values.contains(where: carriesCode)
    default: return false
    }
  }

  /// Classes that run what their configuration holds or points to.
  static let codeClasses: Set<String> = [
    "Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer",
    "KerasLayer",
  ]
}
