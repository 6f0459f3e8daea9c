public import HDF5
import JSON
import Models

extension KerasView {
  /// The version of Keras whose dialect the view keeps to.
  static let version = "2.15.0"
  private static let root = "/model_weights"

  /// Adds `model_config` and the group `model_weights`, whose data sets are links to the
  /// container's own.
  public func write(
    to file: borrowing HDF5Writer,
    tensorPath: (_ layer: String, _ weight: String, _ component: String) -> String
  ) throws {
    try writeAttributes(to: file)
    for layer in layers {
      for weight in layer.weights {
        let path = Self.path(of: weight, in: layer)
        if let selection = weight.selection {
          try Self.writeMatrix(of: selection, at: path, to: file)
          continue
        }
        try file.link(tensorPath(weight.layer, weight.weight, weight.component), at: path)
      }
      try Self.writeNames(
        layer.weights.map { Self.name(of: $0, in: layer) }, "weight_names",
        on: "\(Self.root)/\(layer.name)", to: file)
    }
  }

  /// Writes the matrix [inputs × kept] with a one where an entry is kept; deflate leaves little.
  static func writeMatrix(
    of selection: Selection, at path: String, to file: borrowing HDF5Writer
  ) throws(HDF5Error) {
    let columns = selection.positions.count
    var bytes = [UInt8](repeating: 0, count: 4 * selection.inputs * columns)
    for (column, row) in selection.positions.enumerated() {
      // 1 as float32, little endian: 00 00 80 3f.
      bytes[4 * (row * columns + column) + 2] = 0x80
      bytes[4 * (row * columns + column) + 3] = 0x3F
    }
    let rows = max(1, min(selection.inputs, (1 << 20) / max(4 * columns, 1)))
    try file.writeDataset(
      path, extents: [selection.inputs, columns], datatype: .float(.float32), bytes: bytes,
      layout: .chunked([rows, columns], HDF5Filters(shuffles: true, deflateLevel: 9)))
  }

  /// Writes everything but the weights of layers and the lists of their names.
  func writeAttributes(to file: borrowing HDF5Writer) throws(HDF5Error) {
    // Of variable length: a fixed one of more than 64 KB does not fit into an object header.
    try file.setAttribute("model_config", .variableText(configuration.serialized()))
    try file.createGroup(Self.root)
    for place in ["/", Self.root] {
      try file.setAttribute("keras_version", on: place, .variableText(Self.version))
      try file.setAttribute("backend", on: place, .variableText("tensorflow"))
    }
    try Self.writeNames(layers.map(\.name), "layer_names", on: Self.root, to: file)
  }

  static func writeNames(_ layer: WeightedLayer, to file: borrowing HDF5Writer) throws(HDF5Error) {
    try writeNames(
      layer.weights.map { name(of: $0, in: layer) }, "weight_names", on: "\(root)/\(layer.name)",
      to: file)
  }

  /// The name that `weight_names` lists: `dense/kernel:0`.
  private static func name(of weight: WeightLink, in layer: WeightedLayer) -> String {
    "\(layer.name)/\(weight.name):0"
  }

  /// Where Keras looks for a weight.
  static func path(of weight: WeightLink, in layer: WeightedLayer) -> String {
    "\(root)/\(layer.name)/\(name(of: weight, in: layer))"
  }

  /// Writes a list of names, cut into `name0`, `name1`, … where it exceeds an attribute's size.
  private static func writeNames(
    _ names: [String], _ attribute: String, on path: String, to file: borrowing HDF5Writer
  ) throws(HDF5Error) {
    let width = max(1, names.map(\.utf8.count).max() ?? 1)
    let perPart = max(1, HDF5Writer.attributeLimit / width)
    if names.count <= perPart {
      try file.setAttribute(attribute, on: path, .texts(names))
      return
    }
    // Equal parts, the first ones longer by one, as NumPy's array_split makes them.
    let parts = (names.count + perPart - 1) / perPart
    var start = 0
    for part in 0..<parts {
      let count = names.count / parts + (part < names.count % parts ? 1 : 0)
      try file.setAttribute(
        "\(attribute)\(part)", on: path, .texts(Array(names[start..<start + count])))
      start += count
    }
  }
}
