import HDF5
import ModelFile
public import Models
import Tensors

/// Writes a model as a Keras `.h5` file that Keras 2.12 to 2.15 and every Keras 3 load.
///
/// Factors become layers, as in a container's Keras view; kernels that are to be dense again must
/// be rebuilt before. Types that Keras cannot read, bfloat16 and int8, are widened to float32.
public enum KerasWriter {
  /// Writes the file atomically.
  /// - Throws: `KerasViewObstacle` for a model that Keras cannot hold; what reading deferred
  ///   tensors or writing throws. The old file is then untouched.
  public static func write(
    _ model: Model, to path: String, force: Bool = false, allowsCode: Bool = false
  ) throws {
    let view = try KerasView(of: model, allowsCode: allowsCode, allowsAnyType: true)
    let output = try TemporaryOutput(for: path, force: force)
    let file = try HDF5Writer(creating: output.path)
    try write(view, of: model, to: file)
    try file.close()
    try output.commit()
  }

  private static func write(_ view: KerasView, of model: Model, to file: borrowing HDF5Writer)
    throws
  {
    var table: [String: Layer] = [:]
    for layer in model.layers { table[layer.path] = layer }
    try view.writeAttributes(to: file)
    for layer in view.layers {
      for link in layer.weights {
        if let selection = link.selection {
          try KerasView.writeMatrix(
            of: selection, at: KerasView.path(of: link, in: layer), to: file)
          continue
        }
        let weight = table[link.layer]?.weight(link.weight)
        guard
          let parameter = weight?.components.first(where: { $0.name == link.component })?.parameter
        else {
          throw ModelError(
            place: "\(link.layer)/\(link.weight)", reason: "no component '\(link.component)'")
        }
        try write(parameter, at: KerasView.path(of: link, in: layer), to: file)
      }
      try KerasView.writeNames(layer, to: file)
    }
  }

  private static func write(
    _ parameter: Parameter, at path: String, to file: borrowing HDF5Writer
  ) throws {
    guard parameter.encoding == .plain, let datatype = datatype(parameter.scalarType) else {
      let tensor = try parameter.tensor()
      try file.writeDataset(path, extents: tensor.shape.extents, floats: tensor.elements)
      return
    }
    let raw = try parameter.raw()
    try file.writeDataset(
      path, extents: raw.shape.extents, datatype: datatype, bytes: raw.bytes)
  }

  /// The stored type, where Keras reads it.
  private static func datatype(_ type: ScalarType) -> HDF5Datatype? {
    switch type {
    case .float16: .float(.float16)
    case .float32: .float(.float32)
    case .float64: .float(.float64)
    case .bfloat16: nil
    case .int8, .int16, .int32, .int64: .integer(size: type.byteCount, isSigned: true)
    case .uint8, .uint16, .uint32, .uint64: .integer(size: type.byteCount, isSigned: false)
    case .bool: .boolean
    }
  }
}
