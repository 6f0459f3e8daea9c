import CHDF5

extension HDF5Writer {
  /// Writes a whole data set; `bytes` are row-major and little endian, whatever order is stored.
  ///
  /// Groups above the path are created. A scalar has no extents.
  public borrowing func writeDataset(
    _ path: String, extents: [Int], datatype: HDF5Datatype, bytes: [UInt8],
    layout: HDF5Layout = .contiguous
  ) throws(HDF5Error) {
    let dataset = try createDataset(path, extents: extents, datatype: datatype, layout: layout)
    // Bytes have no padding.
    unsafe try dataset.write(bytes.span.bytes)
    try dataset.finish()
  }

  /// Writes a whole float32 data set.
  public borrowing func writeDataset(
    _ path: String, extents: [Int], floats: [Float], layout: HDF5Layout = .contiguous
  ) throws(HDF5Error) {
    let dataset = try createDataset(
      path, extents: extents, datatype: .float(.float32), layout: layout)
    // Floats have no padding.
    unsafe try dataset.write(floats.span.bytes)
    try dataset.finish()
  }

  /// Creates a data set whose rows are written afterwards, in any order.
  public borrowing func createDataset(
    _ path: String, extents: [Int], datatype: HDF5Datatype, layout: HDF5Layout = .contiguous
  ) throws(HDF5Error) -> HDF5DatasetWriter {
    do throws(HDF5Error.Reason) {
      let place = try preparePlace(path)
      let type = try datatype.identifier()
      let space = try Self.dataspace(extents)
      let creation = try Self.creation(layout, extents)
      let (id, typeID, spaceID) = (file.rawValue, type.rawValue, space.rawValue)
      let creationID = creation.rawValue
      let dataset = try Identifier("create a data set") {
        unsafe H5Dcreate2(
          id, place, typeID, spaceID, modelc_h5p_default(), creationID, modelc_h5p_default())
      }
      return HDF5DatasetWriter(
        file: name, path: path, extents: extents, elementSize: datatype.size, dataset: dataset,
        memoryType: try datatype.identifier(inMemory: true))
    } catch {
      throw HDF5Error(file: name, path: path, reason: error)
    }
  }

  static func dataspace(_ extents: [Int]) throws(HDF5Error.Reason) -> Identifier {
    guard extents.count <= 32, extents.allSatisfy({ $0 >= 0 }) else {
      throw .unwritable("extents \(extents) are not written; at most 32, none negative")
    }
    guard !extents.isEmpty else {
      return try Identifier("make a scalar space") { H5Screate(H5S_SCALAR) }
    }
    let sizes = extents.map { hsize_t($0) }
    // libhdf5 reads `extents.count` sizes and copies them.
    return try Identifier("make a data space") {
      unsafe H5Screate_simple(Int32(extents.count), sizes, nil)
    }
  }

  private static func creation(
    _ layout: HDF5Layout, _ extents: [Int]
  ) throws(HDF5Error.Reason) -> Identifier {
    let creation = try Identifier("prepare a data set") { H5Pcreate(modelc_h5p_dataset_create()) }
    let id = creation.rawValue
    try Library.call("switch times off") { H5Pset_obj_track_times(id, false) }
    switch layout {
    case .chunked(let chunk, let filters) where !extents.isEmpty && !extents.contains(0):
      guard chunk.count == extents.count, chunk.allSatisfy({ $0 > 0 }) else {
        throw .unwritable("chunks of \(chunk) do not fit extents \(extents)")
      }
      let sizes = zip(chunk, extents).map { hsize_t(min($0, $1)) }
      try Library.call("set chunks") { unsafe H5Pset_chunk(id, Int32(sizes.count), sizes) }
      try addFilters(filters, to: id)
    case .compact:
      try Library.call("set the layout") { H5Pset_layout(id, H5D_COMPACT) }
    default:
      try Library.call("set the layout") { H5Pset_layout(id, H5D_CONTIGUOUS) }
      // All rows are written once; filling them first would write them twice.
      try Library.call("switch filling off") { H5Pset_fill_time(id, H5D_FILL_TIME_NEVER) }
    }
    return creation
  }

