import Archives
import Messages
import Tensors

/// The header of a NumPy array, versions 1 to 3.
///
/// Source: NumPy Enhancement Proposal 1 and numpy.lib.format.
struct NumPyHeader: Sendable, Equatable {
  var scalarType: ScalarType
  var isBigEndian: Bool
  var isFortranOrdered: Bool
  var shape: Shape
  /// Where the values begin.
  var offset: Int

  /// The bytes of the values.
  var byteCount: Int { shape.count * scalarType.byteCount }

  /// The six bytes that every array begins with.
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// How much of a file to offer: the longest header that is read.
  static let longest = 1 << 20

  /// Reads a header from the first bytes of a file of `fileByteCount`.
  ///
  /// The declared size must be exactly what follows the header.
  init(
    reading bytes: [UInt8], fileByteCount: Int, place: String
  ) throws(DatasetError) {
    guard bytes.starts(with: NumPyHeader.magic), bytes.count >= 10 else {
      throw DatasetError(.unrecognised("not a NumPy array"), at: place)
    }
    let version = bytes[6]
    guard (1...3).contains(version) else {
      throw DatasetError(.refused("NumPy format version \(version), 1 to 3 are read"), at: place)
    }
    let start = version == 1 ? 10 : 12
    guard bytes.count >= start else {
      throw DatasetError(.size(declared: start, found: bytes.count), at: place)
    }
    var length = 0
    for index in stride(from: start - 1, through: 8, by: -1) {
      length = length << 8 | Int(bytes[index])
    }
    guard length <= NumPyHeader.longest - start, bytes.count >= start + length else {
      throw DatasetError(.size(declared: start + length, found: bytes.count), at: place)
    }
    var parser = NumPyLiteral(Array(bytes[start..<start + length]), place: place)
    let fields = try parser.parse()
    (scalarType, isBigEndian) = try NumPyHeader.type(of: fields.descriptor, place: place)
    isFortranOrdered = fields.isFortranOrdered
    guard fields.extents.count <= 32 else {
      throw DatasetError(
        .refused("\(fields.extents.count) axes, at most 32 are read"), at: place)
    }
    guard let shape = Shape(checking: fields.extents),
      shape.count <= Int.max / 16
    else {
      throw DatasetError(
        .refused(
          "declares \(fields.extents) values, more than any file holds"), at: place)
    }
    self.shape = shape
    offset = start + length
    guard byteCount == fileByteCount - offset else {
      throw DatasetError(.size(declared: byteCount, found: fileByteCount - offset), at: place)
    }
  }

  private static func type(
    of descriptor: String, place: String
  ) throws(DatasetError) -> (ScalarType, isBigEndian: Bool) {
    let order = descriptor.first
    let code = String(descriptor.dropFirst())
    let types: [String: ScalarType] = [
      "f2": .float16, "f4": .float32, "f8": .float64, "b1": .bool, "i1": .int8, "i2": .int16,
      "i4": .int32, "i8": .int64, "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64,
    ]
    if code.hasPrefix("O") || descriptor.hasPrefix("O") {
      throw DatasetError(
        .refused(
          "an array of Python objects is never unpickled; save it with a number type, "
            + "such as x.astype('float32')"), at: place)
    }
    guard let order, "<>|=".contains(order), let type = types[code],
      order != "|" || type.byteCount == 1
    else {
      throw DatasetError(
        .refused("element type '\(descriptor.shortened())', numbers and Booleans are read"),
        at: place)
    }
    return (type, order == ">")
  }

  /// Brings stored values into row-major, little-endian order.
  func normalised(_ bytes: [UInt8]) -> [UInt8] {
    let width = scalarType.byteCount
    let ordered = isBigEndian ? ByteOrder.reversed(bytes, width: width) : bytes
    guard isFortranOrdered && shape.order > 1 && shape.count > 0 else { return ordered }
    var result = [UInt8](repeating: 0, count: ordered.count)
    // Strides of the column-major source, in elements.
    var strides = [Int](repeating: 1, count: shape.order)
    for axis in 1..<shape.order { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    var index = [Int](repeating: 0, count: shape.order)
    var source = 0
    for target in 0..<shape.count {
      for byte in 0..<width { result[target * width + byte] = ordered[source * width + byte] }
      var axis = shape.order - 1
      while axis >= 0 {
        index[axis] += 1
        source += strides[axis]
        if index[axis] < shape[axis] { break }
        source -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return result
  }
}
