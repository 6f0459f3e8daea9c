import Archives
import Foundation
import HDF5
import ModelFile
public import Models

/// Opens model files, whatever their names: the content decides which reader is asked.
public enum FormatRegistry {
  /// A format kept in HDF5, and how it is told from the others.
  private struct HDF5Format: Sendable {
    let recognises: @Sendable (HDF5File) throws -> Bool
    let read: @Sendable (HDF5File, String, ReadOptions) throws -> ImportedModel
  }

  /// The formats in HDF5, in the order in which they are asked.
  ///
  /// A container comes first, for its Keras view would be taken for a plain Keras file.
  private static let formats: [HDF5Format] = [
    HDF5Format(
      recognises: ModelFileReader.recognises,
      read: { file, _, options in try ModelFileReader().read(file, options: options) }),
    HDF5Format(
      recognises: KerasH5Reader.recognises,
      read: { file, _, options in try KerasH5Reader().read(file, options: options) }),
    HDF5Format(
      recognises: WeightsOnly.recognises,
      read: { file, _, options in try WeightsOnly.read(file, options: options) }),
  ]

  /// The names of the formats that can be read.
  public static let formatNames = [
    ModelFileReader.format, KerasH5Reader.format, KerasArchiveReader.format,
  ]

  /// Opens a model; values stay in the file until they are needed.
  ///
  /// A file that holds only weights is opened too, and says so in `isWeightsOnly`.
  /// - Throws: an error whose description is one line: file, place, both sides, what to do.
  public static func open(_ path: String, options: ReadOptions = ReadOptions()) throws
    -> ImportedModel
  {
    let head = try head(of: path)
    if HDF5File.recognises(prefix: head.bytes.span) {
      return try openHDF5(
        try HDF5File(reading: path, limit: options.maximumByteCount), path, options)
    }
    if ZipArchive.recognizes(head.bytes) { return try openArchive(path, options) }
    let foreign = ForeignFormat.recognised(
      prefix: head.bytes, name: path, size: head.size)
    throw KerasError(file: path, place: "", problem: foreign.finding, advice: foreign.advice)
  }

  private static func openHDF5(_ file: HDF5File, _ path: String, _ options: ReadOptions) throws
    -> ImportedModel
  {
    for format in formats where try format.recognises(file) {
      return try format.read(file, path, options)
    }
    throw KerasError(
      file: path, place: "", problem: "an HDF5 file, but without a model in it",
      advice: "give a file that Keras saved with model.save, or a container written by modelc")
  }

  private static func openArchive(_ path: String, _ options: ReadOptions) throws -> ImportedModel {
    var limits = ZipLimits()
    limits.byteCount = options.maximumByteCount
    let archive = try ZipArchive(path: path, limits: limits)
    if KerasArchiveReader.recognises(archive) {
      return try KerasArchiveReader().read(archive, at: path, options: options)
    }
    let isTorch = archive.entries.contains {
      $0.name.hasSuffix("/data.pkl") || $0.name == "data.pkl"
    }
    let isNumPy =
      !archive.entries.isEmpty && archive.entries.allSatisfy { $0.name.hasSuffix(".npy") }
    let foreign: ForeignFormat = isTorch ? .pickle : isNumPy ? .numpy : .zip
    throw KerasError(file: path, place: "", problem: foreign.finding, advice: foreign.advice)
  }

  /// The size and the first bytes of a regular file.
  private static func head(of path: String) throws -> (bytes: [UInt8], size: Int) {
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw KerasError(file: path, place: "", problem: "no such file")
    }
    if isFolder.boolValue {
      let graph = (path as NSString).appendingPathComponent("saved_model.pb")
      let isSavedModel = FileManager.default.fileExists(atPath: graph)
      throw KerasError(
        file: path, place: "",
        problem: isSavedModel ? "a TensorFlow SavedModel folder, which is not read" : "a folder",
        advice: isSavedModel
          ? "load it with Keras 2 and save it with model.save('model.h5')"
          : "give the path of a model file")
    }
    let start: FilePrefix
    do throws(ArchiveError) {
      start = try FilePrefix(path: path, count: 4096)
    } catch {
      throw KerasError(file: path, place: "", problem: "\(error.problem)")
    }
    return (start.bytes, start.size)
  }
}

extension ImportedModel {
  /// The model, if the file held its graph.
  /// - Throws: an error that says what is missing and how to save the whole model.
  public func wholeModel(from path: String) throws -> Model {
    guard !isWeightsOnly else {
      throw KerasError(
        file: path, place: "model_config", problem: "no graph: the file holds weights only",
        advice: "in Keras, save the whole model with model.save('model.keras') and give that")
    }
    return model
  }
}
