public import HDF5
public import Models
import Tensors

/// Reads modelc's own container; values stay in the file until they are asked for.
///
/// What is read back is bitwise what was written: each tensor is compared with its digest.
public struct ModelFileReader: ModelReader {
  /// `modelc`.
  public static var format: String { Schema.format }

  /// Makes a reader.
  public init() {}

  /// Whether an HDF5 file says that it is a container, of whatever version.
  public static func recognises(_ file: HDF5File) -> Bool {
    (try? file.root).map(Container.Root.isContainer) ?? false
  }

  /// Reads the container at `path`.
  /// - Throws: `HDF5Error` or `ModelFileError` naming the file, the place and both sides.
  public func readModel(at path: String, options: ReadOptions) throws -> ImportedModel {
    try read(HDF5File(reading: path, limit: options.maximumByteCount), options: options)
  }

  /// Reads a container that is open, such as an image in memory.
  /// - Throws: as ``readModel(at:options:)`` does.
  public func read(_ file: HDF5File, options: ReadOptions = ReadOptions()) throws -> ImportedModel {
    let container = try Container(file)
    let model = try ModelAssembly(container, options: options).model()
    return ImportedModel(model: model, remarks: [], format: Self.format)
  }
}
