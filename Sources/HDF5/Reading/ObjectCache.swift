import Synchronization

/// What was decoded of one object so far, whatever paths lead to it.
final class ObjectState: Sendable {
  let header: ObjectHeader
  private let attributes = Mutex<[String: AttributeMessage]?>(nil)
  private let chunks = Mutex<ChunkTable?>(nil)

  init(header: ObjectHeader) {
    self.header = header
  }

  /// The attributes by name, decoded once.
  func attributes(in space: AddressSpace) throws(HDF5Error.Reason) -> [String: AttributeMessage] {
    if let known = attributes.withLock({ $0 }) { return known }
    let messages = try AttributeMessage.all(of: header, in: space)
    attributes.withLock { $0 = messages }
    return messages
  }

  /// The chunk table, made on first use.
  func chunkTable(
    _ make: () throws(HDF5Error.Reason) -> ChunkTable
  ) throws(HDF5Error.Reason) -> ChunkTable {
    if let known = chunks.withLock({ $0 }) { return known }
    let table = try make()
    chunks.withLock { $0 = table }
    return table
  }
}

/// The groups and large objects of a file that were read before.
///
/// Each is decoded once, and honest objects lie apart: what all of them take is bounded by the
/// file's size, however many names and overlapping structures a file makes up.
struct ObjectCache {
  private var states: [UInt64: ObjectState] = [:]
  private var listings: [UInt64: Result<GroupListing, HDF5Error.Reason>] = [:]
  private var known: Set<UInt64> = []
  private var headers: Traversal
  private var groups: Traversal
  private let space: AddressSpace

  /// Smaller objects are decoded again each time.
  private static let smallSize = 4096

  init(in space: AddressSpace) {
    self.space = space
    headers = Traversal("object headers", in: space)
    groups = Traversal("groups", in: space)
  }

  /// The object whose header lies at an address.
  mutating func state(at address: UInt64) throws(HDF5Error.Reason) -> ObjectState {
    if let state = states[address] { return state }
    let state = ObjectState(header: try ObjectHeader(at: address, in: space))
    let size = state.header.byteCount
    if known.insert(address).inserted { try headers.spend(UInt64(size)) }
    if size > Self.smallSize || state.header.kind == .group { states[address] = state }
    return state
  }

  /// The links of a group.
  mutating func listing(of state: ObjectState) throws(HDF5Error.Reason) -> GroupListing {
    let header = state.header
    guard header.kind == .group else {
      throw .wrongKind(expected: .group, found: header.kind)
    }
    if let listing = listings[header.address] { return try listing.get() }
    let listing: Result<GroupListing, HDF5Error.Reason>
    do throws(HDF5Error.Reason) {
      listing = .success(try GroupListing(of: header, in: space, &groups))
    } catch {
      listing = .failure(error)
    }
    listings[header.address] = listing
    return try listing.get()
  }
}
