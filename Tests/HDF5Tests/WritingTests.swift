import Foundation
import HDF5
import TestSupport
import Testing

/// One file that uses everything the writer can write.
private func writeAll(_ writer: borrowing HDF5Writer) throws {
  try writer.createGroup("/nodes/dense")
  try writer.createGroup("nodes/dense")
  try writer.setAttribute("text", .text("größe"))
  try writer.setAttribute("empty text", .text(""))
  try writer.setAttribute(
    "variable", on: "/nodes", .variableText(String(repeating: "ä", count: 50_000)))
  try writer.setAttribute("names", on: "/nodes/dense", .texts(["a", "bcd", ""]))
  try writer.setAttribute("no names", .texts([]))
  try writer.setAttribute("variable names", .variableTexts(["größe", "", "x"]))
  try writer.setAttribute("integer", .integer(-3))
  try writer.setAttribute("integers", .integers([1, .min, .max]))
  try writer.setAttribute("double", .double(0.1))
  try writer.setAttribute("doubles", .doubles([1.5, -0.0]))
  try writer.setAttribute("floats", .floats([1.5, 2.5]))
  try writer.setAttribute(
    "version",
    .values(.integer(size: 4, isSigned: false), extents: [2], bytes: [1, 0, 0, 0, 2, 0, 0, 0]))
  try writer.setAttribute("flag", .values(.boolean, extents: [], bytes: [1]))
  try writer.writeDataset("/nodes/dense/kernel", extents: [2, 3], floats: [1, 2, 3, 4, 5, 6])
  try writer.writeDataset("/nodes/scalar", extents: [], floats: [7])
  try writer.writeDataset("/nodes/none", extents: [0, 3], floats: [])
  try writer.setAttribute("dtype", on: "/nodes/scalar", .text("float32"))
  try writer.link("/nodes/dense/kernel", at: "/model_weights/dense/kernel:0")
  for type in numberTypes {
    let bytes = (0..<UInt8(6 * type.size)).map { $0 }
    try writer.writeDataset("/types/\(type)", extents: [6], datatype: type, bytes: bytes)
  }
  for (name, layout) in layouts {
    try writer.writeDataset(
      "/layouts/\(name)", extents: [50, 7], datatype: .integer(size: 2, isSigned: true),
      bytes: ramp, layout: layout)
  }
  let slabs = try writer.createDataset(
    "/slabs", extents: [50, 7], datatype: .integer(size: 2, isSigned: true),
    layout: .chunked([8, 7], HDF5Filters(deflateLevel: 1)))
  for start in stride(from: 40, through: 0, by: -10) {
    // Bytes have no padding.
    unsafe try slabs.write(
      rows: start..<start + 10, Array(ramp[start * 14..<(start + 10) * 14]).span.bytes)
  }
  try slabs.finish()
}

private let ramp = (0..<700).map { UInt8(truncatingIfNeeded: $0 / 3) }

private let numberTypes: [HDF5Datatype] =
  [1, 2, 4, 8].flatMap { size in
    [true, false].flatMap { sign in
      [HDF5ByteOrder.little, .big].filter { size > 1 || $0 == .little }.map {
        HDF5Datatype.integer(size: size, isSigned: sign, order: $0)
      }
    }
  } + HDF5FloatFormat.allCases.flatMap { [.float($0), .float($0, order: .big)] }
  + [.opaque(size: 2), .opaque(size: 2, tag: "bfloat16")]

private let layouts: [(String, HDF5Layout)] = [
  ("contiguous", .contiguous), ("compact", .compact), ("chunked", .chunked([16, 4])),
  ("larger", .chunked([100, 100])),
  ("filtered", .chunked([16, 7], HDF5Filters(shuffles: true, deflateLevel: 4, hasChecksum: true))),
]

private func image() throws -> [UInt8] {
  let writer = try HDF5Writer(inMemory: "memory.h5")
  try writeAll(writer)
  return try writer.image()
}

private func file(_ path: String, _ compatibility: HDF5WriterOptions.Compatibility) throws {
  let writer = try HDF5Writer(
    creating: path, options: HDF5WriterOptions(compatibility: compatibility))
  try writeAll(writer)
  try writer.flush()
  try writer.close()
}

