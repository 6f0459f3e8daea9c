import Archives
import HDF5
import Tensors

/// Decides by trying whether a tensor is stored as it is or deflated.
struct StorageChoice {
  let compression: StorageOptions.Compression
  /// Whether the whole model is so small that every tensor is tried.
  let isSmallModel: Bool

  /// The bytes of all tensors up to which a model counts as small.
  static let smallModelByteCount = 4 << 20
  /// The most bytes of a chunk.
  static let chunkByteCount = 1 << 20
  private static let sampleByteCount = 64 << 10
  /// What a chunked data set's header takes beyond a contiguous one's, with room to spare.
  private static let overhead = 96

  /// The layout for a tensor.
  func layout(for raw: RawTensor, isMasked: Bool) -> HDF5Layout {
    let level: Int
    switch compression {
    case .none: return .contiguous
    case .deflate(let asked): level = asked
    case .automatic: level = 6
    }
    guard raw.shape.order > 0, raw.bytes.count > StorageChoice.overhead else { return .contiguous }
    let trial = Trial(raw, level: level)
    // Readers take a large file that shrinks like zeros do for a bomb.
    guard raw.bytes.count <= StorageChoice.chunkByteCount || trial.share > 0.01 else {
      return .contiguous
    }
    if compression == .automatic {
      let isCandidate = isSmallModel || isMasked || raw.scalarType.byteCount == 1
      guard trial.share <= (isCandidate ? 0.97 : 0.75) else { return .contiguous }
      let saved = Int(Double(raw.bytes.count) * (1 - trial.share))
      guard saved > StorageChoice.overhead else { return .contiguous }
    }
    return .chunked(
      StorageChoice.chunk(raw.shape, elementSize: raw.scalarType.byteCount),
      HDF5Filters(shuffles: trial.shuffles, deflateLevel: level))
  }

  /// The largest chunk of at most 1 MiB that is whole along the inner axes.
  static func chunk(_ shape: Shape, elementSize: Int) -> [Int] {
    var chunk = shape.extents
    for axis in chunk.indices {
      let byteCount = chunk.reduce(elementSize, *)
      guard byteCount > chunkByteCount else { break }
      chunk[axis] = max(1, chunkByteCount / (byteCount / chunk[axis]))
    }
    return chunk
  }

  /// The share of its size that a sample takes after deflate, with the better order of bytes.
  private struct Trial {
    let share: Double
    let shuffles: Bool

    init(_ raw: RawTensor, level: Int) {
      let sample = Trial.sample(raw)
      let plain = Double(Zlib.compress(sample, level: level).count) / Double(sample.count)
      let size = raw.scalarType.byteCount
      guard size > 1 else {
        (share, shuffles) = (plain, false)
        return
      }
      let shuffled = PackedLayout.shuffled(sample, elementSize: size)
      let other = Double(Zlib.compress(shuffled, level: level).count) / Double(sample.count)
      (share, shuffles) = other < plain ? (other, true) : (plain, false)
    }

    /// The whole of a small tensor; the start and the middle of a large one.
    private static func sample(_ raw: RawTensor) -> [UInt8] {
      let (bytes, part) = (raw.bytes, sampleByteCount)
      guard bytes.count > 4 * part else { return bytes }
      let middle = bytes.count / 2 / 8 * 8
      return Array(bytes[..<part]) + Array(bytes[middle..<middle + part])
    }
  }
}
