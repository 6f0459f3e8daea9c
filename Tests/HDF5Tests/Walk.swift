import HDF5

/// Reads everything in a file that can be reached, and counts what was read and what was refused.
final class Walk {
  private(set) var values = 0
  private(set) var refusals: [HDF5Error] = []
  private var visited: Set<UInt64> = []

  init(_ open: () throws(HDF5Error) -> HDF5File) {
    attempt { () throws(HDF5Error) in
      let file = try open()
      visit(try file.root)
    }
  }

  private func attempt(_ body: () throws(HDF5Error) -> Void) {
    do throws(HDF5Error) {
      try body()
    } catch {
      refusals.append(error)
    }
  }

  private func visit(_ group: HDF5Group) {
    guard visited.insert(group.objectAddress).inserted else { return }
    values += 1
    attempt { () throws(HDF5Error) in
      for name in try group.attributeNames {
        attempt { () throws(HDF5Error) in
          if let attribute = try group.attribute(name) { read(attribute) }
        }
      }
    }
    for name in group.names {
      attempt { () throws(HDF5Error) in
        switch try group.kind(name) {
        case .group: visit(try group.group(name))
        case .none: break
        default: read(try group.dataset(name))
        }
      }
    }
  }

  private func read(_ attribute: HDF5Attribute) {
    switch attribute.datatype {
    case .fixedString, .variableString: count(attribute.strings)
    case .integer, .boolean, .enumeration: count(attribute.integers)
    default: count(attribute.doubles)
    }
    values += attribute.bytes.count
  }

  private func read(_ dataset: HDF5Dataset) {
    guard visited.insert(dataset.objectAddress).inserted else { return }
    attempt { () throws(HDF5Error) in
      for name in try dataset.attributeNames {
        if let attribute = try dataset.attribute(name) { read(attribute) }
      }
    }
    attempt { () throws(HDF5Error) in values += try dataset.storedBytes }
    values += dataset.contiguousOffset == nil ? 0 : 1
    switch dataset.datatype {
    case .fixedString, .variableString: count(dataset.strings)
    case .opaque: break
    default: count(dataset.readFloats)
    }
    count { () throws(HDF5Error) in try dataset.readBytes() }
    let rows = dataset.extents.first ?? 1
    count { () throws(HDF5Error) in try dataset.readBytes(rows: rows / 3..<rows / 2) }
  }

  private func count<Element>(_ read: () throws(HDF5Error) -> [Element]) {
    attempt { () throws(HDF5Error) in values += try read().count }
  }
}
