import CHDF5
import Synchronization

/// A new HDF5 file, written by libhdf5.
///
/// The same calls give the same bytes: object times are off, and nothing depends on the clock or the
/// path. File locking and filter plug-ins are off. Without ``close()`` the file is closed when the
/// writer goes, and what fails then is lost.
public struct HDF5Writer: ~Copyable, Sendable {
  /// The name used in errors.
  public let name: String
  let file: Identifier

  /// Creates a file, or empties the one that is there.
  public init(
    creating path: String, options: HDF5WriterOptions = HDF5WriterOptions()
  ) throws(HDF5Error) {
    name = path
    do throws(HDF5Error.Reason) {
      file = try Self.create(path, options, inMemory: false)
    } catch {
      throw HDF5Error(file: path, path: "", reason: error)
    }
  }

  /// Starts a file in memory; ``image()`` gives its bytes.
  public init(
    inMemory name: String, options: HDF5WriterOptions = HDF5WriterOptions()
  ) throws(HDF5Error) {
    self.name = name
    var options = options
    // libhdf5 1.10.8 gives images that cannot be read with newer structures.
    options.compatibility = .earliest
    do throws(HDF5Error.Reason) {
      // libhdf5 takes two open files in memory of one name for one file.
      let number = Self.imageCount.add(1, ordering: .relaxed).newValue
      file = try Self.create("\(name)#\(number)", options, inMemory: true)
    } catch {
      throw HDF5Error(file: name, path: "", reason: error)
    }
  }

  private static let imageCount = Atomic(0)

  private static func create(
    _ path: String, _ options: HDF5WriterOptions, inMemory: Bool
  ) throws(HDF5Error.Reason) -> Identifier {
    let access = try Identifier("prepare access") { H5Pcreate(modelc_h5p_file_access()) }
    let accessID = access.rawValue
    try Library.call("switch locking off") { H5Pset_file_locking(accessID, false, true) }
    try Library.call("set the close degree") { H5Pset_fclose_degree(accessID, H5F_CLOSE_STRONG) }
    let low = options.compatibility == .earliest ? H5F_LIBVER_EARLIEST : H5F_LIBVER_V110
    try Library.call("set versions") { H5Pset_libver_bounds(accessID, low, H5F_LIBVER_V110) }
    if let size = options.blockByteCount {
      try Library.call("size blocks") { H5Pset_meta_block_size(accessID, hsize_t(size)) }
      try Library.call("size blocks") { H5Pset_small_data_block_size(accessID, hsize_t(size)) }
    }
    if inMemory {
      try Library.call("keep the file in memory") { H5Pset_fapl_core(accessID, 1 << 20, false) }
    }
    let creation = try Identifier("prepare a file") { H5Pcreate(modelc_h5p_file_create()) }
    let creationID = creation.rawValue
    try Library.call("switch times off") { H5Pset_obj_track_times(creationID, false) }
    if let capacity = options.groupNodeCapacity {
      let half = UInt32(clamping: max(1, capacity))
      try Library.call("size group nodes") { H5Pset_sym_k(creationID, half, half) }
    }
    return try Identifier("create the file") {
      unsafe H5Fcreate(path, modelc_h5f_acc_trunc(), creationID, accessID)
    }
  }

  // MARK: Groups and links

  /// Creates a group and the groups above it; one that is there stays.
  public borrowing func createGroup(_ path: String) throws(HDF5Error) {
    try located(path) { () throws(HDF5Error.Reason) in
      try createGroups(try Self.components(path))
    }
  }

  /// Gives an object a second name; no data are copied.
  public borrowing func link(_ existing: String, at path: String) throws(HDF5Error) {
    try located(path) { () throws(HDF5Error.Reason) in
      let target = "/" + (try Self.components(existing)).joined(separator: "/")
      let place = try preparePlace(path)
      let id = file.rawValue
      try Library.call("link to \(target)") {
        unsafe H5Lcreate_hard(id, target, id, place, modelc_h5p_default(), modelc_h5p_default())
      }
    }
  }

  /// Makes the groups above a path and returns the path in libhdf5's form.
  borrowing func preparePlace(_ path: String) throws(HDF5Error.Reason) -> String {
    let components = try Self.components(path)
    guard !components.isEmpty else { throw .pathComponent("") }
    try createGroups(components.dropLast())
    return "/" + components.joined(separator: "/")
  }

  private borrowing func createGroups(
    _ components: some Collection<String>
  ) throws(HDF5Error.Reason) {
    let id = file.rawValue
    var place = ""
    for component in components {
      place += "/" + component
      let exists = try Library.call("look for a group") {
        unsafe H5Lexists(id, place, modelc_h5p_default())
      }
      if exists > 0 { continue }
      let creation = try Identifier("prepare a group") { H5Pcreate(modelc_h5p_group_create()) }
      let creationID = creation.rawValue
      try Library.call("switch times off") { H5Pset_obj_track_times(creationID, false) }
      _ = try Identifier("create a group") {
        unsafe H5Gcreate2(id, place, modelc_h5p_default(), creationID, modelc_h5p_default())
      }
    }
  }

  /// The names along a path; `/` has none.
  static func components(_ path: String) throws(HDF5Error.Reason) -> [String] {
    let relative = path.hasPrefix("/") ? path.dropFirst() : path[...]
    guard !relative.isEmpty else { return [] }
    let components = relative.split(separator: "/", omittingEmptySubsequences: false)
    for component in components
    where component.isEmpty || component == "." || component == ".." || component.contains("\0") {
      throw .pathComponent(String(component))
    }
    return components.map(String.init)
  }

  // MARK: End

  /// Hands all that was written so far to the operating system.
  public borrowing func flush() throws(HDF5Error) {
    let id = file.rawValue
    try located("") { () throws(HDF5Error.Reason) in
      _ = try Library.call("flush the file") { H5Fflush(id, H5F_SCOPE_GLOBAL) }
    }
  }

  /// Writes what is left and closes the file.
  public consuming func close() throws(HDF5Error) {
    let name = name
    do throws(HDF5Error.Reason) {
      try file.close("close the file") { H5Fclose($0) }
    } catch {
      throw HDF5Error(file: name, path: "", reason: error)
    }
  }

  /// The whole file as bytes; the writer ends with it.
  public consuming func image() throws(HDF5Error) -> [UInt8] {
    try flush()
    let id = file.rawValue
    return try located("") { () throws(HDF5Error.Reason) in
      let size = try Library.call("measure the image") { H5Fget_file_image(id, nil, 0) }
      var bytes = [UInt8](repeating: 0, count: size)
      let written = try Library.call("take the image") {
        // libhdf5 writes at most the buffer's own size.
        unsafe bytes.withUnsafeMutableBytes {
          unsafe H5Fget_file_image(id, $0.baseAddress, $0.count)
        }
      }
      bytes.removeLast(size - written)
      return bytes
    }
  }

  borrowing func located<Result>(
    _ path: String, _ body: () throws(HDF5Error.Reason) -> Result
  ) throws(HDF5Error) -> Result {
    do throws(HDF5Error.Reason) {
      return try body()
    } catch {
      throw HDF5Error(file: name, path: path, reason: error)
    }
  }
}
