extension HDF5Dataset {
  /// Declared bytes up to this many may be without stored data, and then hold the fill value.
  private static let fillLimit = 64 << 10

  /// All values, row-major and little endian.
  public func readBytes() throws(HDF5Error) -> [UInt8] {
    try object.located { () throws(HDF5Error.Reason) in
      try checkReadable()
      return try slab(0..<(extents.first ?? 1))
    }
  }

  /// The values of some entries of the first axis, row-major and little endian.
  ///
  /// Only the chunks that hold them are read; ``preferredRows`` is a good step.
  public func readBytes(rows: Range<Int>) throws(HDF5Error) -> [UInt8] {
    try object.located { () throws(HDF5Error.Reason) in
      try checkReadable()
      let available = extents.first ?? 1
      guard rows.lowerBound >= 0, rows.upperBound <= available else {
        throw .rows(asked: rows, count: available)
      }
      return try slab(rows)
    }
  }

  /// All values as Float, whatever number they are stored as; opaque data are refused.
  ///
  /// A contiguous little-endian float32 data set is read straight into the result.
  public func readFloats() throws(HDF5Error) -> [Float] {
    try object.located { () throws(HDF5Error.Reason) in
      try checkReadable()
      if case .float(.float32, .little) = datatype, case .contiguous(let address?, _) = layout {
        return try floats(at: address)
      }
      var values: [Float] = []
      values.reserveCapacity(count)
      let available = extents.first ?? 1
      let step = preferredRows
      for start in stride(from: 0, to: available, by: step) {
        let rows = start..<min(available, start + step)
        try ElementCoding.append(try slab(rows), datatype, to: &values)
      }
      return values
    }
  }

  /// All values as integers; booleans are 0 and 1.
  public func readIntegers() throws(HDF5Error) -> [Int] {
    let bytes = try readBytes()
    return try object.located { () throws(HDF5Error.Reason) in
      try ElementCoding.integers(bytes, datatype)
    }
  }

  /// All texts, of fixed or variable length.
  public func strings() throws(HDF5Error) -> [String] {
    try object.located { () throws(HDF5Error.Reason) in
      try checkReadable(stringsAllowed: true)
      let bytes = try slab(0..<(extents.first ?? 1))
      return try ElementCoding.strings(bytes, datatype, heap: object.file.heap)
    }
  }

  /// A number of rows that reads no chunk twice, of about 4 MiB.
  public var preferredRows: Int {
    let available = max(1, extents.first ?? 1)
    let rowBytes = max(1, byteCount / available)
    let wanted = max(1, (4 << 20) / rowBytes)
    guard let chunk = chunkExtents?.first else { return wanted }
    return max(1, wanted / chunk) * chunk
  }

  // MARK: Checks

  /// Refuses what cannot be read, and sizes that the file cannot hold, before memory is taken.
  private func checkReadable(stringsAllowed: Bool = false) throws(HDF5Error.Reason) {
    switch datatype {
    case .unsupported(let name, _): throw .datatype(found: name, expected: "numbers or strings")
    case .variableString where !stringsAllowed:
      throw .datatype(found: "\(datatype)", expected: "elements of a fixed size")
    default: break
    }
    try pipeline.check()
    guard byteCount <= object.file.limit else {
      throw .tooLarge(declared: UInt64(byteCount), limit: UInt64(object.file.limit))
    }
    guard byteCount > 0 else { return }
    switch layout {
    case .compact(let bytes):
      guard bytes.count == byteCount else {
        throw .implausibleSize(declared: UInt64(byteCount), stored: UInt64(bytes.count))
      }
    case .contiguous(nil, _): try allowFill()
    case .contiguous(let address?, let size):
      guard size == nil || size == UInt64(byteCount) else {
        throw .implausibleSize(declared: UInt64(byteCount), stored: size ?? 0)
      }
      _ = try object.file.space.offset(of: address, UInt64(byteCount), "data")
    case .chunked(let chunked):
      if try !table(chunked).isComplete { try allowFill() }
    case .virtual: throw .virtualDataset
    }
  }

  private func allowFill() throws(HDF5Error.Reason) {
    guard byteCount <= Self.fillLimit else { throw .unallocated(declared: UInt64(byteCount)) }
  }

  // MARK: Values

  private func floats(at address: UInt64) throws(HDF5Error.Reason) -> [Float] {
    let source = object.file.space.source
    let offset = try object.file.space.offset(of: address, UInt64(byteCount), "data")
    var failure: HDF5Error.Reason?
    let values = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(HDF5Error.Reason) {
        // `count` floats are byteCount bytes; all are written or none counted.
        let bytes = unsafe UnsafeMutableRawBufferPointer(
          start: buffer.baseAddress, count: byteCount)
        unsafe try source.fill(bytes, at: offset)
        initialized = count
      } catch {
        failure = error
        initialized = 0
      }
    }
    if let failure { throw failure }
    return values
  }

  /// The bytes of some rows, little endian; sizes were checked before.
  private func slab(_ rows: Range<Int>) throws(HDF5Error.Reason) -> [UInt8] {
    let available = extents.first ?? 1
    guard byteCount > 0, !rows.isEmpty else { return [] }
    let rowBytes = byteCount / available
    let (start, size) = (rows.lowerBound * rowBytes, rows.count * rowBytes)
    var bytes: [UInt8]
    switch layout {
    case .compact(let all): bytes = Array(all[start..<start + size])
    case .contiguous(let address?, _):
      bytes = try object.file.space.readData(address + UInt64(start), size)
    case .contiguous(nil, _), .virtual: bytes = filled(size)
    case .chunked(let chunked): bytes = try gather(rows, chunked, size)
    }
    if datatype.isBigEndian { ElementCoding.reverse(&bytes, elementSize: datatype.size) }
    return bytes
  }

  private func filled(_ size: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    if !fill.isEmpty {
      for start in stride(from: 0, to: size, by: fill.count) {
        bytes.replaceSubrange(start..<start + fill.count, with: fill)
      }
    }
    return bytes
  }

  /// Decodes the chunks that hold some rows and puts their parts together.
  private func gather(
    _ rows: Range<Int>, _ chunked: ChunkedLayout, _ size: Int
  ) throws(HDF5Error.Reason) -> [UInt8] {
    let table = try table(chunked)
    let space = object.file.space
    var result = filled(size)
    var box = extents
    box[0] = rows.count
    let perRow = table.count / table.grid[0]
    let first = rows.lowerBound / chunked.extents[0]
    let last = (rows.upperBound - 1) / chunked.extents[0]
    for number in first * perRow..<(last + 1) * perRow {
      guard let entry = table.entry(number) else { continue }
      var origin = [Int](repeating: 0, count: extents.count)
      var rest = number
      for axis in extents.indices.reversed() {
        origin[axis] = rest % table.grid[axis] * chunked.extents[axis]
        rest /= table.grid[axis]
      }
      let isEdge = extents.indices.contains { origin[$0] > extents[$0] - chunked.extents[$0] }
      let stored = try space.readData(entry.address, entry.size)
      let mask = chunked.hasRawEdges && isEdge ? .max : entry.mask
      let chunk = try pipeline.decode(stored, mask: mask, to: chunked.byteCount)
      origin[0] -= rows.lowerBound
      BoxCopy(
        chunk: chunked.extents, at: origin, box: box, elementSize: datatype.size
      ).run(from: chunk, to: &result)
    }
    return result
  }
}
