import Archives
import Tensors

/// The binary versions of CIFAR-10 and CIFAR-100.
///
/// A record is the label (CIFAR-100: coarse, fine) and 32×32 bytes each of red, green and blue;
/// images become 32×32×3.
enum CIFARSource {
  /// What tells the two apart.
  struct Variant: Sendable {
    var kind: DatasetKind
    var labelCounts: [Int]
    var namesFiles: [String]

    var recordByteCount: Int { labelCounts.count + 3072 }

    static let cifar10 = Variant(
      kind: .cifar10, labelCounts: [10], namesFiles: ["batches.meta.txt"])
    static let cifar100 = Variant(
      kind: .cifar100, labelCounts: [20, 100],
      namesFiles: ["coarse_label_names.txt", "fine_label_names.txt"])
  }

  private static let cifar10Names = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  /// The binary files of a folder and the variant they belong to; nil if it has none.
  static func files(
    in folder: Folder
  ) -> (variant: Variant, parts: [(split: DatasetSplit, names: [String])])? {
    let batches = folder.files.filter { $0.hasPrefix("data_batch") && $0.hasSuffix(".bin") }
    if !batches.isEmpty || folder.files.contains("test_batch.bin") {
      let test = folder.files.filter { $0 == "test_batch.bin" }
      return (.cifar10, [(.train, batches), (.test, test)].filter { !$0.1.isEmpty })
    }
    let isCIFAR100 =
      folder.files.contains("fine_label_names.txt")
      || folder.files.contains("coarse_label_names.txt") || folder.name.contains("cifar-100")
    let parts: [(split: DatasetSplit, names: [String])] = [
      (.train, folder.files.filter { $0 == "train.bin" }),
      (.test, folder.files.filter { $0 == "test.bin" }),
    ].filter { !$0.1.isEmpty }
    guard !parts.isEmpty else { return nil }
    if isCIFAR100 { return (.cifar100, parts) }
    let variants = parts.flatMap(\.names).compactMap { variant(ofFile: folder.path(of: $0)) }
    return variants.first.map { ($0, parts) }
  }

  /// The variant whose record length divides the file's size and whose labels fit its start.
  static func variant(ofFile path: String) -> Variant? {
    guard let file = try? RandomAccessFile(path: path), file.count > 0 else { return nil }
    return [Variant.cifar10, .cifar100].first { variant in
      let length = variant.recordByteCount
      guard file.count % length == 0 else { return false }
      return (0..<min(file.count / length, 16)).allSatisfy { record in
        let start = record * length
        guard let labels = try? file.bytes(start..<start + variant.labelCounts.count) else {
          return false
        }
        return zip(labels, variant.labelCounts).allSatisfy { Int($0) < $1 }
      }
    }
  }

  /// Reads the wanted parts of a folder.
  static func read(
    folder: Folder, variant: Variant, parts: [(split: DatasetSplit, names: [String])],
    options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    var result: [DatasetSplit: Dataset] = [:]
    for (split, names) in parts where options.splits.contains(split) {
      result[split] = try read(
        names.map(folder.path(of:)), variant: variant, name: folder.name, split: split,
        classNames: try classNames(in: folder, variant: variant, options: options),
        options: options)
    }
    return result
  }

  /// Reads one file as a part of its own.
  static func read(
    file path: String, variant: Variant, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    let name = Folder.lastComponent(of: path)
    let split: DatasetSplit =
      name.hasPrefix("test")
      ? .test
      : name.hasPrefix("data_batch") || name.hasPrefix("train")
        ? .train : .all
    let names = try classNames(
      in: Folder(containing: path), variant: variant, options: options)
    return [
      split: try read(
        [path], variant: variant, name: name, split: split, classNames: names, options: options)
    ]
  }

  private static func read(
    _ paths: [String], variant: Variant, name: String, split: DatasetSplit,
    classNames: [String]?, options: DatasetOptions
  ) throws(DatasetError) -> Dataset {
    var labels: [Int] = []
    var pixels: [UInt8] = []
    let length = variant.recordByteCount
    let files = try reading { () throws(ArchiveError) in
      var files: [RandomAccessFile] = []
      for path in paths { files.append(try RandomAccessFile(path: path)) }
      return files
    }
    pixels.reserveCapacity(files.reduce(0) { $0 + $1.count / length * 3072 })
    let labelPosition = variant.kind == .cifar100 && !options.usesCoarseLabels ? 1 : 0
    let labelCount = variant.labelCounts[labelPosition]
    for file in files {
      guard file.count > 0, file.count % length == 0 else {
        throw DatasetError(
          .refused(
            "\(file.count) bytes are not a multiple of \(length), the length of a "
              + "\(variant.kind.rawValue) record; is it cut off?"), at: file.path)
      }
      // 1,000 records at a time, so that no file is held twice.
      for start in stride(from: 0, to: file.count, by: 1000 * length) {
        let records = try reading { () throws(ArchiveError) in
          try file.bytes(start..<min(start + 1000 * length, file.count))
        }
        for record in stride(from: 0, to: records.count, by: length) {
          let label = Int(records[record + labelPosition])
          guard label < labelCount else {
            throw DatasetError(
              .label(label, sample: (start + record) / length, classCount: labelCount),
              at: file.path)
          }
          labels.append(label)
          appendInterleaved(records, from: record + variant.labelCounts.count, to: &pixels)
        }
      }
    }
    return Dataset(
      name: name, kind: variant.kind, split: split,
      storage: ResidentSamples(
        count: labels.count, rowShape: [32, 32, 3], scalarType: .uint8, content: pixels),
      supervision: .classes(labels), classNames: classNames)
  }

  /// Appends three planes of 1,024 bytes as 1,024 pixels.
  private static func appendInterleaved(
    _ bytes: [UInt8], from start: Int, to pixels: inout [UInt8]
  ) {
    let red = bytes.span.extracting(start..<start + 1024)
    let green = bytes.span.extracting(start + 1024..<start + 2048)
    let blue = bytes.span.extracting(start + 2048..<start + 3072)
    for index in red.indices {
      pixels.append(red[index])
      pixels.append(green[index])
      pixels.append(blue[index])
    }
  }

  private static func classNames(
    in folder: Folder, variant: Variant, options: DatasetOptions
  ) throws(DatasetError) -> [String]? {
    let position = variant.kind == .cifar100 && !options.usesCoarseLabels ? 1 : 0
    let name = variant.namesFiles[position]
    let count = variant.labelCounts[position]
    guard folder.files.contains(name) else {
      return variant.kind == .cifar10 ? cifar10Names : nil
    }
    let path = folder.path(of: name)
    let bytes = try ByteStream(path: path, limit: 1 << 16).read(upTo: 1 << 16)
    let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map(String.init).filter { !$0.isEmpty }
    guard names.count == count else {
      throw DatasetError(
        .shape(expected: "\(count) class names", found: "\(names.count)"), at: path)
    }
    return names
  }
}
