import Archives
import Tensors

/// Finds the files of an IDX data set and pairs images with labels.
enum IDXSource {
  /// Reads a folder that holds images and labels of one or more parts.
  ///
  /// Names are those of MNIST, EMNIST and their copies, with `-`, `.` or `_`, with or without `.gz`.
  static func read(
    folder: Folder, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    var parts: [DatasetSplit: Dataset] = [:]
    for name in imageNames(in: folder) {
      let split = split(of: name)
      guard options.splits.contains(split), parts[split] == nil else { continue }
      parts[split] = try read(
        images: folder.path(of: name), beside: folder, name: folder.name, split: split,
        options: options)
    }
    return parts
  }

  /// Reads the part whose images file is named.
  static func read(
    file path: String, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    let folder = Folder(containing: path)
    let split = split(of: Folder.lastComponent(of: path))
    return [
      split: try read(
        images: path, beside: folder, name: Folder.lastComponent(of: path), split: split,
        options: options)
    ]
  }

  /// The names that look like images of an IDX data set.
  static func imageNames(in folder: Folder) -> [String] {
    folder.files.filter { name in
      let name = name.lowercased()
      return name.contains("images") && (name.contains("idx") || name.contains("ubyte"))
    }
  }

  private static func read(
    images path: String, beside folder: Folder, name: String, split: DatasetSplit,
    options: DatasetOptions
  ) throws(DatasetError) -> Dataset {
    let images = try IDXFile(path: path, limit: options.byteLimit)
    guard images.shape.order >= 2 else {
      throw DatasetError(
        .shape(
          expected: "images [examples × height × width]",
          found: "[\(images.shape)], which looks like labels; give the file of images"), at: path)
    }
    var labels: ArrayContent?
    if let labelsPath = try labelsPath(for: path, in: folder, options: options) {
      let file = try IDXFile(path: labelsPath, limit: options.byteLimit)
      guard file.shape.order == 1 else {
        throw DatasetError(
          .shape(expected: "labels [examples]", found: "[\(file.shape)]"), at: labelsPath)
      }
      labels = file.content
    }
    return try Dataset(
      name: name, kind: .idx, split: split, inputs: images.content, labels: labels)
  }

  /// The labels' file: the same name with the words exchanged, in any spelling that exists.
  private static func labelsPath(
    for path: String, in folder: Folder, options: DatasetOptions
  ) throws(DatasetError) -> String? {
    if let name = options.labelName { return name }
    let name = Folder.lastComponent(of: path)
    let wanted = key(of: name.replacing("images", with: "labels"))
    if wanted != key(of: name), let found = folder.files.first(where: { key(of: $0) == wanted }) {
      return folder.path(of: found)
    }
    guard options.requiresLabels else { return nil }
    let expected = name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
    throw DatasetError(.missing("no labels beside it, expected '\(expected)'"), at: path)
  }

  /// A name without what differs between spellings.
  private static func key(of name: String) -> String {
    name.lowercased().replacing("idx3", with: "").replacing("idx1", with: "")
      .replacing(".gz", with: "").filter { $0.isLetter || $0.isNumber }
  }

  private static func split(of name: String) -> DatasetSplit {
    let name = name.lowercased()
    if name.contains("train") { return .train }
    if name.contains("t10k") || name.contains("test") { return .test }
    return name.contains("val") ? .validation : .all
  }
}
