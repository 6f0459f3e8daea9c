import HDF5

/// What a legacy `.h5` says of itself: its configuration, and its layers in Keras' order.
struct HDF5Names {
  let configuration: String
  let layerNames: [String]

  init(_ path: String) throws {
    let file = try HDF5File(reading: path)
    configuration = try file.root.attribute("model_config")?.string() ?? ""
    let group = try file.group("/model_weights")
    if let whole = try group.attribute("layer_names") {
      layerNames = try whole.strings()
      return
    }
    var names: [String] = []
    var part = 0
    while let attribute = try group.attribute("layer_names\(part)") {
      names += try attribute.strings()
      part += 1
    }
    layerNames = names
  }
}