@Suite struct WritingTests {
  @Test(arguments: [HDF5WriterOptions.Compatibility.earliest, .v110])
  func whatIsWrittenIsReadBack(_ compatibility: HDF5WriterOptions.Compatibility) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      try file(path, compatibility)
      try check(try HDF5File(reading: path))
    }
  }

  @Test func imagesInMemoryAreReadBack() throws {
    try check(try HDF5File(bytes: try image(), name: "memory.h5"))
  }

  @Test func imagesOfOneNameAreWrittenSideBySide() throws {
    let first = try HDF5Writer(inMemory: "memory.h5")
    let second = try HDF5Writer(inMemory: "memory.h5")
    try first.createGroup("a")
    try second.createGroup("b")
    #expect(try HDF5File(bytes: try first.image(), name: "first").exists("a"))
    #expect(try HDF5File(bytes: try second.image(), name: "second").exists("b"))
  }

  @Test(arguments: [HDF5WriterOptions.Compatibility.earliest, .v110])
  func theSameCallsGiveTheSameBytes(_ compatibility: HDF5WriterOptions.Compatibility) throws {
    try Fixtures.withTemporaryFolder { folder in
      var versions: [Data] = []
      for name in ["a.h5", "b.h5"] {
        let path = folder.appendingPathComponent(name)
        try file(path.path, compatibility)
        versions.append(try Data(contentsOf: path))
        // Object times have a resolution of one second.
        if name == "a.h5" { Thread.sleep(forTimeInterval: 1.1) }
      }
      #expect(versions[0] == versions[1])
    }
    #expect(try image() == image())
  }

  @Test func smallGroupNodesMakeSmallerFiles() throws {
    func size(_ capacity: Int?) throws -> Int {
      let writer = try HDF5Writer(
        inMemory: "x", options: HDF5WriterOptions(groupNodeCapacity: capacity))
      for index in 0..<20 { try writer.createGroup("/group\(index)") }
      let bytes = try writer.image()
      #expect(try HDF5File(bytes: bytes, name: "x").root.names.count == 20)
      return bytes.count
    }
    let (small, usual) = (try size(1), try size(nil))
    #expect(10 * small < 6 * usual)
  }

  @Test func failuresNameThePlace() throws {
    let writer = try HDF5Writer(inMemory: "x.h5")
    func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return ""
      } catch {
        return "\(error)"
      }
    }
    try writer.writeDataset("/a", extents: [2], floats: [1, 2])
    #expect(
      message { try writer.writeDataset("/a", extents: [2], floats: [1, 2]) }
        .hasPrefix("x.h5: /a: libhdf5 cannot create a data set: "))
    #expect(
      message { try writer.writeDataset("/b", extents: [2], floats: [1, 2, 3]) }
        == "x.h5: /b: 12 bytes given for 8 of extents [2]")
    #expect(
      message {
        try writer.setAttribute("n", on: "/a", .text(String(repeating: "x", count: 70_000)))
      }
        == "x.h5: /a/@n: 70000 bytes, an attribute holds 64512; cut it into several")
    #expect(
      message { try writer.createGroup("/a/../b") }
        == "x.h5: /a/../b: '..' cannot be a part of a path")
    #expect(
      message { _ = try HDF5Writer(creating: "/no/such/folder/x.h5") }
        .hasPrefix("/no/such/folder/x.h5: libhdf5 cannot create the file: "))
  }

  @Test(.enabled(if: Python.hasH5py))
  func h5pyReadsWhatIsWritten() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      try file(path, .earliest)
      let script = """
        import sys; sys.path.insert(0, sys.argv[1]); import make, h5py
        with h5py.File(sys.argv[2]) as f: print("\\n".join(make.lines(f)))
        """
      let output = try Python.run(script, Fixtures.path("hdf5"), path)
      let expected = output.split(separator: "\n").map(String.init)
      let found = try Dump.lines(of: try HDF5File(reading: path))
      for (expected, found) in zip(expected, found) { #expect(found == expected) }
      #expect(found.count == expected.count)
    }
  }

  private func check(_ file: HDF5File) throws {
    let root = try file.root
    func attribute(_ name: String, _ path: String = "/") throws -> HDF5Attribute {
      try #require(try file.group(path).attribute(name))
    }
    #expect(try attribute("text").string() == "größe")
    #expect(try attribute("empty text").string() == "")
    #expect(try attribute("variable", "/nodes").string() == String(repeating: "ä", count: 50_000))
    #expect(try attribute("names", "/nodes/dense").strings() == ["a", "bcd", ""])
    #expect(try attribute("no names").strings() == [])
    #expect(try attribute("variable names").strings() == ["größe", "", "x"])
    #expect(try attribute("integer").integers() == [-3])
    #expect(try attribute("integers").integers() == [1, .min, .max])
    #expect(try attribute("double").doubles() == [0.1])
    #expect(
      try attribute("doubles").bytes == [0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x80])
    #expect(try attribute("floats").doubles() == [1.5, 2.5])
    #expect(try attribute("version").integers() == [1, 2])
    #expect(try attribute("flag").datatype == .boolean)
    #expect(root.names == ["layouts", "model_weights", "nodes", "slabs", "types"])
    let kernel = try file.dataset("/nodes/dense/kernel")
    #expect(try kernel.readFloats() == [1, 2, 3, 4, 5, 6])
    #expect(kernel.extents == [2, 3])
    let linked = try file.dataset("/model_weights/dense/kernel:0")
    #expect(linked.objectAddress == kernel.objectAddress)
    #expect(try file.dataset("/nodes/scalar").readFloats() == [7])
    #expect(try file.dataset("/nodes/scalar").attribute("dtype")?.string() == "float32")
    #expect(try file.dataset("/nodes/none").readFloats() == [])
    for type in numberTypes {
      let dataset = try file.dataset("/types/\(type)")
      #expect(dataset.datatype == type)
      #expect(try dataset.readBytes() == (0..<UInt8(6 * type.size)).map { $0 })
    }
    for (name, _) in layouts {
      let dataset = try file.dataset("/layouts/\(name)")
      #expect(try dataset.readBytes() == ramp)
      #expect(try dataset.readBytes(rows: 13..<37) == Array(ramp[13 * 14..<37 * 14]))
    }
    #expect(try file.dataset("/layouts/filtered").filters == ["shuffle", "deflate", "fletcher32"])
    #expect(try file.dataset("/slabs").readBytes() == ramp)
  }
}
