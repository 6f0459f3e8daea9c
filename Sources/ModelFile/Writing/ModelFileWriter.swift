import Glibc
import HDF5
public import Models

/// Writes modelc's own container, layer by layer, whole or not at all.
///
/// `spec/format.md` is the format. Deferred tensors are read when their turn comes and dropped
/// afterwards, so a model larger than memory can be written. The same model and options give the
/// same bytes.
public enum ModelFileWriter {
  /// Writes `model` to `path`, and `views` of it into the same file.
  ///
  /// The file is written under another name beside `path`, brought to the disk, read back and
  /// compared, and then renamed: until the end, what stands at `path` is untouched. `progress` is
  /// called after each stage; what it throws stops the writing.
  /// - Throws: `OutputError` where a file stands and `force` is false, or where the system refuses;
  ///   `HDF5Error`; what reading a deferred tensor or writing a view throws.
  @discardableResult
  public static func write(
    _ model: Model, to path: String, options: StorageOptions = StorageOptions(),
    force: Bool = false, views: [any ContainerView] = [],
    progress: (WriteStage) throws -> Void = { _ in }
  ) throws -> WrittenFile {
    precondition(options.layout == .open || views.isEmpty, "a packed file has no views")
    let output = try TemporaryOutput(for: path, force: force)
    let written: WrittenFile
    do {
      try progress(.started)
      switch options.layout {
      case .open: try writeOpen(model, to: output.path, options, views, progress)
      case .packed: try writePacked(model, to: output.path, options, progress)
      }
      try seal(output)
      try progress(.sealed)
      try output.sync()
      written = try verify(output.path, as: path)
      try progress(.verified)
    } catch let error as HDF5Error where error.file == output.path {
      throw translated(error, to: path)
    }
    try output.commit()
    return written
  }

  private static func writeOpen(
    _ model: Model, to path: String, _ options: StorageOptions, _ views: [any ContainerView],
    _ progress: (WriteStage) throws -> Void
  ) throws {
    let file = try HDF5Writer(
      creating: path, options: HDF5WriterOptions(compatibility: .v110, blockByteCount: 0))
    let count = componentCount(of: model)
    var nodes = NodeWriter(model, options: options, hasViews: !views.isEmpty)
    var index = 0
    for layer in model.layers {
      try nodes.write(layer, to: file) { place in
        try progress(.tensor(place, index: index, count: count))
        index += 1
      }
    }
    let graph = StoredGraph(model, layers: nodes.layers, isStripped: options.isStripped)
    let bytes = graph.bytes
    try file.writeDataset(
      Schema.Path.graph, extents: [bytes.count], datatype: .integer(size: 1, isSigned: false),
      bytes: bytes, layout: graphLayout(bytes))
    let features = graph.hasSparseValues ? Schema.Feature.sparse : ""
    try writeFacts(features: features, to: file)
    try file.setAttribute(
      Schema.Attribute.digest,
      .text(
        Digest.root(
          version: Schema.version, producer: Schema.producer, features: features,
          graph: bytes)))
    try progress(.graph)
    let paths = nodes.paths
    for view in views {
      try view.write(to: file) { layer, weight, component in
        let key = "\(layer)/\(weight)/\(component)"
        guard let path = paths[key] else { preconditionFailure("no tensor '\(key)'") }
        return path
      }
    }
    try progress(.views)
    try file.writeDataset(
      Schema.Path.seal, extents: [Seal.byteCount], datatype: .integer(size: 1, isSigned: false),
      bytes: [UInt8](repeating: 0, count: Seal.byteCount))
    try file.close()
  }

  private static func writePacked(
    _ model: Model, to path: String, _ options: StorageOptions,
    _ progress: (WriteStage) throws -> Void
  ) throws {
    let count = componentCount(of: model)
    var packing = PackedWriting(options)
    var index = 0
    for layer in model.layers {
      try packing.add(layer) { place in
        try progress(.tensor(place, index: index, count: count))
        index += 1
      }
    }
    let bytes = packing.bytes(model)
    let file = try HDF5Writer(
      creating: path, options: HDF5WriterOptions(compatibility: .v110, blockByteCount: 0))
    let features =
      [Schema.Feature.packed] + (packing.hasSparseValues ? [Schema.Feature.sparse] : [])
    try writeFacts(features: features.joined(separator: " "), to: file)
    try file.writeDataset(
      Schema.Path.packed, extents: [bytes.count], datatype: .integer(size: 1, isSigned: false),
      bytes: bytes)
    try file.close()
    try progress(.graph)
  }

  private static func componentCount(of model: Model) -> Int {
    model.layers.reduce(0) { sum, layer in
      layer.weights.reduce(sum) { $0 + $1.weight.components.count }
    }
  }

  /// Writes the attributes that make the file a container.
  private static func writeFacts(features: String, to file: borrowing HDF5Writer) throws {
    let version = Schema.version
    try file.setAttribute(Schema.Attribute.format, .text(Schema.format))
    try file.setAttribute(
      Schema.Attribute.formatVersion,
      .values(
        .integer(size: 4, isSigned: false), extents: [2],
        bytes: [UInt8(version.major), 0, 0, 0, UInt8(version.minor), 0, 0, 0]))
    try file.setAttribute(Schema.Attribute.producer, .text(Schema.producer))
    try file.setAttribute(Schema.Attribute.features, .text(features))
  }

  /// JSON shrinks to a fifth; only the smallest graphs are left as they are.
  private static func graphLayout(_ graph: [UInt8]) -> HDF5Layout {
    graph.count < 512
      ? .contiguous
      : .chunked(
        [min(graph.count, StorageChoice.chunkByteCount)],
        HDF5Filters(deflateLevel: 9))
  }

  /// Computes the seal of the finished file and puts it in its place.
  private static func seal(_ output: borrowing TemporaryOutput) throws {
    let file = try HDF5File(reading: output.path)
    guard let offset = try Seal.offset(in: file) else {
      preconditionFailure("the seal was written a moment ago")
    }
    try output.overwrite(Seal.computed(for: file, at: offset), at: offset)
  }

  /// Reads the file back as a stranger would.
  private static func verify(_ file: String, as path: String) throws -> WrittenFile {
    let report = ModelFileVerifier.verify(file, allowsNonFinite: true)
    if let finding = report.findings.first {
      throw OutputError(path: path, reason: .unverified("\(finding)"))
    }
    return WrittenFile(
      byteCount: report.byteCount, digest: report.digest ?? "",
      storedByteCounts: report.storedByteCounts)
  }

  /// An error about the temporary file as one about the output that the user named.
  private static func translated(_ error: HDF5Error, to path: String) -> any Error {
    if case .library(_, let stack) = error.reason {
      for number in [ENOSPC, EDQUOT, EFBIG, EIO, EROFS] {
        let code = "errno = \(number),"
        if stack.contains(where: { $0.contains(code) }) {
          return OutputError.system("write", path, number: number)
        }
      }
    }
    return HDF5Error(file: path, path: error.path, reason: error.reason)
  }
}
