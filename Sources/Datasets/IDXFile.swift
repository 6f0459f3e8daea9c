import Archives
import Tensors

/// An IDX file: the format of MNIST, big endian, plain or gzip.
struct IDXFile {
  let path: String
  let shape: Shape
  let scalarType: ScalarType
  /// Little endian.
  let bytes: [UInt8]

  /// Whether the bytes begin as an IDX file does: two zeros, a known type, a number of axes.
  static func recognizes(_ prefix: [UInt8]) -> Bool {
    prefix.count >= 4 && prefix[0] == 0 && prefix[1] == 0 && type(of: prefix[2]) != nil
      && (1...8).contains(prefix[3])
  }

  private static func type(of code: UInt8) -> ScalarType? {
    switch code {
    case 0x08: .uint8
    case 0x09: .int8
    case 0x0B: .int16
    case 0x0C: .int32
    case 0x0D: .float32
    case 0x0E: .float64
    default: nil
    }
  }

  /// Reads a whole file; every size is compared with the file before memory is taken.
  init(path: String, limit: Int) throws(DatasetError) {
    self.path = path
    let source = try ByteStream(path: path, limit: limit)
    let start = try source.read(exactly: 4)
    guard IDXFile.recognizes(start), let scalarType = IDXFile.type(of: start[2]) else {
      throw DatasetError(
        .unrecognised("not an IDX file: it begins with \(hexadecimal(start))"), at: path)
    }
    let dimensions = try source.read(exactly: 4 * Int(start[3]))
    let extents = stride(from: 0, to: dimensions.count, by: 4).map { offset in
      dimensions[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    guard let count = Shape.elementCount(of: extents),
      let shape = Shape(checking: extents), count <= Int.max / 16
    else {
      throw DatasetError(
        .refused("declares \(extents) values, more than any file holds"), at: path)
    }
    let byteCount = count * scalarType.byteCount
    guard byteCount <= limit, byteCount <= source.possibleCount else {
      throw DatasetError(
        .size(declared: byteCount, found: max(source.possibleCount - source.position, 0)),
        at: path)
    }
    if let exact = source.exactCount, exact - source.position != byteCount {
      throw DatasetError(.size(declared: byteCount, found: exact - source.position), at: path)
    }
    if let problem = DatasetOptions.refusal(declaring: byteCount, in: source.storedCount) {
      throw DatasetError(.refused(problem), at: path)
    }
    let content = try source.read(upTo: byteCount)
    guard content.count == byteCount else {
      throw DatasetError(.size(declared: byteCount, found: content.count), at: path)
    }
    let excess = try source.read(upTo: 1)
    guard excess.isEmpty else {
      throw DatasetError(.refused("bytes follow the declared \(byteCount)"), at: path)
    }
    self.shape = shape
    self.scalarType = scalarType
    bytes = ByteOrder.reversed(content, width: scalarType.byteCount)
  }

  /// The samples along the first axis.
  var content: ArrayContent {
    let rowShape = Shape(Array(shape.extents.dropFirst()))
    return ArrayContent(
      place: path,
      samples: ResidentSamples(
        count: shape[0], rowShape: rowShape, scalarType: scalarType, content: bytes))
  }
}

/// The bytes as `00 00 08 03`, for messages.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}

/// Changes of byte order.
enum ByteOrder {
  /// Every scalar of `width` bytes back to front; the bytes themselves for width 1.
  static func reversed(_ bytes: [UInt8], width: Int) -> [UInt8] {
    guard width > 1 else { return bytes }
    var result = bytes
    for start in stride(from: 0, to: bytes.count - width + 1, by: width) {
      for offset in 0..<width { result[start + offset] = bytes[start + width - 1 - offset] }
    }
    return result
  }
}
