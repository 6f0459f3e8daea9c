public import HDF5
import JSON
public import Models

/// Reads whole models that Keras 2.4 to 2.15 or Keras 3 saved as `.h5`.
///
/// Weights stay in the file until they are needed. The optimiser's state and the training
/// configuration are left behind, and a remark says so.
public struct KerasH5Reader: ModelReader {
  /// `keras-h5`.
  public static let format = "keras-h5"

  /// Makes a reader.
  public init() {}

  /// Whether an HDF5 file holds a whole Keras model.
  public static func recognises(_ file: HDF5File) throws -> Bool {
    try file.root.attribute("model_config") != nil
  }

  /// Reads the graph and the headers of all weights.
  /// - Throws: `KerasError` or `HDF5Error`, each one line naming file and place.
  public func readModel(at path: String, options: ReadOptions) throws -> ImportedModel {
    try read(try HDF5File(reading: path, limit: options.maximumByteCount), options: options)
  }

  func read(_ file: HDF5File, options: ReadOptions) throws -> ImportedModel {
    let root = try file.root
    guard let attribute = try root.attribute("model_config") else {
      throw KerasError(
        file: file.name, place: "", problem: "no attribute 'model_config', so no model",
        advice: WeightsOnly.advice)
    }
    let text = try attribute.string()
    let configuration: JSONValue
    do throws(JSONError) {
      configuration = try JSONValue(parsing: text)
    } catch {
      throw KerasError(file: file.name, place: "model_config", problem: "\(error)")
    }
    let group = try root.kind("model_weights") == .group ? root.group("model_weights") : root
    let version = try version(of: root) ?? version(of: group)
    let builder = KerasModelBuilder(
      source: KerasSource(file: file), options: options, file: file.name)
    var imported = try builder.build(
      configuration: configuration, version: version, storage: .legacy(group),
      format: Self.format)
    imported.remarks += try droppedParts(root)
    return imported
  }

  private func version(of group: HDF5Group) throws -> KerasVersion? {
    try group.attribute("keras_version").flatMap { KerasVersion(try $0.string()) }
  }

  private func droppedParts(_ root: HDF5Group) throws -> [ImportedModel.Remark] {
    var remarks: [ImportedModel.Remark] = []
    if try root.attribute("training_config") != nil {
      remarks.append(
        ImportedModel.Remark(
          place: "training_config",
          reason: "dropped: loss and optimiser are chosen anew; compile the model before training"))
    }
    if try root.kind("optimizer_weights") == .group {
      remarks.append(
        ImportedModel.Remark(
          place: "optimizer_weights",
          reason: "dropped: the optimiser's state does not outlive a factorisation"))
    }
    return remarks
  }
}
