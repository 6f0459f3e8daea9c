import Compression
import Datasets
import Foundation
import HDF5
public import LinearAlgebra
import Models
import Tensors

/// A matrix out of a file, with the names and labels that came along.
public struct NamedMatrix: Sendable {
  /// The file and the place in it.
  public let name: String
  /// The values.
  public let matrix: DoubleMatrix
  /// The relative precision of the stored values.
  public let epsilon: Double
  /// A class per row; nil without a label column.
  public let labels: [Int]?
  /// The names of the classes.
  public let classNames: [String]?

  /// What to take out of a file that holds more than one matrix.
  public struct Selection: Sendable, Hashable {
    /// The layer of a model whose kernel is meant.
    public var layer: String?
    /// The array of an HDF5 file or `.npz` archive.
    public var array: String?
    /// The column of a table that names classes and is no part of the matrix.
    public var label: String?

    /// Makes a selection.
    public init(layer: String? = nil, array: String? = nil, label: String? = nil) {
      self.layer = layer
      self.array = array
      self.label = label
    }
  }

  /// Makes a matrix of known values.
  public init(
    name: String, matrix: DoubleMatrix, epsilon: Double = Double.ulpOfOne, labels: [Int]? = nil,
    classNames: [String]? = nil
  ) {
    self.name = name
    self.matrix = matrix
    self.epsilon = epsilon
    self.labels = labels
    self.classNames = classNames
  }

  /// Reads a table, a NumPy array, an array of an HDF5 file or a kernel of a model.
  ///
  /// Arrays of more than two axes are seen as matrices: the last axis is the columns.
  /// - Throws: an error that names the file, the place and both sides.
  public init(reading path: String, _ selection: Selection = Selection()) throws {
    let suffix = (path as NSString).pathExtension.lowercased()
    if let layer = selection.layer {
      self = try NamedMatrix.kernel(of: path, layer: layer)
    } else if suffix == "npy" {
      self = NamedMatrix(name: path, raw: try NumPyFile.read(path))
    } else if suffix == "npz" {
      guard let array = selection.array else {
        throw PipelineError(place: path, reason: "an archive of arrays; name one with --array")
      }
      self = NamedMatrix(
        name: "\(path): \(array)", raw: try NumPyArchive.read(array, from: path))
    } else if NamedMatrix.isHDF5(path) {
      self = try NamedMatrix.array(of: path, named: selection.array)
    } else if let label = selection.label {
      self = try NamedMatrix.labelled(path, label: label)
    } else {
      let table = try CSVTable(path: path)
      self.init(name: path, matrix: DoubleMatrix(table.values), epsilon: Double(Float.ulpOfOne))
    }
    guard matrix.rows > 0, matrix.columns > 0 else {
      throw PipelineError(
        place: name, reason: "expected a matrix, found [\(matrix.rows)×\(matrix.columns)]")
    }
  }

  private init(name: String, raw: RawTensor) {
    let columns = raw.shape.order == 0 ? 1 : raw.shape.last
    let rows = columns > 0 ? raw.shape.count / columns : 0
    let isDouble = raw.scalarType == .float64
    let values =
      isDouble
      ? NamedMatrix.doubles(raw.bytes) : raw.tensor().elements.map { Double($0) }
    self.init(
      name: name, matrix: DoubleMatrix(rows: rows, columns: columns, elements: values),
      epsilon: isDouble || !raw.scalarType.isFloatingPoint
        ? Double.ulpOfOne : Double(Float.ulpOfOne))
  }

  private static func doubles(_ bytes: [UInt8]) -> [Double] {
    unsafe bytes.withUnsafeBytes { raw in
      (0..<raw.count / 8).map { index in
        // In bounds: there are eight bytes for each index.
        Double(
          bitPattern: UInt64(
            littleEndian: unsafe raw.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)))
      }
    }
  }

  private static func isHDF5(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    let prefix = [UInt8]((try? handle.read(upToCount: 16)) ?? Data())
    return HDF5File.recognises(prefix: prefix.span)
  }

  private static func array(of path: String, named name: String?) throws -> NamedMatrix {
    let file = try HDF5File(reading: path)
    guard let name else {
      let names = try file.root.names.filter { try file.kind($0) == .dataset }
      throw PipelineError(
        place: path,
        reason: "an HDF5 file; name a kernel of a model with --layer or an array with --array"
          + (names.isEmpty ? "" : "; arrays: " + names.prefix(8).joined(separator: ", ")))
    }
    let dataset = try file.dataset(name)
    let columns = dataset.extents.last ?? 1
    let rows = columns > 0 ? dataset.count / columns : 0
    let isDouble = if case .float(.float64, _) = dataset.datatype { true } else { false }
    let values =
      isDouble
      ? doubles(try dataset.readBytes()) : try dataset.readFloats().map { Double($0) }
    return NamedMatrix(
      name: "\(path): \(name)",
      matrix: DoubleMatrix(rows: rows, columns: columns, elements: values),
      epsilon: isDouble ? Double.ulpOfOne : Double(Float.ulpOfOne))
  }

  private static func kernel(of path: String, layer: String) throws -> NamedMatrix {
    let model = try OpenedModel(path).wholeModel()
    let names = model.kernels.map { model.layers[$0.layer].path }
    guard
      let reference = model.kernels.first(where: {
        $0.path == layer || model.layers[$0.layer].path == layer
      })
    else {
      throw SpecificationError(
        "--layer",
        "no layer '\(layer)' with a kernel in \(path)\(NearestName.hint(layer, among: names)); "
          + "they are \(names.prefix(8).joined(separator: ", "))")
    }
    let kernel = try model[reference].reconstructed()
    return NamedMatrix(
      name: "\(path): \(reference.path)", matrix: DoubleMatrix(kernel),
      epsilon: Double(Float.ulpOfOne))
  }

  private static func labelled(_ path: String, label: String) throws -> NamedMatrix {
    var options = DatasetOptions()
    options.labelName = label
    let dataset = try DatasetLoader.load(path, options: options).evaluation()
    let batch = try dataset.batch(0..<dataset.count)
    return NamedMatrix(
      name: path, matrix: DoubleMatrix(batch.inputs), epsilon: Double(Float.ulpOfOne),
      labels: batch.labels, classNames: dataset.classNames)
  }
}
