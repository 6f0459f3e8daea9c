import HDF5
import JSON

/// Small Keras files made by hand, each with one thing wrong.
struct KerasFile {
  /// A stored weight.
  struct Stored {
    var name: String
    var extents: [Int]
    var values: [Float]?
  }

  var configuration: String
  var layers: [(name: String, weights: [Stored])]
  var version = "2.15.0"

  /// x [3] → Dense(4) `a` → Dense(2) `b`, a Functional in the dialect of Keras 2.
  static func functional() -> KerasFile {
    KerasFile(
      configuration: """
        {"class_name": "Functional", "config": {"name": "m", "layers": [
        {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
        "config": {"name": "x", "batch_input_shape": [null, 3], "dtype": "float32"}},
        {"class_name": "Dense", "name": "a", "inbound_nodes": [[["x", 0, 0, {}]]],
        "config": {"name": "a", "units": 4, "activation": "relu", "use_bias": true}},
        {"class_name": "Dense", "name": "b", "inbound_nodes": [[["a", 0, 0, {}]]],
        "config": {"name": "b", "units": 2, "activation": "linear", "use_bias": false}}],
        "input_layers": [["x", 0, 0]], "output_layers": [["b", 0, 0]]}}
        """,
      layers: [
        (
          "a",
          [
            Stored(name: "a/kernel:0", extents: [3, 4]), Stored(name: "a/bias:0", extents: [4]),
          ]
        ),
        ("b", [Stored(name: "b/kernel:0", extents: [4, 2])]),
      ])
  }

  /// The same file with a part of its configuration replaced.
  func replacing(_ old: String, _ new: String) -> KerasFile {
    var file = self
    file.configuration = configuration.replacing(old, with: new)
    return file
  }

  /// The same file with the layers changed.
  func with(_ change: (inout KerasFile) -> Void) -> KerasFile {
    var file = self
    change(&file)
    return file
  }

  func write(to path: String) throws {
    let file = try HDF5Writer(creating: path)
    try file.setAttribute("model_config", .variableText(configuration))
    try file.setAttribute("keras_version", .variableText(version))
    try file.createGroup("/model_weights")
    try file.setAttribute("layer_names", on: "/model_weights", .texts(layers.map(\.name)))
    var written = Set<String>()
    for layer in layers where written.insert(layer.name).inserted {
      let group = "/model_weights/\(layer.name)"
      try file.createGroup(group)
      try file.setAttribute("weight_names", on: group, .texts(layer.weights.map(\.name)))
      var names = Set<String>()
      for weight in layer.weights where names.insert(weight.name).inserted {
        let count = weight.extents.reduce(1, *)
        let values = weight.values ?? (0..<count).map { Float($0) / 8 }
        try file.writeDataset("\(group)/\(weight.name)", extents: weight.extents, floats: values)
      }
    }
    try file.close()
  }
}