  private static func addFilters(_ filters: HDF5Filters, to id: hid_t) throws(HDF5Error.Reason) {
    if filters.shuffles { try Library.call("set shuffle") { H5Pset_shuffle(id) } }
    if let level = filters.deflateLevel {
      guard (0...9).contains(level) else {
        throw .unwritable("deflate level \(level); give 0 to 9")
      }
      try Library.call("set deflate") { H5Pset_deflate(id, UInt32(level)) }
    }
    if filters.hasChecksum { try Library.call("set fletcher32") { H5Pset_fletcher32(id) } }
  }
}

/// A new data set while its rows are written.
public struct HDF5DatasetWriter: ~Copyable, Sendable {
  private let file: String
  private let path: String
  private let extents: [Int]
  private let elementSize: Int
  private let dataset: Identifier
  private let memoryType: Identifier

  init(
    file: String, path: String, extents: [Int], elementSize: Int, dataset: consuming Identifier,
    memoryType: consuming Identifier
  ) {
    self.file = file
    self.path = path
    self.extents = extents
    self.elementSize = elementSize
    self.dataset = dataset
    self.memoryType = memoryType
  }

  /// Writes all values.
  public borrowing func write(_ bytes: RawSpan) throws(HDF5Error) {
    try located { () throws(HDF5Error.Reason) in
      try check(bytes.byteCount, rows: extents.first ?? 1)
      guard bytes.byteCount > 0 else { return }
      let all = modelc_h5s_all()
      try write(bytes, memorySpace: all, fileSpace: all)
    }
  }

  /// Writes some entries of the first axis.
  public borrowing func write(rows: Range<Int>, _ bytes: RawSpan) throws(HDF5Error) {
    try located { () throws(HDF5Error.Reason) in
      guard let count = extents.first, rows.lowerBound >= 0, rows.upperBound <= count else {
        throw .rows(asked: rows, count: extents.first ?? 1)
      }
      try check(bytes.byteCount, rows: rows.count)
      guard bytes.byteCount > 0 else { return }
      var box = extents
      box[0] = rows.count
      let memorySpace = try HDF5Writer.dataspace(box)
      let datasetID = dataset.rawValue
      let fileSpace = try Identifier("take the data space") { H5Dget_space(datasetID) }
      let fileID = fileSpace.rawValue
      var start = [hsize_t](repeating: 0, count: extents.count)
      start[0] = hsize_t(rows.lowerBound)
      let sizes = box.map { hsize_t($0) }
      // libhdf5 reads one start and one size per axis; both arrays have as many.
      try Library.call("select rows") { [start] in
        unsafe H5Sselect_hyperslab(fileID, H5S_SELECT_SET, start, nil, sizes, nil)
      }
      try write(bytes, memorySpace: memorySpace.rawValue, fileSpace: fileID)
    }
  }

  /// Closes the data set and reports what was still to fail.
  public consuming func finish() throws(HDF5Error) {
    let (file, path) = (file, path)
    do throws(HDF5Error.Reason) {
      try dataset.close("close a data set") { H5Dclose($0) }
    } catch {
      throw HDF5Error(file: file, path: path, reason: error)
    }
  }

  private borrowing func write(
    _ bytes: RawSpan, memorySpace: hid_t, fileSpace: hid_t
  ) throws(HDF5Error.Reason) {
    let (datasetID, typeID) = (dataset.rawValue, memoryType.rawValue)
    try Library.call("write values") {
      // The number of bytes was compared with the selection before.
      unsafe bytes.withUnsafeBytes {
        unsafe H5Dwrite(
          datasetID, typeID, memorySpace, fileSpace, modelc_h5p_default(), $0.baseAddress)
      }
    }
  }

  private borrowing func check(_ found: Int, rows: Int) throws(HDF5Error.Reason) {
    let expected = try Dataspace.product(extents.dropFirst() + [rows, elementSize])
    guard found == expected else {
      throw .unwritable("\(found) bytes given for \(expected) of extents \(extents)")
    }
  }

  private borrowing func located<Result>(
    _ body: () throws(HDF5Error.Reason) -> Result
  ) throws(HDF5Error) -> Result {
    do throws(HDF5Error.Reason) {
      return try body()
    } catch {
      throw HDF5Error(file: file, path: path, reason: error)
    }
  }
}
