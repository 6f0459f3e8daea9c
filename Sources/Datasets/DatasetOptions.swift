/// What to read out of a source, and how.
public struct DatasetOptions: Sendable, Hashable {
  /// The parts wanted; others are not read.
  public var splits: Set<DatasetSplit> = Set(DatasetSplit.allCases)
  /// The most samples taken of each part.
  public var limit: Int?
  /// The array of inputs (HDF5, `.npz`), by name.
  public var inputName: String?
  /// The labels by name: an array (HDF5, `.npz`), a file (`.npy`), a column or its index (CSV).
  public var labelName: String?
  /// Whether CIFAR-100's 20 coarse classes are the labels, not its 100 fine ones.
  public var usesCoarseLabels = false
  /// Whether samples without labels are an error.
  public var requiresLabels = true
  /// The rank at which factor-stored images are rebuilt; nil is the stored one.
  public var dataRank: Int?
  /// Sources up to this size are held in memory, larger ones are read batch by batch.
  public var residentByteCount = 1 << 30
  /// The largest source that is read at all, in bytes once decompressed.
  public var byteLimit = 64 << 30

  /// Everything, with labels.
  public init() {}

  /// Why content of `declared` bytes out of a file of `stored` bytes is a bomb; nil if it is none.
  ///
  /// Pictures, tables and numbers stay below 100:1, where deflate reaches 1032:1 on zeros alone.
  static func refusal(declaring declared: Int, in stored: Int) -> String? {
    guard declared > freeByteCount, declared / largestRatio > stored else { return nil }
    return "\(declared) bytes declared, \(stored) stored: more than \(largestRatio) to 1, which no "
      + "real data reach; save them without compression"
  }

  /// Declared bytes up to this many are believed whatever the file's size.
  static let freeByteCount = 64 << 20
  /// The largest compression that is believed above.
  static let largestRatio = 200
}

/// The parts of a source.
public struct DatasetSplits: Sendable {
  /// The parts that were read.
  public let parts: [DatasetSplit: Dataset]
  /// The path as given.
  public let path: String

  init(_ parts: [DatasetSplit: Dataset], path: String) {
    self.parts = parts
    self.path = path
  }

  /// A part, or nil if the source has none of that name.
  public subscript(split: DatasetSplit) -> Dataset? { parts[split] }

  /// What to learn from: the training part, or a source without parts.
  ///
  /// - Throws: `.missing` if there is neither.
  public func training() throws(DatasetError) -> Dataset { try first(of: [.train, .all]) }

  /// What to report on: the test part, else a source without parts, else the only part there is.
  ///
  /// - Throws: `.missing` if there is nothing to report on.
  public func evaluation() throws(DatasetError) -> Dataset {
    try first(of: [.test, .all, .validation, .train])
  }

  /// The part asked for by name.
  ///
  /// - Throws: `.missing` that says which parts there are.
  public func selected(_ split: DatasetSplit) throws(DatasetError) -> Dataset {
    try first(of: [split])
  }

  private func first(of splits: [DatasetSplit]) throws(DatasetError) -> Dataset {
    for split in splits {
      if let part = parts[split] { return part }
    }
    let available = parts.keys.map(\.rawValue).sorted().joined(separator: ", ")
    throw DatasetError(
      .missing("no \(splits[0].rawValue) part, it has: \(available.isEmpty ? "none" : available)"),
      at: path)
  }
}
