import Archives
public import Tensors

/// NumPy's `.npz` archives.
public enum NumPyArchive {
  /// Reads one array by its name, without `.npy`.
  ///
  /// - Throws: ``DatasetError``, `.missing` if there is none of that name.
  public static func read(_ name: String, from path: String) throws(DatasetError) -> RawTensor {
    let archive = try reading { () throws(ArchiveError) in try ZipArchive(path: path) }
    let bytes = try reading { () throws(ArchiveError) in try archive.read(name + ".npy") }
    let header = try NumPyHeader(
      reading: Array(bytes.prefix(NumPyHeader.longest)), fileByteCount: bytes.count,
      place: "\(path): \(name)")
    return RawTensor(
      shape: header.shape, scalarType: header.scalarType,
      bytes: header.normalised(Array(bytes[header.offset...])))
  }

  /// Writes arrays under their names; the same arrays give the same bytes.
  ///
  /// - Throws: ``DatasetError`` if the file cannot be written.
  public static func write(
    _ arrays: [(name: String, tensor: RawTensor)], to path: String, compressed: Bool = false
  ) throws(DatasetError) {
    try reading { () throws(ArchiveError) in
      var writer = try ZipWriter(path: path)
      for (name, tensor) in arrays {
        try writer.add(
          name + ".npy", NumPyFile.encoded(tensor), method: compressed ? .deflated : .stored)
      }
      _ = try writer.finish()
    }
  }

  /// The bytes of an archive of arrays under their names.
  ///
  /// - Throws: ``DatasetError`` for a name that a zip archive cannot have.
  public static func encoded(
    _ arrays: [(name: String, tensor: Tensor)]
  ) throws(DatasetError) -> [UInt8] {
    try reading { () throws(ArchiveError) in
      var writer = ZipWriter()
      for (name, tensor) in arrays {
        try writer.add(name + ".npy", NumPyFile.encoded(RawTensor(tensor)), method: .stored)
      }
      return try writer.finish()
    }
  }

  /// The names of the arrays.
  static func names(in archive: ZipArchive) -> [String] {
    archive.entries.filter { $0.name.hasSuffix(".npy") }.map { String($0.name.dropLast(4)) }
  }

  /// Reads the wanted parts.
  static func read(
    path: String, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    let archive = try reading { () throws(ArchiveError) in try ZipArchive(path: path) }
    let names = try ArrayNames.find(in: names(in: archive), options: options, place: path)
    var parts: [DatasetSplit: Dataset] = [:]
    for part in names where options.splits.contains(part.split) {
      var labels: ArrayContent?
      if let name = part.labels { labels = try content(name, in: archive, options: options) }
      parts[part.split] = try Dataset(
        name: Folder.lastComponent(of: path), kind: .npz, split: part.split,
        inputs: try content(part.inputs, in: archive, options: options), labels: labels)
    }
    return parts
  }

  private static func content(
    _ name: String, in archive: ZipArchive, options: DatasetOptions
  ) throws(DatasetError) -> ArrayContent {
    let place = "\(archive.name): \(name)"
    guard let entry = archive[name + ".npy"] else {
      throw DatasetError(.missing("no such array"), at: place)
    }
    if let problem = DatasetOptions.refusal(declaring: entry.count, in: entry.compressedCount) {
      throw DatasetError(.refused(problem), at: place)
    }
    guard entry.method == .stored && entry.count > options.residentByteCount else {
      let bytes = try reading { () throws(ArchiveError) in
        try archive.read(entry, limit: options.byteLimit)
      }
      let header = try NumPyHeader(
        reading: Array(bytes.prefix(NumPyHeader.longest)), fileByteCount: bytes.count,
        place: place)
      return try NumPyFile.content(header, place: place, options: options) { Array(bytes[$0]) }
    }
    let prefix = try reading { () throws(ArchiveError) in
      try archive.read(0..<min(entry.count, NumPyHeader.longest), ofStored: entry)
    }
    let header = try NumPyHeader(reading: prefix, fileByteCount: entry.count, place: place)
    return try NumPyFile.content(header, place: place, options: options) {
      (range) throws(ArchiveError) in try archive.read(range, ofStored: entry)
    }
  }
}
