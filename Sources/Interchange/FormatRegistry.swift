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
    if ZipArchive.recognizes(head.bytes) { return try openArchive(path, head.bytes, options) }
    let foreign = ForeignFormat.recognised(
      prefix: head.bytes, name: path, size: head.size)
    throw refusal(of: path, foreign)
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

  private static func openArchive(_ path: String, _ head: [UInt8], _ options: ReadOptions) throws
    -> ImportedModel
  {
    // PyTorch's archives begin with their pickle, and are none that a zip reader needs to like.
    let firstName = String(decoding: head.dropFirst(30).prefix(512), as: UTF8.self)
    if firstName.contains("/data.pkl") { throw refusal(of: path, .pickle) }
    var limits = ZipLimits()
    limits.byteCount = options.maximumByteCount
    let archive = try ZipArchive(path: path, limits: limits)
    if KerasArchiveReader.recognises(archive) {
      return try KerasArchiveReader().read(archive, at: path, options: options)
    }
    let names = archive.entries.map(\.name)
    if names.contains(where: { $0.hasSuffix("data.pkl") }) { throw refusal(of: path, .pickle) }
    let isNumPy = !names.isEmpty && names.allSatisfy { $0.hasSuffix(".npy") }
    throw refusal(of: path, isNumPy ? .numpy : .zip)
  }

  private static func refusal(of path: String, _ foreign: ForeignFormat) -> KerasError {
    KerasError(file: path, place: "", problem: foreign.finding, advice: foreign.advice)
  }

  /// The size and the first bytes of a regular file.
  private static func head(of path: String) throws -> (bytes: [UInt8], size: Int) {
    var isFolder: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if exists && isFolder.boolValue {
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
      let problem = "\(error.problem)"
      throw KerasError(
        file: path, place: "",
        problem: problem.hasSuffix("no such file or directory") ? "no such file" : problem)
    }
    return (start.bytes, start.size)
  }
}
