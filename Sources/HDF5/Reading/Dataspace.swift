/// The shape of stored data: scalar (no axes), simple, or null (no elements at all).
///
/// Source: HDF5 File Format Specification 3.0, IV.A.2.b.
struct Dataspace: Sendable {
  let extents: [Int]
  /// The extents that the data set may grow to; nil is without bound.
  let limits: [Int?]
  let isNull: Bool
  /// The product of the extents.
  let count: Int

  private static let structure = "data space"

  init(message cursor: inout ByteCursor) throws(HDF5Error.Reason) {
    let version = try cursor.version(1...2)
    let order = try cursor.byte()
    let flags = try cursor.byte()
    let type = try cursor.byte()
    if version == 1 { try cursor.skip(4) }
    guard order <= 32 else { throw .damaged(structure: Self.structure, detail: "\(order) axes") }
    isNull = version == 2 && type == 2
    var extents: [Int] = []
    for _ in 0..<order { extents.append(try cursor.count(cursor.lengthSize)) }
    var limits: [Int?] = extents
    if flags & 1 != 0 {
      for axis in 0..<order {
        let value = try cursor.length()
        limits[axis] = Int(exactly: value)
        if let limit = limits[axis], cursor.lengthSize < 8,
          limit == 1 << (8 * cursor.lengthSize) - 1
        {
          limits[axis] = nil
        }
        if let limit = limits[axis], limit < extents[axis] {
          throw .damaged(
            structure: Self.structure, detail: "extent \(extents[axis]) above its limit \(limit)")
        }
      }
    }
    self.extents = extents
    self.limits = limits
    count = isNull ? 0 : try Self.product(extents)
  }

  /// The product of extents, with its overflow an error.
  static func product(_ extents: [Int]) throws(HDF5Error.Reason) -> Int {
    if extents.contains(0) { return 0 }
    var product = 1
    for extent in extents {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow, extent > 0 else {
        throw .damaged(structure: structure, detail: "too many elements: \(extents)")
      }
      product = next
    }
    return product
  }

  /// The bytes of all elements, with overflow an error.
  func byteCount(elementSize: Int) throws(HDF5Error.Reason) -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: elementSize)
    guard !overflow else {
      throw .damaged(
        structure: Self.structure, detail: "\(extents) elements of \(elementSize) bytes")
    }
    return bytes
  }
}
