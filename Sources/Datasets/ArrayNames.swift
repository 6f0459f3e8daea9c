import Messages

/// Which arrays of a file are the inputs and labels of which part.
///
/// Recognises `x`, `x_train`, `train_x`, `train/x` and the like, for the usual words.
struct ArrayNames {
  var inputs: String
  var labels: String?
  var split: DatasetSplit

  private static let inputWords = ["x", "images", "inputs", "data", "features"]
  private static let labelWords = ["y", "labels", "label", "targets", "target", "classes"]
  private static let splitWords: [(DatasetSplit, [String])] = [
    (.train, ["train", "training"]), (.test, ["test", "testing"]),
    (.validation, ["val", "valid", "validation"]),
  ]

  /// Finds the parts among the names of a file.
  ///
  /// - Throws: `.missing` that lists the names there are.
  static func find(
    in names: [String], options: DatasetOptions, place: String
  ) throws(DatasetError) -> [ArrayNames] {
    if let inputName = options.inputName {
      return try named(inputName, in: names, options: options, place: place)
    }
    var found: [ArrayNames] = []
    for (split, words) in splitWords {
      let inputs = match(inputWords, with: words, in: names)
      guard let inputs else { continue }
      let labels = options.labelName ?? match(labelWords, with: words, in: names)
      found.append(ArrayNames(inputs: inputs, labels: labels, split: split))
    }
    if found.isEmpty, let inputs = match(inputWords, with: [""], in: names) {
      let labels = options.labelName ?? match(labelWords, with: [""], in: names)
      found.append(ArrayNames(inputs: inputs, labels: labels, split: .all))
    }
    if found.isEmpty, names.contains("arr_0") {
      let labels = options.labelName ?? (names.contains("arr_1") ? "arr_1" : nil)
      found.append(ArrayNames(inputs: "arr_0", labels: labels, split: .all))
    }
    guard !found.isEmpty else {
      throw DatasetError(
        .missing("no array 'x' or 'x_train', it has: \(list(names)); name it with --x"), at: place)
    }
    return try checked(found, names: names, options: options, place: place)
  }

  /// The part whose inputs the user names; `x_train` also brings `x_test` along.
  private static func named(
    _ inputName: String, in names: [String], options: DatasetOptions, place: String
  ) throws(DatasetError) -> [ArrayNames] {
    guard names.contains(inputName) else {
      throw DatasetError(
        .missing("no array '\(inputName)', it has: \(list(names))"), at: place)
    }
    let split =
      splitWords.first { _, words in words.contains { inputName.lowercased().contains($0) } }?.0
    let words = splitWords.first { $0.0 == split }?.1 ?? [""]
    let labels = options.labelName ?? match(labelWords, with: words, in: names)
    return try checked(
      [ArrayNames(inputs: inputName, labels: labels, split: split ?? .all)], names: names,
      options: options, place: place)
  }

  private static func checked(
    _ found: [ArrayNames], names: [String], options: DatasetOptions, place: String
  ) throws(DatasetError) -> [ArrayNames] {
    for part in found {
      if let labels = part.labels, !names.contains(labels) {
        throw DatasetError(.missing("no array '\(labels)', it has: \(list(names))"), at: place)
      }
      if part.labels == nil && options.requiresLabels {
        throw DatasetError(
          .missing("no labels for '\(part.inputs)', it has: \(list(names)); name them with --y"),
          at: place)
      }
    }
    return found
  }

  private static func match(
    _ words: [String], with splits: [String], in names: [String]
  ) -> String? {
    for word in words {
      for split in splits {
        let candidates =
          split.isEmpty
          ? [word]
          : ["\(word)_\(split)", "\(split)_\(word)", "\(split)/\(word)", "\(word)/\(split)"]
        if let name = names.first(where: { candidates.contains($0.lowercased()) }) { return name }
      }
    }
    return nil
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(12).map { "'\($0.shortened())'" }.joined(separator: ", ")
    return names.isEmpty ? "none" : names.count > 12 ? shown + ", …" : shown
  }
}
