import HDF5
import JSON
import Models
import Tensors

/// Files that hold weights without a graph: legacy `save_weights`, and `.weights.h5`.
enum WeightsOnly {
  static let advice =
    "only weights were saved; in Keras, save the whole model with model.save('model.keras')"

  /// Whether an HDF5 file is one of them.
  static func recognises(_ file: HDF5File) throws -> Bool {
    let root = try file.root
    if try root.attribute("model_config") != nil { return false }
    if try root.names(under: "layer_names") != nil { return true }
    return try ObjectBinder.containers.contains { try root.kind($0) == .group }
  }

  /// The weights as layers without a graph.
  static func read(_ file: HDF5File, options: ReadOptions) throws -> ImportedModel {
    let root = try file.root
    let source = KerasSource(file: file)
    let isLegacy = try root.names(under: "layer_names") != nil
    let layers = try isLegacy ? legacyLayers(root, source) : objectLayers(root, source)
    var total = 0
    for layer in layers {
      let (sum, overflow) = total.addingReportingOverflow(layer.byteCount)
      total = overflow ? Int.max : sum
      if let problem = options.refusal(declaring: total, in: source.storedByteCount) {
        throw source.failure(layer.path, problem)
      }
    }
    let model = Model(name: "weights", layers: layers, calls: [], inputs: [], outputs: [])
    let remark = ImportedModel.Remark(
      place: "model_config", reason: "missing: the file holds weights without a graph; " + advice)
    return ImportedModel(
      model: model, remarks: [remark], format: isLegacy ? "keras-weights-h5" : "keras-weights",
      isWeightsOnly: true)
  }

  private static func legacyLayers(_ root: HDF5Group, _ source: KerasSource) throws -> [Layer] {
    var layers: [Layer] = []
    var seen = Set<String>()
    for name in try root.names(under: "layer_names") ?? [] {
      guard seen.insert(name).inserted else {
        throw source.failure(root.path, "layer_names lists '\(printable(name))' twice")
      }
      let weights = try root.group(name).names(under: "weight_names") ?? []
      let stored = try weights.map { try source.stored("/\(name)/\($0)") }
      if !weights.isEmpty {
        layers.append(layer(name, LegacyBinder.shortNames(weights), stored, source))
      }
    }
    return layers
  }

  private static func objectLayers(_ root: HDF5Group, _ source: KerasSource) throws -> [Layer] {
    let container = try ObjectBinder.containers.first { try root.kind($0) == .group }
    let found = try VariableCollector(source: source).variables(
      below: root.group(container ?? "layers"))
    var order: [String] = []
    var table: [String: [(name: String, stored: StoredTensor)]] = [:]
    for variable in found {
      let parts = variable.name.split(separator: "/")
      let path = parts.dropLast().filter { $0 != "layers" }.joined(separator: "/")
      if table[path] == nil { order.append(path) }
      table[path, default: []].append((String(parts.last ?? ""), variable.stored))
    }
    return order.map { path in
      let variables = table[path] ?? []
      return layer(path, variables.map(\.name), variables.map(\.stored), source)
    }
  }

  private static func layer(
    _ path: String, _ names: [String], _ stored: [StoredTensor], _ source: KerasSource
  ) -> Layer {
    var layer = Layer(
      path: path, kind: .opaque(Opaque(className: "Weights", module: nil, configuration: [:])))
    layer.weights = zip(names, stored).map { name, tensor in
      Layer.NamedWeight(
        name,
        Weight(
          Parameter(
            deferredTo: source, key: tensor.path, shape: tensor.shape,
            scalarType: tensor.scalarType)))
    }
    return layer
  }
}
