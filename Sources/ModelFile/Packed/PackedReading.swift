import Archives
import HDF5

/// The packed data set taken apart into its parts, all sizes compared with its own.
struct PackedReading {
  /// The name of the file in messages.
  let file: String
  /// 8 bytes for each value, in the order of the table.
  let digests: [[UInt8]]
  /// The graph's JSON, compared with its digest.
  let graph: [UInt8]
  /// All bytes but the seal.
  let content: [UInt8]
  private let parts: [Part]

  /// One part: where it lies and whether it is deflated.
  private struct Part {
    let range: Range<Int>
    let isDeflated: Bool
  }

  init(_ file: HDF5File) throws {
    let name = file.name
    let bytes = try PackedReading.content(of: file)
    let (parts, end) = try PackedReading.parts(of: bytes, name)
    let size = PackedLayout.digestByteCount
    guard bytes.count - end >= size, (bytes.count - end) % size == 0 else {
      throw PackedReading.refusal(
        name, "\(bytes.count - end) bytes are left for digests of \(size) bytes")
    }
    let table = stride(from: end, to: bytes.count, by: size).map { Array(bytes[$0..<$0 + size]) }
    self.file = name
    self.parts = parts
    content = bytes
    digests = Array(table.dropFirst())
    let stored = Array(bytes[parts[0].range])
    graph =
      parts[0].isDeflated
      ? try PackedReading.inflated(stored, limit: Schema.Limit.graphByteCount, name) : stored
    let computed = Array(Digest.bytes(graph).prefix(size))
    guard computed == table[0] else {
      throw ModelFileError(
        file: name, place: "\(Schema.Path.packed) (graph)",
        reason: .digest(
          stored: Digest.hexadecimal(of: table[0]), computed: Digest.hexadecimal(of: computed)))
    }
  }

  /// The data set's bytes without the seal.
  private static func content(of file: HDF5File) throws -> [UInt8] {
    let dataset = try file.dataset(Schema.Path.packed)
    func refuse(_ reason: ModelFileError.Reason) -> ModelFileError {
      ModelFileError(file: file.name, place: Schema.Path.packed, reason: reason)
    }
    guard case .integer(size: 1, isSigned: false, _) = dataset.datatype,
      dataset.extents.count == 1, dataset.layoutName == "contiguous"
    else { throw refuse(.attribute(expected: "one contiguous row of bytes")) }
    guard dataset.byteCount <= PackedLayout.byteLimit else {
      throw refuse(.tooLarge(declared: dataset.byteCount, limit: PackedLayout.byteLimit))
    }
    let least =
      PackedLayout.directoryByteCount + PackedLayout.digestByteCount + Seal.byteCount
    guard dataset.count >= least else {
      throw refuse(.packing("expected at least \(least) bytes, found \(dataset.count)"))
    }
    return Array(try dataset.readBytes().dropLast(Seal.byteCount))
  }

  /// The parts that the directory lists, and where the last one ends.
  private static func parts(of bytes: [UInt8], _ file: String) throws -> ([Part], Int) {
    var parts: [Part] = []
    var start = PackedLayout.directoryByteCount
    for index in 0...PackedLayout.elementSizes.count {
      let place = index * PackedLayout.entryByteCount
      let word = bytes[place..<place + PackedLayout.entryByteCount].reversed()
        .reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let count = Int(word & ~PackedLayout.deflatedBit)
      guard count <= bytes.count - start else {
        throw refusal(file, "part \(index) has \(count) bytes, \(bytes.count - start) are left")
      }
      parts.append(
        Part(range: start..<start + count, isDeflated: word & PackedLayout.deflatedBit != 0))
      start += count
    }
    return (parts, start)
  }

  /// The bytes that a part takes in the file.
  func storedByteCount(part index: Int) -> Int { parts[index].range.count }

  /// A part's bytes, which must be `byteCount` once decoded.
  func decoded(part index: Int, byteCount: Int) throws -> [UInt8] {
    let bytes = Array(content[parts[index].range])
    let decoded =
      parts[index].isDeflated
      ? try PackedReading.inflated(bytes, limit: byteCount, file) : bytes
    guard decoded.count == byteCount else {
      throw refuse(
        "part \(index) holds \(decoded.count) bytes, the graph asks for \(byteCount)")
    }
    return decoded
  }

  func refuse(_ problem: String) -> ModelFileError { PackedReading.refusal(file, problem) }

  private static func refusal(_ file: String, _ problem: String) -> ModelFileError {
    ModelFileError(file: file, place: Schema.Path.packed, reason: .packing(problem))
  }

  private static func inflated(_ bytes: [UInt8], limit: Int, _ file: String) throws -> [UInt8] {
    do throws(ArchiveError) {
      return try Zlib.decompress(bytes, format: .raw, limit: limit)
    } catch {
      throw refusal(file, "\(error.problem)")
    }
  }
}
