import Archives
public import Tensors

/// NumPy's `.npy` files.
public enum NumPyFile {
  /// Reads an array of numbers, whatever its byte order and layout.
  ///
  /// - Throws: ``DatasetError``; `.refused` for Python objects, strings and records.
  public static func read(_ path: String, limit: Int = 8 << 30) throws(DatasetError) -> RawTensor {
    let file = try reading { () throws(ArchiveError) in try RandomAccessFile(path: path) }
    let header = try header(of: file)
    guard header.byteCount <= limit else {
      throw DatasetError(
        .refused("\(header.byteCount) bytes, at most \(limit) are read"), at: path)
    }
    let bytes = try reading { () throws(ArchiveError) in
      try file.bytes(header.offset..<file.count)
    }
    return RawTensor(
      shape: header.shape, scalarType: header.scalarType, bytes: header.normalised(bytes))
  }

  /// The bytes of a `.npy` file, version 1.0, as NumPy writes them.
  public static func encoded(_ tensor: RawTensor) -> [UInt8] {
    let code =
      switch tensor.scalarType {
      case .float16: "<f2"
      case .float32: "<f4"
      case .float64: "<f8"
      // NumPy has no bfloat16; its bits are kept.
      case .bfloat16: "<u2"
      case .int8: "|i1"
      case .int16: "<i2"
      case .int32: "<i4"
      case .int64: "<i8"
      case .uint8: "|u1"
      case .uint16: "<u2"
      case .uint32: "<u4"
      case .uint64: "<u8"
      case .bool: "|b1"
      }
    let extents = tensor.shape.extents
    let tuple =
      extents.count == 1
      ? "(\(extents[0]),)" : "(" + extents.map(String.init).joined(separator: ", ") + ")"
    var text = "{'descr': '\(code)', 'fortran_order': False, 'shape': \(tuple), }"
    // The values begin at a multiple of 64, after a line feed.
    let unpadded = 10 + text.utf8.count + 1
    text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    let length = text.utf8.count
    precondition(length <= 0xFFFF, "a shape of \(extents.count) axes")
    var bytes = NumPyHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    bytes.append(contentsOf: text.utf8)
    bytes.append(contentsOf: tensor.bytes)
    return bytes
  }

  static func header(of file: RandomAccessFile) throws(DatasetError) -> NumPyHeader {
    let prefix = try reading { () throws(ArchiveError) in
      try file.bytes(0..<min(file.count, NumPyHeader.longest))
    }
    return try NumPyHeader(reading: prefix, fileByteCount: file.count, place: file.path)
  }

  /// The array as samples: in memory up to `residentByteCount`, else read on demand.
  static func content(
    _ path: String, options: DatasetOptions
  ) throws(DatasetError) -> ArrayContent {
    let file = try reading { () throws(ArchiveError) in try RandomAccessFile(path: path) }
    let header = try header(of: file)
    return try content(header, place: path, options: options) {
      (range) throws(ArchiveError) in try file.bytes(range)
    }
  }

  /// An array whose file is read through `bytes`, by ranges that count from the file's start.
  static func content(
    _ header: NumPyHeader, place: String, options: DatasetOptions,
    bytes: @escaping @Sendable (Range<Int>) throws(ArchiveError) -> [UInt8]
  ) throws(DatasetError) -> ArrayContent {
    guard header.byteCount <= options.byteLimit else {
      throw DatasetError(
        .refused("\(header.byteCount) bytes, at most \(options.byteLimit) are read"), at: place)
    }
    let extents = header.shape.extents
    let count = extents.first ?? 1
    let rowShape = Shape(Array(extents.dropFirst()))
    // Column-major rows are scattered over the file, so they cannot be read one by one.
    if header.byteCount > options.residentByteCount && !header.isFortranOrdered {
      let rowByteCount = rowShape.count * header.scalarType.byteCount
      let samples = StreamedSamples(
        count: count, rowShape: rowShape, scalarType: header.scalarType
      ) { (rows) throws(DatasetError) in
        let start = header.offset + rows.lowerBound * rowByteCount
        let content = try reading { () throws(ArchiveError) in
          try bytes(start..<start + rows.count * rowByteCount)
        }
        return header.isBigEndian
          ? ByteOrder.reversed(content, width: header.scalarType.byteCount) : content
      }
      return ArrayContent(place: place, samples: samples)
    }
    let content = try reading { () throws(ArchiveError) in
      try bytes(header.offset..<header.offset + header.byteCount)
    }
    return ArrayContent(
      place: place,
      samples: ResidentSamples(
        count: count, rowShape: rowShape, scalarType: header.scalarType,
        content: header.normalised(content)))
  }
}
