import Archives
import Tensors

/// Decides by trying whether a tensor is smaller without its zeros.
enum SparseChoice {
  /// What the second data set and the graph's words take in an open file.
  private static let openOverhead = 400
  /// What the graph's words and the digest take in a packed file.
  private static let packedOverhead = 64

  /// The tensor without its zeros, where that is smaller than the deflated whole.
  static func sparse(_ raw: RawTensor, isPacked: Bool) -> SparseValues? {
    let overhead = isPacked ? packedOverhead : openOverhead
    guard raw.shape.order > 0, raw.bytes.count > 2 * overhead else { return nil }
    let size = raw.scalarType.byteCount
    let zeroCount = stride(from: 0, to: raw.bytes.count, by: size).count { start in
      (start..<start + size).allSatisfy { raw.bytes[$0] == 0 }
    }
    // Below a tenth of zeros the gaps cost more than they save; without a scalar, deflate is best.
    guard zeroCount < raw.shape.count, zeroCount * 10 > raw.shape.count else { return nil }
    let sparse = SparseValues(raw)
    let without =
      deflated(PackedLayout.shuffled(sparse.values, elementSize: size)) + deflated(sparse.gaps)
    let whole = deflated(PackedLayout.shuffled(raw.bytes, elementSize: size))
    return without + overhead < whole ? sparse : nil
  }

  /// The bytes that deflate leaves, or the bytes themselves where those are fewer.
  private static func deflated(_ bytes: [UInt8]) -> Int {
    min(bytes.count, Zlib.compress(bytes, format: .raw, level: 6).count)
  }
}
