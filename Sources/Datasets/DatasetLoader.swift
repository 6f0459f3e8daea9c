import Archives

/// The one entry point: a path, whatever kind of data set lies there.
public enum DatasetLoader {
  /// Reads a data set; its kind is recognised by content.
  ///
  /// Kinds: IDX (file or folder), CIFAR-10/100 binary (file or folder), HDF5, `.npz`, `.npy` (file
  /// or folder), CSV, folders of images. Files up to `options.residentByteCount` are held in
  /// memory in their stored type, larger HDF5 and NumPy files are read batch by batch.
  ///
  /// - Throws: ``DatasetError`` that names the file, the place and both sides.
  public static func load(
    _ path: String, options: DatasetOptions = DatasetOptions()
  ) throws(DatasetError) -> DatasetSplits {
    let source = try DatasetRecognition.source(at: path)
    if options.dataRank != nil, source.kind != .hdf5 { throw FactoredImages.refusal(at: path) }
    var parts = try read(source, path: path, options: options)
    guard !parts.isEmpty else {
      let wanted = options.splits.map(\.rawValue).sorted().joined(separator: " or ")
      throw DatasetError(.missing("no \(wanted) part"), at: path)
    }
    if let limit = options.limit { parts = parts.mapValues { $0.limited(to: limit) } }
    return DatasetSplits(parts, path: path)
  }

  /// The kind of data set at a path, without reading it.
  ///
  /// - Throws: `.unrecognised` with what the content seems to be.
  public static func kind(of path: String) throws(DatasetError) -> DatasetKind {
    try DatasetRecognition.source(at: path).kind
  }

  private static func read(
    _ source: DatasetRecognition.Source, path: String, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    switch source {
    case .idxFile: return try IDXSource.read(file: path, options: options)
    case .idxFolder(let folder): return try IDXSource.read(folder: folder, options: options)
    case .cifarFile(let variant):
      return try CIFARSource.read(file: path, variant: variant, options: options)
    case .cifarFolder(let folder, let variant, let parts):
      return try CIFARSource.read(
        folder: folder, variant: variant, parts: parts, options: options)
    case .hdf5: return try HDF5Source.read(path: path, options: options)
    case .npyFile: return try NumPySource.read(file: path, options: options)
    case .npyFolder(let folder): return try NumPySource.read(folder: folder, options: options)
    case .npz: return try NumPyArchive.read(path: path, options: options)
    case .csv: return try CSVSource.read(path: path, options: options)
    case .images(let folder): return try ImageFolder.read(folder: folder, options: options)
    }
  }
}
