/// The links of one group, whichever of the three ways it stores them.
struct GroupListing: Sendable {
  /// Names in the order of their bytes.
  let names: [String]
  let targets: [String: LinkTarget]

  /// Reads the links; `traversal` spans all groups of the file, which share no structure.
  init(
    of header: ObjectHeader, in space: AddressSpace, _ traversal: inout Traversal
  ) throws(HDF5Error.Reason) {
    var links: [Link] = []
    if let message = try header.first(.symbolTable) {
      var cursor = space.cursor(over: message.body, of: "symbol table")
      let tree = try cursor.definedAddress()
      let heap = try cursor.definedAddress()
      links = try SymbolTable.links(tree: tree, heap: heap, in: space, &traversal)
    }
    for message in header.messages where message.type == .link {
      guard !message.isShared else { throw .sharedMessage(structure: "link") }
      var cursor = space.cursor(over: message.body, of: "link")
      links.append(try Link(message: &cursor))
    }
    if let message = try header.first(.linkInfo) {
      links += try Self.denseLinks(message.body, in: space, &traversal)
    }
    var targets: [String: LinkTarget] = [:]
    targets.reserveCapacity(links.count)
    for link in links where targets.updateValue(link.target, forKey: link.name) != nil {
      throw .damaged(structure: "group", detail: "two links are named '\(link.name)'")
    }
    self.targets = targets
    names = targets.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The link of a name, or an error with the nearest name.
  func target(_ name: String) throws(HDF5Error.Reason) -> LinkTarget {
    guard let target = targets[name] else {
      throw .notFound(name: name, nearest: NearestName.of(name, among: names))
    }
    return target
  }

  private static func denseLinks(
    _ body: [UInt8], in space: AddressSpace, _ traversal: inout Traversal
  ) throws(HDF5Error.Reason) -> [Link] {
    var cursor = space.cursor(over: body, of: "link info")
    try cursor.version(0...0)
    let flags = try cursor.byte()
    if flags & 1 != 0 { try cursor.skip(8) }
    guard let heapAddress = try cursor.address(), let treeAddress = try cursor.address() else {
      return []
    }
    try traversal.enter(treeAddress, 0)
    var heap = try FractalHeap(at: heapAddress, in: space)
    var links: [Link] = []
    try TreeV2(at: treeAddress, type: 5, recordSize: 4 + heap.identifierSize, in: space).forEach {
      (record) throws(HDF5Error.Reason) in
      let object = try heap.object(Array(record[4...]))
      try traversal.spend(UInt64(object.count))
      var cursor = space.cursor(over: object, of: "link")
      links.append(try Link(message: &cursor))
    }
    return links
  }
}

/// The name that was probably meant.
enum NearestName {
  /// The candidate of least edit distance, if it is near enough to be a slip of the pen.
  static func of(_ name: String, among candidates: [String]) -> String? {
    let limit = max(1, name.utf8.count / 3)
    var best: (distance: Int, name: String)?
    for candidate in candidates.prefix(1000)
    where abs(candidate.utf8.count - name.utf8.count) <= limit && candidate.utf8.count <= 200 {
      let distance = distance(Array(name.utf8), Array(candidate.utf8))
      if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.name
  }

  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let value = min(row[j] + 1, row[j + 1] + 1, diagonal + (x == y ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = value
      }
    }
    return row[b.count]
  }
}
