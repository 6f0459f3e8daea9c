import Crypto
import Tensors

extension Dataset {
  /// SHA-256 of the samples, their labels and their shape, in hexadecimal.
  ///
  /// It depends on the stored values and their order, not on the container they came in: MNIST as
  /// IDX, gzip or `.npz` of bytes gives one digest.
  ///
  /// - Throws: ``DatasetError`` if the source can no longer be read.
  public func digest() throws(DatasetError) -> String {
    var hash = SHA256()
    hash.update(
      data: Array("modelc-dataset 1 \(scalarType.rawValue) \(count)×\(storage.rowShape)\n".utf8))
    // Slabs of about 4 MiB.
    let step = max(1, (4 << 20) / max(storage.rowByteCount, 1))
    switch selection {
    case .range(let range):
      var start = range.lowerBound
      while start < range.upperBound {
        let end = min(start + step, range.upperBound)
        hash.update(data: try storage.bytes(start..<end))
        start = end
      }
    case .list(let rows):
      for row in rows { hash.update(data: try storage.bytes(row..<row + 1)) }
    }
    switch supervision {
    case .none: break
    case .classes(let classes):
      let labels = selection.map { Float(classes[$0]) }
      hash.update(data: ScalarCoding.encode(labels, as: .int64))
    case .targets:
      let targets = targets(of: Array(0..<count))
      hash.update(data: ScalarCoding.encode(targets?.elements ?? [], as: .float32))
    }
    return hash.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }
}
