import Crypto
import HDF5

/// The digest over every byte of a file but its own 32: HDF5's structure and the views included.
enum Seal {
  /// The bytes of a seal.
  static let byteCount = 32
  private static let blockByteCount = 4 << 20

  /// Where the seal lies in a file: a data set of its own, or the end of the packed one.
  ///
  /// nil where there is none.
  /// - Throws: `ModelFileError` if what has the seal's name is none.
  static func offset(in file: HDF5File) throws -> Int? {
    if try file.exists(Schema.Path.packed) {
      let packed = try file.dataset(Schema.Path.packed)
      guard let offset = packed.contiguousOffset, packed.byteCount >= byteCount else { return nil }
      return offset + packed.byteCount - byteCount
    }
    guard try file.exists(Schema.Path.seal) else { return nil }
    let dataset = try file.dataset(Schema.Path.seal)
    guard case .integer(size: 1, isSigned: false, _) = dataset.datatype,
      dataset.extents == [byteCount], let offset = dataset.contiguousOffset
    else {
      throw ModelFileError(
        file: file.name, place: Schema.Path.seal,
        reason: .attribute(expected: "\(byteCount) contiguous bytes"))
    }
    return offset
  }

  /// The seal that a file should have, its own bytes counted as zero.
  static func computed(for file: HDF5File, at offset: Int) throws -> [UInt8] {
    var hash = SHA256()
    let size = file.fileSize
    for start in stride(from: 0, to: size, by: blockByteCount) {
      var block = try file.rawBytes(at: start, count: min(blockByteCount, size - start))
      let sealed =
        max(start, offset)..<max(max(start, offset), min(start + block.count, offset + byteCount))
      for index in sealed { block[index - start] = 0 }
      hash.update(data: block)
    }
    return Array(hash.finalize())
  }
}
