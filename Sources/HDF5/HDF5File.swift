import Synchronization

/// An HDF5 file open for reading, by a reader of our own that trusts nothing in it.
///
/// One descriptor is held and closed with the last reference, or the bytes are in memory. Access is
/// by name, one component at a time, through hard links only. Whatever the file holds, each call
/// returns or throws; its time and memory are bounded by the file's size and `limit`.
public final class HDF5File: Sendable {
  /// The name used in errors.
  public let name: String
  /// The most bytes that one data set may declare.
  public let limit: Int
  let space: AddressSpace
  let heap: GlobalHeap
  private let rootAddress: UInt64
  private let objects: Mutex<ObjectCache>

  /// The default of `limit`: 8 GiB.
  public static let defaultLimit = 8 << 30

  /// Opens a file; a pipe, folder or device is refused.
  /// - Throws: `.notHDF5`, `.truncated`, `.system`, and what the superblock may contradict.
  public convenience init(
    reading path: String, limit: Int = defaultLimit
  ) throws(HDF5Error) {
    try self.init(name: path, limit: limit) { () throws(HDF5Error.Reason) in
      try ByteSource(path: path)
    }
  }

  /// Opens an HDF5 file that lies uncompressed inside another, such as a stored archive member.
  /// - Throws: as ``init(reading:limit:)``; `.truncated` if the range reaches past the end.
  public convenience init(
    reading path: String, within range: Range<Int>, name: String, limit: Int = defaultLimit
  ) throws(HDF5Error) {
    precondition(range.lowerBound >= 0, "range \(range)")
    let window = UInt64(range.lowerBound)..<UInt64(range.upperBound)
    try self.init(name: name, limit: limit) { () throws(HDF5Error.Reason) in
      try ByteSource(path: path, window: window)
    }
  }

  /// Opens an image of a file in memory, such as a member of an archive.
  public convenience init(
    bytes: [UInt8], name: String, limit: Int = defaultLimit
  ) throws(HDF5Error) {
    try self.init(name: name, limit: limit) { ByteSource(bytes: bytes) }
  }

  /// Opens an image without looking at checksums, so that tests reach what lies behind them.
  package convenience init(
    unverified bytes: [UInt8], limit: Int = defaultLimit
  ) throws(HDF5Error) {
    try self.init(name: "unverified", limit: limit, verifiesChecksums: false) {
      ByteSource(bytes: bytes)
    }
  }

  private init(
    name: String, limit: Int, verifiesChecksums: Bool = true,
    _ open: () throws(HDF5Error.Reason) -> ByteSource
  ) throws(HDF5Error) {
    self.name = name
    self.limit = limit
    do throws(HDF5Error.Reason) {
      let superblock = try Superblock(in: try open())
      var space = superblock.space
      space.verifiesChecksums = verifiesChecksums
      self.space = space
      rootAddress = superblock.rootAddress
    } catch {
      throw HDF5Error(file: name, path: "", reason: error)
    }
    heap = GlobalHeap(in: space)
    objects = Mutex(ObjectCache(in: space))
  }

  /// Whether a file that starts with these bytes may be HDF5; a user block needs more of them.
  public static func recognises(prefix: Span<UInt8>) -> Bool {
    Superblock.isRecognised(prefix)
  }

  /// The file's size in bytes.
  public var fileSize: Int { Int(space.source.size) }

  /// Bytes of the file itself, such as for a digest, from the descriptor that is open.
  public func rawBytes(at offset: Int, count: Int) throws(HDF5Error) -> [UInt8] {
    precondition(offset >= 0 && count >= 0, "bytes \(offset) + \(count)")
    return try located("") { () throws(HDF5Error.Reason) in
      try space.source.readDirectly(at: UInt64(offset), count: count)
    }
  }

  /// The root group.
  public var root: HDF5Group {
    get throws(HDF5Error) { try group("/") }
  }

  /// The group at a path from the root, such as `/model_weights/dense`.
  public func group(_ path: String) throws(HDF5Error) -> HDF5Group {
    try group(path, from: nil)
  }

  /// The data set at a path from the root.
  public func dataset(_ path: String) throws(HDF5Error) -> HDF5Dataset {
    try dataset(path, from: nil)
  }

  /// What is at a path from the root; nil where nothing is.
  public func kind(_ path: String) throws(HDF5Error) -> HDF5ObjectKind? {
    try kind(path, from: nil)
  }

  /// Whether a path from the root leads to an object or a link.
  public func exists(_ path: String) throws(HDF5Error) -> Bool {
    try kind(path) != nil
  }

  // MARK: Paths

  func group(_ path: String, from start: HDF5Group?) throws(HDF5Error) -> HDF5Group {
    let object = try object(path, from: start)
    return try object.located { () throws(HDF5Error.Reason) in
      try HDF5Group(object: object, listing: try listing(object.state))
    }
  }

  func dataset(_ path: String, from start: HDF5Group?) throws(HDF5Error) -> HDF5Dataset {
    let object = try object(path, from: start)
    return try object.located { () throws(HDF5Error.Reason) in try HDF5Dataset(object: object) }
  }

  func kind(_ path: String, from start: HDF5Group?) throws(HDF5Error) -> HDF5ObjectKind? {
    do throws(HDF5Error) {
      return try object(path, from: start).header.kind
    } catch {
      switch error.reason {
      case .notFound: return nil
      case .softLink: return .softLink
      case .externalLink: return .externalLink
      default: throw error
      }
    }
  }

  /// Follows a path of hard links, one component at a time.
  private func object(_ path: String, from start: HDF5Group?) throws(HDF5Error) -> StoredObject {
    var place = start?.path ?? "/"
    let address = start?.objectAddress ?? rootAddress
    var state = try located(place) { () throws(HDF5Error.Reason) in
      try objectState(at: address)
    }
    var relative = path[...]
    if start == nil, relative.first == "/" { relative = relative.dropFirst() }
    guard !relative.isEmpty else { return StoredObject(file: self, path: place, state: state) }
    for component in relative.split(separator: "/", omittingEmptySubsequences: false) {
      let target = try located(place) { () throws(HDF5Error.Reason) in
        guard !component.isEmpty, component != ".", component != ".." else {
          throw .pathComponent(String(component))
        }
        return try listing(state).target(String(component))
      }
      place += place == "/" ? String(component) : "/" + component
      state = try located(place) { () throws(HDF5Error.Reason) in
        try objectState(at: try target.address())
      }
    }
    return StoredObject(file: self, path: place, state: state)
  }

  private func objectState(at address: UInt64) throws(HDF5Error.Reason) -> ObjectState {
    try objects.withLock { (cache) throws(HDF5Error.Reason) in try cache.state(at: address) }
  }

  private func listing(_ state: ObjectState) throws(HDF5Error.Reason) -> GroupListing {
    try objects.withLock { (cache) throws(HDF5Error.Reason) in try cache.listing(of: state) }
  }

  /// Runs `body` with its failures placed in this file.
  func located<Result>(
    _ path: String, _ body: () throws(HDF5Error.Reason) -> Result
  ) throws(HDF5Error) -> Result {
    do throws(HDF5Error.Reason) {
      return try body()
    } catch {
      throw HDF5Error(file: name, path: path, reason: error)
    }
  }
}
