import Archives
import Dispatch
import Synchronization
import Tensors

/// Folders of pictures: a sub-folder per class, perhaps below `train` and `test`.
enum ImageFolder {
  private static let extensions = [".png", ".jpg", ".jpeg"]
  private static let splitNames: [(String, DatasetSplit)] = [
    ("train", .train), ("training", .train), ("test", .test), ("testing", .test),
    ("val", .validation), ("valid", .validation), ("validation", .validation),
  ]

  /// Whether a folder has sub-folders of pictures, at one of the two depths.
  static func isOne(_ folder: Folder) -> Bool {
    folder.folders.prefix(100).contains { name in
      let inner = Folder(folder.path(of: name))
      return hasPictures(inner)
        || inner.folders.prefix(3).contains { hasPictures(Folder(inner.path(of: $0))) }
    }
  }

  /// Reads the wanted parts; class names are the sub-folders', in alphabetical order.
  static func read(
    folder: Folder, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    var roots: [(DatasetSplit, Folder)] = []
    for name in folder.folders {
      guard let split = splitNames.first(where: { $0.0 == name.lowercased() })?.1 else { continue }
      let inner = Folder(folder.path(of: name))
      if let failure = inner.failure { throw failure }
      if !hasPictures(inner) { roots.append((split, inner)) }
    }
    if roots.isEmpty { roots = [(.all, folder)] }
    // All parts share one list of classes, so that a class absent from one keeps its number.
    var found = Set<String>()
    for (_, root) in roots {
      for name in root.folders {
        let inner = Folder(root.path(of: name))
        // A class that cannot be listed must not be missing in silence.
        if let failure = inner.failure { throw failure }
        if hasPictures(inner) { found.insert(name) }
      }
    }
    let names = found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard ImageCodec.isAvailable else {
      throw DatasetError(
        .refused(
          "this build cannot read PNG and JPEG; build it with 'swift build --traits Images' "
            + "(libpng, libjpeg), or save the pictures as .npz"), at: folder.path)
    }
    var parts: [DatasetSplit: Dataset] = [:]
    for (split, root) in roots where options.splits.contains(split) {
      parts[split] = try read(
        root, classNames: names, name: folder.name, split: split, options: options)
    }
    return parts
  }

  private static func read(
    _ root: Folder, classNames: [String], name: String, split: DatasetSplit,
    options: DatasetOptions
  ) throws(DatasetError) -> Dataset {
    var paths: [String] = []
    var labels: [Int] = []
    for (label, className) in classNames.enumerated() {
      let folder = Folder(root.path(of: className))
      for file in folder.files where isPicture(file) {
        paths.append(folder.path(of: file))
        labels.append(label)
      }
    }
    guard let first = paths.first else {
      throw DatasetError(.missing("no PNG or JPEG files"), at: root.path)
    }
    var size = try ImageCodec.size(of: try content(of: first), place: first)
    // Pictures of a folder are all grey or all colour; the first colour among a few decides.
    for path in paths.prefix(64) where !size.isColour {
      size.isColour = try ImageCodec.size(of: try content(of: path), place: path).isColour
    }
    let pictures = Pictures(paths: paths, size: size, first: first)
    let storage: any SampleStorage
    if pictures.byteCount <= options.residentByteCount {
      storage = ResidentSamples(
        count: paths.count, rowShape: pictures.rowShape, scalarType: .uint8,
        content: try pictures.readAll())
    } else {
      storage = StreamedSamples(
        count: paths.count, rowShape: pictures.rowShape, scalarType: .uint8
      ) { (rows) throws(DatasetError) in
        var bytes: [UInt8] = []
        for row in rows { bytes.append(contentsOf: try pictures.read(row)) }
        return bytes
      }
    }
    return Dataset(
      name: name, kind: .images, split: split, storage: storage, supervision: .classes(labels),
      classNames: classNames)
  }

  private static func hasPictures(_ folder: Folder) -> Bool {
    folder.files.contains(where: isPicture)
  }

  private static func isPicture(_ name: String) -> Bool {
    let name = name.lowercased()
    return extensions.contains { name.hasSuffix($0) }
  }

  static func content(of path: String) throws(DatasetError) -> [UInt8] {
    try reading { () throws(ArchiveError) in
      let file = try RandomAccessFile(path: path)
      guard file.count <= 256 << 20 else {
        throw ArchiveError(.tooLarge(file.count, limit: 256 << 20), at: path)
      }
      return try file.bytes(0..<file.count)
    }
  }
}

/// Equally large picture files.
private struct Pictures: Sendable {
  var paths: [String]
  var size: ImageCodec.Size
  var first: String

  var channels: Int { size.isColour ? 3 : 1 }
  var rowShape: Shape {
    size.isColour ? [size.height, size.width, 3] : [size.height, size.width]
  }
  var byteCount: Int { paths.count * rowShape.count }

  func read(_ row: Int) throws(DatasetError) -> [UInt8] {
    let path = paths[row]
    let bytes = try ImageFolder.content(of: path)
    let found = try ImageCodec.size(of: bytes, place: path)
    guard found.width == size.width, found.height == size.height else {
      throw DatasetError(
        .shape(
          expected: "\(size.height)×\(size.width) pixels as in \(first)",
          found: "\(found.height)×\(found.width); scale the pictures to one size"), at: path)
    }
    guard size.isColour || !found.isColour else {
      throw DatasetError(
        .shape(expected: "grey as in \(first)", found: "colour"), at: path)
    }
    if let problem = DatasetOptions.refusal(declaring: rowShape.count, in: bytes.count) {
      throw DatasetError(.refused(problem), at: path)
    }
    return try ImageCodec.decode(bytes, size: size, channels: channels, place: path)
  }

  /// Decodes every picture, on all cores; the first failure in their order is thrown.
  func readAll() throws(DatasetError) -> [UInt8] {
    let stripeCount = min(16, paths.count)
    let stripes = Mutex<[Result<[UInt8], DatasetError>?]>(
      Array(repeating: nil, count: stripeCount))
    DispatchQueue.concurrentPerform(iterations: stripeCount) { stripe in
      let range =
        paths.count * stripe / stripeCount..<paths.count * (stripe + 1) / stripeCount
      let result = Result { () throws(DatasetError) in
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count * rowShape.count)
        for row in range { bytes.append(contentsOf: try read(row)) }
        return bytes
      }
      stripes.withLock { $0[stripe] = result }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for result in stripes.withLock({ $0 }) {
      if let result { bytes.append(contentsOf: try result.get()) }
    }
    return bytes
  }
}
