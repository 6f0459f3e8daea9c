import Dispatch
import HDF5
import Synchronization
import Tensors

/// Images stored as two factors a channel: image ≈ left · right, rank by rank.
///
/// In HDF5: root attributes `format`, `version`, `row_shape` [h × w (× c)] and perhaps `value_range`
/// and `class_names`; for each part a group with `left` [n × c × h × k] (U·Σ), `right`
/// [n × c × k × w] (Vᵀ) and perhaps `labels`. The first j < k columns and rows are the best
/// approximation of rank j, so that one file serves every smaller rank.
public enum FactoredImages {
  /// The value of the root attribute `format`.
  public static let format = "modelc-factored-images"
  /// The newest version that is read.
  public static let version = 1

  /// The names of the groups, by part.
  public static func group(of split: DatasetSplit) -> String { split.rawValue }

  /// Whether an open file says that it is one.
  static func recognises(_ file: HDF5File) -> Bool {
    (try? file.root.attribute("format")?.string()) == format
  }

  /// A rank was asked of images that are stored as pixels.
  static func refusal(at path: String) -> DatasetError {
    DatasetError(
      .refused("a rank is asked for, which only data sets written by compress-data have"),
      at: path)
  }

  /// Reads the wanted parts at the stored rank, or at a smaller one.
  static func read(
    _ file: HDF5File, path: String, options: DatasetOptions
  ) throws(DatasetError) -> [DatasetSplit: Dataset] {
    func attribute<Value>(
      _ name: String, _ read: (HDF5Attribute) throws(HDF5Error) -> Value
    ) throws(DatasetError) -> Value? {
      try HDF5Source.located(path) { () throws(HDF5Error) -> Value? in
        guard let attribute = try file.root.attribute(name) else { return nil }
        return try read(attribute)
      }
    }
    let version = try attribute("version") { (a) throws(HDF5Error) in try a.integers() } ?? []
    guard version == [self.version] else {
      throw DatasetError(
        .shape(expected: "version \(self.version)", found: "\(version)"), at: path)
    }
    let extents = try attribute("row_shape") { (a) throws(HDF5Error) in try a.integers() } ?? []
    guard let rowShape = Shape(checking: extents), [2, 3].contains(rowShape.order),
      rowShape.count > 0, rowShape.count <= 1 << 26
    else {
      throw DatasetError(
        .shape(expected: "row_shape of two or three extents", found: "\(extents)"), at: path)
    }
    let names = try attribute("class_names") { (a) throws(HDF5Error) in try a.strings() }
    let range = try attribute("value_range") { (a) throws(HDF5Error) in try a.doubles() }
    var parts: [DatasetSplit: Dataset] = [:]
    for split in DatasetSplit.allCases where options.splits.contains(split) {
      let group = group(of: split)
      guard (try? file.kind(group)) == .group else { continue }
      let samples = try FactoredSamples(
        left: try file.content("\(group)/left", path: path, options: options),
        right: try file.content("\(group)/right", path: path, options: options),
        rowShape: rowShape, wantedRank: options.dataRank)
      var labels: ArrayContent?
      if (try? file.kind("\(group)/labels")) == .dataset {
        labels = try file.content("\(group)/labels", path: path, options: options)
      } else if options.requiresLabels {
        throw DatasetError(.missing("no labels in '\(group)'"), at: path)
      }
      let fits = samples.count <= options.residentByteCount / max(samples.rowByteCount, 1)
      parts[split] = try Dataset(
        name: Folder.lastComponent(of: path), kind: .hdf5, split: split,
        inputs: ArrayContent(
          place: "\(path): \(group)", samples: fits ? try samples.rebuilt() : samples),
        labels: labels, classNames: names.flatMap { $0.isEmpty ? nil : $0 },
        suggestedScaling: range.flatMap(SampleScaling.init(unitFrom:)))
    }
    return parts
  }
}

/// Samples rebuilt from their factors as they are read.
struct FactoredSamples: SampleStorage {
  let count: Int
  let rowShape: Shape
  let scalarType = ScalarType.float32
  private let left: any SampleStorage
  private let right: any SampleStorage
  private let storedRank: Int
  private let rank: Int
  private let height: Int
  private let width: Int
  private let channels: Int

