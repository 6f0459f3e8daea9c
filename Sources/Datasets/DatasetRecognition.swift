import Archives
import Messages

/// Tells kinds of data sets apart by their first bytes, folders by what is in them.
enum DatasetRecognition {
  /// A source, with what was learnt while recognising it.
  enum Source {
    case idxFile
    case idxFolder(Folder)
    case cifarFile(CIFARSource.Variant)
    case cifarFolder(
      Folder, CIFARSource.Variant, [(split: DatasetSplit, names: [String])])
    case hdf5
    case npyFile
    case npyFolder(Folder)
    case npz
    case csv
    case images(Folder)

    var kind: DatasetKind {
      switch self {
      case .idxFile, .idxFolder: .idx
      case .cifarFile(let variant), .cifarFolder(_, let variant, _): variant.kind
      case .hdf5: .hdf5
      case .npyFile, .npyFolder: .npy
      case .npz: .npz
      case .csv: .csv
      case .images: .images
      }
    }
  }

  static func source(at path: String) throws(DatasetError) -> Source {
    if Folder.isFolder(path) { return try source(in: Folder(path)) }
    let file = try reading { () throws(ArchiveError) in try RandomAccessFile(path: path) }
    guard file.count > 0 else { throw DatasetError(.unrecognised("the file is empty"), at: path) }
    let stored = try reading { () throws(ArchiveError) in
      try file.bytes(0..<min(file.count, 4096))
    }
    var prefix = stored
    let isGzip = Gzip.recognizes(stored)
    if isGzip { prefix = try ByteStream(path: path, limit: 1 << 20).read(upTo: 4096) }
    if IDXFile.recognizes(prefix) { return .idxFile }
    if !isGzip {
      if prefix.starts(with: NumPyHeader.magic) { return .npyFile }
      if ZipArchive.recognizes(prefix) { return .npz }
      if isHDF5(prefix, file: file) { return .hdf5 }
      if let message = foreign(prefix) { throw DatasetError(.unrecognised(message), at: path) }
      if path.hasSuffix(".bin"), let variant = CIFARSource.variant(ofFile: path) {
        return .cifarFile(variant)
      }
    }
    if isTable(prefix) { return .csv }
    if let variant = isGzip ? nil : CIFARSource.variant(ofFile: path) {
      return .cifarFile(variant)
    }
    throw DatasetError(
      .unrecognised(
        "not a data set that is read: it begins with \(hexadecimal(prefix.prefix(8))); "
          + "known are IDX, CIFAR binary, HDF5, .npz, .npy, CSV and folders of images"), at: path)
  }

  private static func source(in folder: Folder) throws(DatasetError) -> Source {
    if let failure = folder.failure { throw failure }
    if !IDXSource.imageNames(in: folder).isEmpty { return .idxFolder(folder) }
    if let (variant, parts) = CIFARSource.files(in: folder) {
      return .cifarFolder(folder, variant, parts)
    }
    if folder.files.contains(where: { $0.hasSuffix(".npy") }) { return .npyFolder(folder) }
    if ImageFolder.isOne(folder) { return .images(folder) }
    // An unpacked archive is often one folder inside another.
    if folder.folders.count == 1, folder.files.count < 3 {
      let inner = Folder(folder.path(of: folder.folders[0]))
      if let source = try? source(in: inner) { return source }
    }
    let shown = (folder.files + folder.folders.map { $0 + "/" }).prefix(5).map { $0.shortened() }
    throw DatasetError(
      .unrecognised(
        "not a data set that is read: neither IDX, CIFAR (.bin) nor .npy files, nor sub-folders "
          + "of images; it holds " + (shown.isEmpty ? "nothing" : shown.joined(separator: ", "))),
      at: folder.path)
  }

  /// Looks for the signature of HDF5 at byte 0, 512, 1024 and so on.
  private static func isHDF5(_ prefix: [UInt8], file: RandomAccessFile) -> Bool {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    if prefix.starts(with: signature) { return true }
    var offset = 512
    while offset + 8 <= file.count {
      if (try? file.bytes(offset..<offset + 8)) == signature { return true }
      offset *= 2
    }
    return false
  }

  /// Valid text without control characters, in more than one column or more than one line.
  private static func isTable(_ prefix: [UInt8]) -> Bool {
    guard !prefix.contains(where: { $0 < 0x20 && $0 != 9 && $0 != 10 && $0 != 13 }) else {
      return false
    }
    // A character may be cut at the prefix' end.
    let isText = (0..<4).contains { cut in
      String(validating: prefix.dropLast(cut), as: UTF8.self) != nil
    }
    return isText
      && prefix.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") || $0 == 9 }
  }

  /// What a file of a familiar but other kind is, and what to do.
  private static func foreign(_ prefix: [UInt8]) -> String? {
    let text = String(decoding: prefix.prefix(200), as: UTF8.self).lowercased()
    if text.hasPrefix("version https://git-lfs") {
      return "a Git LFS pointer, not the data; run 'git lfs pull'"
    }
    if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") {
      return "an HTML page, not the data; the download went wrong"
    }
    if prefix.starts(with: [0x89, 0x50, 0x4E, 0x47]) || prefix.starts(with: [0xFF, 0xD8, 0xFF]) {
      return "a single image; give the folder that holds a sub-folder per class"
    }
    if prefix.starts(with: [0x80]) && prefix.count > 1 && (2...5).contains(prefix[1]) {
      return "a Python pickle, which is never loaded; take the binary version of the data set"
    }
    if text.hasPrefix("par1") { return "a Parquet file; save it as CSV or .npz" }
    if text.hasPrefix("matlab 5.0") { return "a MATLAB 5 file; save it as HDF5 (-v7.3) or .npz" }
    if prefix.count > 262, prefix[257..<262].elementsEqual("ustar".utf8) {
      return "a tar archive; unpack it and give the folder"
    }
    return nil
  }
}
