import Archives

/// Pairs `.npy` files of inputs and labels.
enum NumPySource {
  /// Reads one file as inputs, with its labels from the file beside it that is named like it.
  static func read(
    file path: String, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    let folder = Folder(containing: path)
    let name = String(Folder.lastComponent(of: path).dropLast(4))
    let labelsPath = try labelsPath(of: name, in: folder, path: path, options: options)
    var labels: ArrayContent?
    if let labelsPath { labels = try NumPyFile.content(labelsPath, options: options) }
    let split =
      DatasetSplit.allCases.first { $0 != .all && name.lowercased().contains($0.rawValue) }
      ?? .all
    return [
      split: try Dataset(
        name: Folder.lastComponent(of: path), kind: .npy, split: split,
        inputs: try NumPyFile.content(path, options: options), labels: labels)
    ]
  }

  /// Reads a folder of files such as `x_train.npy` and `y_train.npy`.
  static func read(
    folder: Folder, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    let names = folder.files.filter { $0.hasSuffix(".npy") }.map { String($0.dropLast(4)) }
    var parts: [DatasetSplit: Dataset] = [:]
    let found = try ArrayNames.find(in: names, options: options, place: folder.path)
    for part in found where options.splits.contains(part.split) {
      var labels: ArrayContent?
      if let name = part.labels {
        labels = try NumPyFile.content(folder.path(of: name + ".npy"), options: options)
      }
      parts[part.split] = try Dataset(
        name: folder.name, kind: .npy, split: part.split,
        inputs: try NumPyFile.content(folder.path(of: part.inputs + ".npy"), options: options),
        labels: labels)
    }
    return parts
  }

  private static func labelsPath(
    of name: String, in folder: Folder, path: String, options: DatasetOptions
  ) throws(DatasetError) -> String? {
    if let labelName = options.labelName { return labelName }
    let candidates = [
      name.replacing("images", with: "labels"), name.replacing("inputs", with: "labels"),
      name.replacing("data", with: "labels"), name.hasPrefix("x") ? "y" + name.dropFirst() : name,
      name.hasPrefix("X") ? "y" + name.dropFirst() : name,
      name.hasSuffix("_x") ? name.dropLast() + "y" : name,
    ].filter { $0 != name }
    for candidate in candidates where folder.files.contains(candidate + ".npy") {
      return folder.path(of: candidate + ".npy")
    }
    guard options.requiresLabels else { return nil }
    let expected = candidates.first.map { ", expected '\($0).npy' beside it" } ?? ""
    throw DatasetError(.missing("no labels\(expected); name their file with --y"), at: path)
  }
}
