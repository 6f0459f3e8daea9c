import Archives
import HDF5
import JSON
public import Models

/// Reads `.keras` archives of Keras 2.12 to 2.15 and Keras 3.
///
/// Where the weights are stored and not deflated, they are read in place, when they are needed;
/// deflated ones are inflated once, into memory.
public struct KerasArchiveReader: ModelReader {
  /// `keras-archive`.
  public static let format = "keras-archive"

  private static let configurationName = "config.json"
  private static let metadataName = "metadata.json"
  private static let weightsName = "model.weights.h5"

  /// Makes a reader.
  public init() {}

  /// Whether an archive holds a Keras model.
  static func recognises(_ archive: ZipArchive) -> Bool {
    archive[configurationName] != nil
      && (archive[weightsName] != nil || archive["model.weights.npz"] != nil
        || archive[metadataName] != nil)
  }

  /// Reads the graph and the headers of all weights.
  /// - Throws: `KerasError`, `HDF5Error` or `ArchiveError`, each one line naming file and place.
  public func readModel(at path: String, options: ReadOptions) throws -> ImportedModel {
    var limits = ZipLimits()
    limits.byteCount = options.maximumByteCount
    return try read(try ZipArchive(path: path, limits: limits), at: path, options: options)
  }

  func read(_ archive: ZipArchive, at path: String, options: ReadOptions) throws -> ImportedModel {
    let configuration = try json(Self.configurationName, in: archive)
    var version: KerasVersion?
    if archive[Self.metadataName] != nil {
      version = try json(Self.metadataName, in: archive)["keras_version"]?.string
        .flatMap(KerasVersion.init)
    }
    guard let entry = archive[Self.weightsName] else {
      let isNumPy = archive["model.weights.npz"] != nil
      throw KerasError(
        file: path, place: Self.weightsName,
        problem: isNumPy ? "the weights are kept as .npz, which is not read" : "no such entry",
        advice: "in Keras, save the model again with model.save('model.keras')")
    }
    let name = "\(path): \(Self.weightsName)"
    if let problem = options.refusal(declaring: entry.count, in: entry.compressedCount) {
      throw KerasError(file: path, place: Self.weightsName, problem: problem)
    }
    let weights: HDF5File
    switch entry.method {
    case .stored:
      weights = try HDF5File(
        reading: path, within: entry.offset..<entry.offset + entry.count, name: name,
        limit: options.maximumByteCount)
    case .deflated:
      weights = try HDF5File(
        bytes: try archive.read(entry, limit: options.maximumByteCount), name: name,
        limit: options.maximumByteCount)
    }
    // Weights that are read in place are compared with their checksum before the first value.
    let verification: @Sendable () throws -> Void = {
      if entry.method == .stored { try archive.verifyChecksum(of: entry) }
    }
    let source = KerasSource(
      file: weights, storedByteCount: entry.compressedCount, verification: verification)
    let builder = KerasModelBuilder(source: source, options: options, file: path)
    var imported = try builder.build(
      configuration: configuration, version: version, storage: .objects, format: Self.format)
    imported.remarks += try droppedParts(configuration, weights, archive)
    return imported
  }

  private func json(_ name: String, in archive: ZipArchive) throws -> JSONValue {
    let bytes = try archive.read(name, limit: JSONLimits().byteCount)
    do throws(JSONError) {
      return try JSONValue(parsing: bytes)
    } catch {
      throw KerasError(file: archive.name, place: name, problem: "\(error)")
    }
  }

  private func droppedParts(
    _ configuration: JSONValue, _ weights: HDF5File, _ archive: ZipArchive
  ) throws -> [ImportedModel.Remark] {
    var remarks: [ImportedModel.Remark] = []
    if let compilation = configuration["compile_config"]?.object, !compilation.isEmpty {
      remarks.append(
        ImportedModel.Remark(
          place: "compile_config",
          reason: "dropped: loss and optimiser are chosen anew; compile the model before training"))
    }
    if try weights.root.kind("optimizer") == .group,
      try weights.root.group("optimizer").kind("vars") == .group,
      try !weights.root.group("optimizer").group("vars").names.isEmpty
    {
      remarks.append(
        ImportedModel.Remark(
          place: "optimizer",
          reason: "dropped: the optimiser's state does not outlive a factorisation"))
    }
    let assets = archive.entries.filter { $0.name.hasPrefix("assets/") && !$0.isFolder }.count
    if assets > 0 {
      remarks.append(
        ImportedModel.Remark(
          place: "assets", reason: "dropped: \(assets) files that layers such as lookups read"))
    }
    return remarks
  }
}
