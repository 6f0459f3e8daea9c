public import Datasets
import Dispatch
import Foundation
import HDF5
import LinearAlgebra
import ModelFile
import Synchronization
public import Tensors

/// An image data set approximated channel by channel and written as factors.
public struct DataCompression: Sendable {
  /// How many values a channel keeps.
  public enum Target: Sendable, Hashable {
    /// This rank, clipped to the full one.
    case rank(Int)
    /// The largest rank whose factors take at most pixel bytes ÷ ratio.
    case ratio(Double)
  }

  /// How many values a channel keeps.
  public var target: Target
  /// The type of the stored factors: float32 or float16.
  public var scalarType: ScalarType
  /// Threads.
  public var threads: Int
  /// Images that are decomposed and written at a time; it bounds the memory.
  public var batchSize: Int

  /// Describes a compression.
  public init(
    target: Target, scalarType: ScalarType = .float32, threads: Int = 1, batchSize: Int = 1024
  ) {
    self.target = target
    self.scalarType = scalarType
    self.threads = threads
    self.batchSize = batchSize
  }

  /// What became of one part.
  public struct PartReport: Sendable, Hashable {
    /// The part.
    public let split: DatasetSplit
    /// The images.
    public let count: Int
    /// Bytes of the pixels as the source stores them.
    public let pixelByteCount: Int
    /// Bytes of the factors.
    public let factorByteCount: Int
    /// ‖X − X̂‖_F ÷ ‖X‖_F over all images.
    public let relativeError: Double
    /// Peak signal-to-noise ratio over all images, in dB; nil unless pixels are bytes.
    public let psnr: Double?
  }

  /// What was written.
  public struct Report: Sendable, Hashable {
    /// The stored rank.
    public let rank: Int
    /// The rank of a whole channel.
    public let fullRank: Int
    /// Rows and columns of a channel.
    public let height: Int, width: Int
    /// The largest rank with fewer scalars than pixels; 0 if there is none.
    public let scalarBreakEven: Int
    /// The largest rank with fewer bytes than the stored pixels; 0 if there is none.
    public let byteBreakEven: Int
    /// The parts, in the order train, validation, test, all.
    public let parts: [PartReport]
    /// Bytes of the whole file.
    public let fileByteCount: Int
    /// Seconds of the job.
    public let seconds: Double
  }

  /// Decomposes the parts of a source and writes them to one file, whole or not at all.
  ///
  /// - Parameter progress: called with images done and images in all.
  /// - Throws: `PipelineError` for data that are no images; what reading and writing throw.
  public func run(
    _ splits: DatasetSplits, to path: String, force: Bool,
    progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> Report {
    let start = monotonicSeconds()
    let parts = DatasetSplit.allCases.compactMap { splits[$0] }
    guard let first = parts.first else {
      throw PipelineError(place: splits.path, reason: "it has no parts")
    }
    let form = try ImageForm(first, scalarType: scalarType)
    let rank = try form.rank(for: target, place: splits.path)
    let output = try TemporaryOutput(for: path, force: force)
    let total = parts.reduce(0) { $0 + $1.count }
    var done = 0
    var reports: [PartReport] = []
    do {
      let writer = try HDF5Writer(creating: output.path)
      try describe(first, form: form, to: writer)
      for part in parts {
        guard part.inputShape == first.inputShape else {
          throw PipelineError(
            place: splits.path,
            reason: "parts of one shape are needed, found [\(first.inputShape)] and "
              + "[\(part.inputShape)]")
        }
        reports.append(
          try write(part, form: form, rank: rank, to: writer) { count in
            done += count
            try progress(done, total)
          })
      }
      try writer.close()
    }
    try output.commit()
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    return Report(
      rank: rank, fullRank: form.fullRank, height: form.height, width: form.width,
      scalarBreakEven: form.breakEven(pixelBytes: 1, scalarBytes: 1),
      byteBreakEven: form.breakEven(
        pixelBytes: form.pixelByteCount, scalarBytes: scalarType.byteCount),
      parts: reports, fileByteCount: size, seconds: monotonicSeconds() - start)
  }

  private func describe(
    _ dataset: Dataset, form: ImageForm, to writer: borrowing HDF5Writer
  ) throws {
    try writer.setAttribute("format", .text(FactoredImages.format))
    try writer.setAttribute("version", .integers([FactoredImages.version]))
    try writer.setAttribute("row_shape", .integers(dataset.inputShape.extents))
    if let names = dataset.classNames { try writer.setAttribute("class_names", .texts(names)) }
    if let scaling = dataset.suggestedScaling, scaling.scale != 0 {
      // The range that the scaling maps to 0 … 1.
      let low = Double(-scaling.offset / scaling.scale)
      let high = (Double((1 - scaling.offset) / scaling.scale) * 1e4).rounded() / 1e4
      try writer.setAttribute("value_range", .doubles([low + 0, high]))
    }
  }

  private func write(
    _ dataset: Dataset, form: ImageForm, rank: Int, to writer: borrowing HDF5Writer,
    step: (Int) throws -> Void
  ) throws -> PartReport {
    let group = FactoredImages.group(of: dataset.split)
    let count = dataset.count
    let type = HDF5Datatype.float(scalarType == .float16 ? .float16 : .float32)
    let left = try writer.createDataset(
      "\(group)/left", extents: [count, form.channels, form.height, rank], datatype: type)
    let right = try writer.createDataset(
      "\(group)/right", extents: [count, form.channels, rank, form.width], datatype: type)
    var lost = 0.0
    var energy = 0.0
    for start in stride(from: 0, to: count, by: max(batchSize, 1)) {
      let rows = start..<min(start + max(batchSize, 1), count)
      let factors = try decompose(dataset, rows, form: form, rank: rank)
      lost += factors.reduce(0) { $0 + $1.lost }
      energy += factors.reduce(0) { $0 + $1.energy }
      let lefts = ScalarCoding.encode(factors.flatMap(\.left), as: scalarType)
      let rights = ScalarCoding.encode(factors.flatMap(\.right), as: scalarType)
      // Bytes have no padding.
      unsafe try left.write(rows: rows, lefts.span.bytes)
      unsafe try right.write(rows: rows, rights.span.bytes)
      try step(rows.count)
    }
    try left.finish()
    try right.finish()
    if let labels = dataset.labels {
      try writer.writeDataset(
        "\(group)/labels", extents: [count], datatype: .integer(size: 8, isSigned: true),
        bytes: labels.flatMap { label in
          (0..<8).map { UInt8(truncatingIfNeeded: label >> (8 * $0)) }
        })
    }
    let values = Double(max(count * dataset.inputShape.count, 1))
    let peak = dataset.suggestedScaling.map { 1 / Double($0.scale) } ?? 255
    return PartReport(
      split: dataset.split, count: count,
      pixelByteCount: count * dataset.inputShape.count * form.pixelByteCount,
      factorByteCount: count * form.scalarCount(rank: rank) * scalarType.byteCount,
      relativeError: energy > 0 ? (lost / energy).squareRoot() : 0,
      psnr: dataset.scalarType == .uint8 && lost > 0
        ? 10 * log10(peak * peak / (lost / values)) : nil)
  }

  /// The factors of some images in a row, with what they lose.
  private struct Factors: Sendable {
    var left: [Float] = []
    var right: [Float] = []
    var lost = 0.0
    var energy = 0.0
  }

  /// Decomposes images on several threads; their order is kept.
  private func decompose(
    _ dataset: Dataset, _ rows: Range<Int>, form: ImageForm, rank: Int
  ) throws -> [Factors] {
    let parts = max(1, min(threads, rows.count))
    let results = Mutex<[Result<Factors, any Error>?]>(Array(repeating: nil, count: parts))
    BLASThreads.scoped(1) {
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        let range =
          rows.lowerBound + rows.count * part / parts..<rows.lowerBound + rows.count * (part + 1)
          / parts
        let result = Result { try factors(of: dataset, range, form: form, rank: rank) }
        results.withLock { $0[part] = result }
      }
    }
    return try results.withLock { $0 }.compactMap { try $0?.get() }
  }

