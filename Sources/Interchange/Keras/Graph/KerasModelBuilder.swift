import HDF5
import JSON
import Models
import Tensors

/// Makes a model of a configuration and the file that holds its weights.
struct KerasModelBuilder {
  let source: KerasSource
  let options: ReadOptions
  /// The file's name, for messages about the configuration.
  let file: String

  /// How the file keeps its weights.
  enum Storage {
    /// A legacy `.h5`: groups and lists of names below this group.
    case legacy(HDF5Group)
    /// `layers/<class>/vars/<i>`.
    case objects
  }

  /// Reads the configuration, binds the weights and checks that both fit.
  func build(configuration: JSONValue, version: KerasVersion?, storage: Storage, format: String)
    throws -> ImportedModel
  {
    do {
      var reader = LevelReader()
      let level = try reader.read(configuration)
      let fallback = reader.isKeras3 ? KerasVersion(major: 3, minor: 0) : .unstated
      var remarks: [ImportedModel.Remark] = []
      try translate(level, version: version ?? fallback, &remarks)
      switch storage {
      case .legacy(let group): try LegacyBinder(source: source, root: group).bind(level)
      case .objects: try ObjectBinder(source: source).bind(level)
      }
      try checkSize(level)
      var inliner = GraphInliner(
        layers: LayerBuilder(source: source, allowsNonFinite: options.allowsNonFinite))
      var model = try inliner.model(level)
      remarks = OperatorCheck(inliner.operators).settle(&model, remarks)
      model.name = model.name.isEmpty ? "model" : model.name
      try model.validate()
      try KernelShapeCheck(model: model).run()
      return ImportedModel(model: model, remarks: remarks, format: format)
    } catch let problem as KerasProblem {
      throw problem.located(in: file)
    } catch let error as ModelError {
      throw KerasError(file: file, place: error.place, problem: error.reason)
    }
  }

  private func translate(
    _ level: KerasLevel, version: KerasVersion, _ remarks: inout [ImportedModel.Remark]
  ) throws {
    var regularised: [String] = []
    try translate(level, version: version, &remarks, &regularised)
    if !regularised.isEmpty {
      let more = regularised.count > 1 ? " and \(regularised.count - 1) more" : ""
      remarks.append(
        ImportedModel.Remark(
          place: regularised[0] + more,
          reason: "regularisers and constraints are dropped; they act in training only"))
    }
  }

  private func translate(
    _ level: KerasLevel, version: KerasVersion, _ remarks: inout [ImportedModel.Remark],
    _ regularised: inout [String]
  ) throws {
    let reachable = Set(level.order)
    for (index, entry) in level.entries.enumerated() {
      guard reachable.contains(index) else {
        remarks.append(
          ImportedModel.Remark(
            place: entry.path, reason: "dropped, as Keras does: no output depends on it"))
        continue
      }
      if let nested = entry.nested {
        try translate(nested, version: version, &remarks, &regularised)
        continue
      }
      let translation = try LayerTranslator(entry: entry, version: version).translated()
      entry.translation = translation
      if let remark = translation.remark {
        remarks.append(ImportedModel.Remark(place: entry.path, reason: remark))
      } else if entry.configuration.contains(where: Self.isTrainingOnly) {
        regularised.append(entry.path)
      }
    }
  }

  private static func isTrainingOnly(_ key: String, _ value: JSONValue) -> Bool {
    (key.hasSuffix("_regularizer") || key.hasSuffix("_constraint")) && value != .null
  }

  /// Compares the bytes of all tensors with the limits, before any is read.
  private func checkSize(_ level: KerasLevel) throws {
    var total = 0
    func add(_ level: KerasLevel) throws {
      for entry in level.bound {
        if let nested = entry.nested { try add(nested) }
        for weight in entry.weights {
          let (bytes, tooMany) = weight.stored.shape.count.multipliedReportingOverflow(
            by: weight.stored.scalarType.byteCount)
          let (sum, overflow) = total.addingReportingOverflow(bytes)
          total = tooMany || overflow ? Int.max : sum
          if let problem = options.refusal(declaring: total, in: source.storedByteCount) {
            throw KerasError(file: file, place: weight.stored.path, problem: problem)
          }
        }
      }
    }
    try add(level)
  }
}