  init(
    left: ArrayContent, right: ArrayContent, rowShape: Shape, wantedRank: Int?
  ) throws(DatasetError) {
    let (height, width) = (rowShape[0], rowShape[1])
    let channels = rowShape.order == 3 ? rowShape[2] : 1
    let stored = left.shape.order == 4 ? left.shape[3] : 0
    guard left.shape.extents == [left.samples.count, channels, height, stored], stored >= 1,
      right.shape.extents == [left.samples.count, channels, stored, width]
    else {
      throw DatasetError(
        .shape(
          expected: "factors [n×\(channels)×\(height)×k] and [n×\(channels)×k×\(width)]",
          found: "[\(left.shape)] and [\(right.shape)]"), at: left.place)
    }
    if let wantedRank, wantedRank > stored {
      throw DatasetError(
        .refused("rank \(wantedRank) asked for, factors are stored up to rank \(stored)"),
        at: left.place)
    }
    count = left.samples.count
    self.rowShape = rowShape
    self.left = left.samples
    self.right = right.samples
    (self.height, self.width, self.channels) = (height, width, channels)
    storedRank = stored
    rank = wantedRank ?? stored
  }

  func bytes(_ rows: Range<Int>) throws(DatasetError) -> [UInt8] {
    var values = [Float](repeating: 0, count: rows.count * rowShape.count)
    var span = values.mutableSpan
    try decode(Array(rows), scaling: .identity, into: &span)
    return ScalarCoding.encode(values, as: .float32)
  }

  func decode(
    _ rows: [Int], scaling: SampleScaling, into output: inout MutableSpan<Float>
  ) throws(DatasetError) {
    // A bounded number of samples' factors at a time.
    let step = max(1, (1 << 20) / max(left.rowShape.count + right.rowShape.count, 1))
    var plane = [Float](repeating: 0, count: height * width)
    for start in stride(from: 0, to: rows.count, by: step) {
      let part = Array(rows[start..<min(start + step, rows.count)])
      var lefts = [Float](repeating: 0, count: part.count * left.rowShape.count)
      var rights = [Float](repeating: 0, count: part.count * right.rowShape.count)
      var leftSpan = lefts.mutableSpan
      try left.decode(part, scaling: .identity, into: &leftSpan)
      var rightSpan = rights.mutableSpan
      try right.decode(part, scaling: .identity, into: &rightSpan)
      for position in part.indices {
        var sample = output._mutatingExtracting(
          (start + position) * rowShape.count..<(start + position + 1) * rowShape.count)
        for channel in 0..<channels {
          let index = position * channels + channel
          multiply(
            lefts.span.extracting(index * height * storedRank..<(index + 1) * height * storedRank),
            rights.span.extracting(index * storedRank * width..<(index + 1) * storedRank * width),
            into: &plane)
          let values = plane.span
          for pixel in values.indices {
            sample[pixel * channels + channel] = values[pixel] * scaling.scale + scaling.offset
          }
        }
      }
    }
  }

  /// plane [h × w] = left [h × K] · right [K × w], over the first `rank` of K.
  private func multiply(_ left: Span<Float>, _ right: Span<Float>, into plane: inout [Float]) {
    var target = plane.mutableSpan
    for row in 0..<height {
      var line = target._mutatingExtracting(row * width..<(row + 1) * width)
      for column in line.indices { line[column] = 0 }
      for component in 0..<rank {
        let factor = left[row * storedRank + component]
        let source = right.extracting(component * width..<(component + 1) * width)
        for column in line.indices { line[column] += factor * source[column] }
      }
    }
  }

  /// All samples rebuilt in memory, on all cores.
  func rebuilt() throws(DatasetError) -> ResidentSamples {
    let stripes = min(16, max(count, 1))
    let results = Mutex<[Result<[UInt8], DatasetError>?]>(Array(repeating: nil, count: stripes))
    DispatchQueue.concurrentPerform(iterations: stripes) { stripe in
      let range = count * stripe / stripes..<count * (stripe + 1) / stripes
      let result = Result { () throws(DatasetError) in try bytes(range) }
      results.withLock { $0[stripe] = result }
    }
    var content: [UInt8] = []
    content.reserveCapacity(count * rowByteCount)
    for result in results.withLock({ $0 }) {
      if let result { content.append(contentsOf: try result.get()) }
    }
    return ResidentSamples(
      count: count, rowShape: rowShape, scalarType: .float32, content: content)
  }
}