  private func factors(
    of dataset: Dataset, _ rows: Range<Int>, form: ImageForm, rank: Int
  ) throws -> Factors {
    let values = try dataset.batch(rows).inputs.elements
    let size = form.height * form.width * form.channels
    var result = Factors()
    for image in 0..<rows.count {
      for channel in 0..<form.channels {
        let plane = (0..<form.height * form.width).map {
          values[image * size + $0 * form.channels + channel]
        }
        let svd = try TruncatedSVD.compute(
          Matrix(rows: form.height, columns: form.width, elements: plane), rank: rank,
          route: .gesdd)
        result.left += svd.left().elements
        result.right += svd.vt.elements
        result.lost += svd.discardedEnergy
        result.energy += svd.squaredNorm
      }
    }
    return result
  }
}

/// Height, width and channels of the images of a data set, and what ranks cost there.
struct ImageForm {
  let height: Int
  let width: Int
  let channels: Int
  let pixelByteCount: Int
  let scalarByteCount: Int

  init(_ dataset: Dataset, scalarType: ScalarType) throws {
    let shape = dataset.inputShape
    guard [2, 3].contains(shape.order), shape.count > 0 else {
      throw PipelineError(
        place: dataset.name,
        reason: "expected images [height × width (× channels)], found [\(shape)]")
    }
    height = shape[0]
    width = shape[1]
    channels = shape.order == 3 ? shape[2] : 1
    pixelByteCount = dataset.scalarType.byteCount
    scalarByteCount = scalarType.byteCount
  }

  var fullRank: Int { min(height, width) }

  func scalarCount(rank: Int) -> Int { (height + width) * rank * channels }

  /// The largest rank that takes fewer bytes than the pixels.
  func breakEven(pixelBytes: Int, scalarBytes: Int) -> Int {
    max(0, (height * width * pixelBytes - 1) / ((height + width) * scalarBytes))
  }

  func rank(for target: DataCompression.Target, place: String) throws -> Int {
    switch target {
    case .rank(let rank): return min(rank, fullRank)
    case .ratio(let ratio): return try rank(ratio: ratio, place: place)
    }
  }

  private func rank(ratio: Double, place: String) throws -> Int {
    let pixels = Double(height * width * pixelByteCount)
    let perRank = Double((height + width) * scalarByteCount)
    let rank = Int((pixels / ratio / perRank).rounded(.down))
    guard rank >= 1 else {
      let largest = (pixels / perRank * 100).rounded(.down) / 100
      throw PipelineError(
        place: place,
        reason: "ratio \(ratio): even rank 1 takes more; the largest ratio of "
          + "\(height)×\(width) pixels of \(pixelByteCount) bytes and factors of "
          + "\(scalarByteCount) bytes is \(largest)")
    }
    return min(rank, fullRank)
  }
}
