import HDF5
import Tensors

/// HDF5 files with arrays of inputs and labels.
///
/// A root attribute `class_names`, an array of strings, names the classes; `value_range`, two
/// numbers, says what the suggested scaling maps to 0 … 1.
enum HDF5Source {
  static func read(
    path: String, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    let file = try located(path) { () throws(HDF5Error) in
      try HDF5File(reading: path, limit: options.byteLimit)
    }
    if FactoredImages.recognises(file) {
      return try FactoredImages.read(file, path: path, options: options)
    }
    if options.dataRank != nil { throw FactoredImages.refusal(at: path) }
    return try file.parts(path: path, options: options)
  }

  /// Runs `body` and restates an HDF5 error as one of a data set.
  static func located<Result>(
    _ path: String, _ body: () throws(HDF5Error) -> Result
  ) throws(DatasetError) -> Result {
    do throws(HDF5Error) {
      return try body()
    } catch {
      throw DatasetError(.hdf5(error.description), at: path)
    }
  }
}

extension HDF5File {
  fileprivate func parts(
    path: String, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    let names = try HDF5Source.located(path) { () throws(HDF5Error) in try datasetNames() }
    let isModel = (try? kind("model_weights")) != nil
    if names.isEmpty || isModel {
      throw DatasetError(
        .refused(
          isModel
            ? "a Keras model, not a data set" : "no data sets at the root or one level below"),
        at: path)
    }
    let classNames = try HDF5Source.located(path) { () throws(HDF5Error) in
      try root.attribute("class_names")?.strings()
    }
    let range = try HDF5Source.located(path) { () throws(HDF5Error) in
      try root.attribute("value_range")?.doubles()
    }
    var parts: [DatasetSplit: Dataset] = [:]
    for part in try ArrayNames.find(in: names, options: options, place: path)
    where options.splits.contains(part.split) {
      var labels: ArrayContent?
      if let name = part.labels {
        labels = try content(name, path: path, options: options)
      }
      parts[part.split] = try Dataset(
        name: Folder.lastComponent(of: path), kind: .hdf5, split: part.split,
        inputs: try content(part.inputs, path: path, options: options), labels: labels,
        classNames: classNames.flatMap { $0.isEmpty ? nil : $0 },
        suggestedScaling: range.flatMap(SampleScaling.init(unitFrom:)))
    }
    return parts
  }

  /// The data sets of the root and of its groups.
  private func datasetNames() throws(HDF5Error) -> [String] {
    var names: [String] = []
    // Hard links may lead to one group again and again.
    var seen = Set<UInt64>()
    for name in try root.names.prefix(1000) {
      switch try kind(name) {
      case .dataset: names.append(name)
      case .group:
        let group = try group(name)
        guard seen.insert(group.objectAddress).inserted else { continue }
        for inner in group.names.prefix(1000) where try group.kind(inner) == .dataset {
          names.append("\(name)/\(inner)")
        }
      default: break
      }
    }
    return names
  }

  /// One array as samples: in memory up to `residentByteCount`, else read on demand.
  func content(
    _ name: String, path: String, options: DatasetOptions
  ) throws(DatasetError) -> ArrayContent {
    let dataset = try HDF5Source.located(path) { () throws(HDF5Error) in
      try self.dataset(name)
    }
    let place = "\(path): \(name)"
    guard let scalarType = dataset.datatype.scalarType else {
      throw DatasetError(
        .shape(expected: "numbers", found: "elements of type \(dataset.datatype)"), at: place)
    }
    guard let count = dataset.extents.first else {
      throw DatasetError(
        .shape(expected: "examples along the first axis", found: "a single value"), at: place)
    }
    guard let shape = Shape(checking: dataset.extents) else {
      throw DatasetError(
        .refused("declares \(dataset.extents) values, more than any file holds"), at: place)
    }
    if let problem = DatasetOptions.refusal(declaring: dataset.byteCount, in: fileSize) {
      throw DatasetError(.refused(problem), at: place)
    }
    let rowShape = Shape(Array(shape.extents.dropFirst()))
    if dataset.byteCount <= options.residentByteCount {
      let bytes = try HDF5Source.located(path) { () throws(HDF5Error) in
        try dataset.readBytes()
      }
      return ArrayContent(
        place: place,
        samples: ResidentSamples(
          count: count, rowShape: rowShape, scalarType: scalarType, content: bytes))
    }
    return ArrayContent(
      place: place,
      samples: StreamedSamples(count: count, rowShape: rowShape, scalarType: scalarType) {
        (rows) throws(DatasetError) in
        try HDF5Source.located(path) { () throws(HDF5Error) in
          try dataset.readBytes(rows: rows)
        }
      })
  }
}

extension HDF5Datatype {
  /// The type under which the values are read, always little endian.
  fileprivate var scalarType: ScalarType? {
    switch self {
    case .float(let format, _): ScalarType(rawValue: format.rawValue)
    case .integer(let size, let isSigned, _), .enumeration(let size, let isSigned, _):
      ScalarType(rawValue: (isSigned ? "int" : "uint") + String(8 * size))
    case .boolean: .bool
    case .opaque(2, _): .bfloat16
    default: nil
    }
  }
}
