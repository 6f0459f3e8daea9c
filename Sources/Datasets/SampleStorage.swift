import Tensors

/// Equally shaped samples in their stored type, in memory or in a file.
protocol SampleStorage: Sendable {
  /// The number of samples.
  var count: Int { get }
  /// The shape of one sample.
  var rowShape: Shape { get }
  /// The type of one scalar; bytes are little endian.
  var scalarType: ScalarType { get }

  /// The bytes of consecutive samples, which must exist.
  func bytes(_ rows: Range<Int>) throws(DatasetError) -> [UInt8]

  /// Decodes and scales samples in the order asked for; `output` holds exactly as many values.
  func decode(
    _ rows: [Int], scaling: SampleScaling, into output: inout MutableSpan<Float>
  ) throws(DatasetError)
}

extension SampleStorage {
  /// The bytes that one sample takes.
  var rowByteCount: Int { rowShape.count * scalarType.byteCount }

  func decode(
    _ rows: [Int], scaling: SampleScaling, into output: inout MutableSpan<Float>
  ) throws(DatasetError) {
    let rowCount = rowShape.count
    var position = 0
    while position < rows.count {
      // Runs of neighbours are read at once.
      var end = position + 1
      while end < rows.count && rows[end] == rows[end - 1] + 1 { end += 1 }
      let run = try bytes(rows[position]..<rows[end - 1] + 1)
      var slice = output._mutatingExtracting(position * rowCount..<end * rowCount)
      ScalarDecoding.decode(run.span, of: scalarType, scaling: scaling, into: &slice)
      position = end
    }
  }
}

/// Samples held in memory.
struct ResidentSamples: SampleStorage {
  let count: Int
  let rowShape: Shape
  let scalarType: ScalarType
  private let content: [UInt8]
  /// Rows to fetch ahead.
  private static let prefetchDistance = 4

  /// `content` must hold exactly the samples.
  init(count: Int, rowShape: Shape, scalarType: ScalarType, content: [UInt8]) {
    precondition(content.count == count * rowShape.count * scalarType.byteCount)
    self.count = count
    self.rowShape = rowShape
    self.scalarType = scalarType
    self.content = content
  }

  func bytes(_ rows: Range<Int>) -> [UInt8] {
    Array(content[rows.lowerBound * rowByteCount..<rows.upperBound * rowByteCount])
  }

  func decode(_ rows: [Int], scaling: SampleScaling, into output: inout MutableSpan<Float>) {
    let rowCount = rowShape.count
    let rowByteCount = rowByteCount
    let source = content.span
    for (position, row) in rows.enumerated() {
      // A shuffled batch jumps about: rows further on are fetched while this one is decoded.
      let ahead = position + ResidentSamples.prefetchDistance
      if ahead < rows.count {
        ScalarDecoding.prefetch(
          source.extracting(rows[ahead] * rowByteCount..<(rows[ahead] + 1) * rowByteCount))
      }
      let bytes = source.extracting(row * rowByteCount..<(row + 1) * rowByteCount)
      var slice = output._mutatingExtracting(position * rowCount..<(position + 1) * rowCount)
      ScalarDecoding.decode(bytes, of: scalarType, scaling: scaling, into: &slice)
    }
  }
}

/// Samples read from their file when they are needed.
struct StreamedSamples: SampleStorage {
  let count: Int
  let rowShape: Shape
  let scalarType: ScalarType
  /// Reads the little-endian bytes of consecutive samples.
  let read: @Sendable (Range<Int>) throws(DatasetError) -> [UInt8]

  func bytes(_ rows: Range<Int>) throws(DatasetError) -> [UInt8] {
    let bytes = try read(rows)
    precondition(bytes.count == rows.count * rowByteCount, "a reader keeps to its own shape")
    return bytes
  }
}
