import Foundation
import HDF5
import TestSupport
import Testing

private func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)".replacingOccurrences(of: Fixtures.path("hdf5") + "/", with: "")
  }
}

@Suite struct RefusalTests {
  @Test(arguments: [
    ("lzf", "filter 32000 (lzf) is not known; save the file again with gzip or no compression"),
    (
      "scaleoffset",
      "filter 6 (scaleoffset) is not known; save the file again with gzip or no compression"
    ),
    ("external", "the data lie in another file, which is not opened; copy them into this one"),
    ("virtual", "virtual data set is not read; copy its data into a plain data set"),
    ("compound", "datatype is compound, expected numbers or strings"),
    ("complex", "datatype is compound, expected numbers or strings"),
    ("reference", "datatype is reference, expected numbers or strings"),
    ("sequences", "datatype is variable-length sequence, expected numbers or strings"),
    (
      "long_double",
      "datatype is float of 80 bits of an unknown format, expected numbers or strings"
    ),
    ("named", "expected a data set, found a named datatype"),
    (
      "of_named_type",
      "datatype is a named or shared one, which is not read; save the file without naming it"
    ),
    ("unallocated", "4194304 bytes declared, but never written"),
    ("unallocated_chunks", "4194304 bytes declared, but never written"),
    ("lzg", "no 'lzg' here; did you mean 'lzf'?"),
    ("nothing like it", "no 'nothing like it' here"),
    ("", "expected a data set, found a group"),
    ("lzf/x", "expected a group, found a data set"),
    ("./lzf", "'.' cannot be a part of a path"),
    ("lzf/", "'' cannot be a part of a path"),
  ])
  func whatIsNotReadSaysWhy(_ name: String, _ expected: String) throws {
    let file = try HDF5File(reading: Fixtures.path("hdf5/refused.h5"))
    let found = message { _ = try file.dataset("/" + name).readBytes() }
    #expect(found.hasPrefix("refused.h5: /"))
    #expect(found.hasSuffix(": " + expected), "\(found)")
  }

  @Test func linksThatAreNotHardAreNotFollowed() throws {
    let file = try HDF5File(reading: Fixtures.path("hdf5/links.h5"))
    #expect(
      message { _ = try file.dataset("/soft") }
        == "links.h5: /soft: soft link to '/here' is not followed; copy the object in its place")
    #expect(
      message { _ = try file.dataset("/external") }
        == "links.h5: /external: link to '/there' in the other file 'other.h5' is not followed; "
        + "copy the object in its place")
    #expect(try file.kind("/soft") == .softLink)
    #expect(try file.kind("/external") == .externalLink)
  }

  @Test func hardLinksLeadToTheSameObject() throws {
    let file = try HDF5File(reading: Fixtures.path("hdf5/links.h5"))
    let here = try file.dataset("/here")
    let again = try file.dataset("/group/cycle/cycle/again")
    #expect(here.objectAddress == again.objectAddress)
    #expect(try again.readIntegers() == [0, 1, 2, 3])
    #expect(try !file.exists("/group/absent"))
    #expect(try file.exists("/group/again"))
  }

  @Test func otherFilesAreNotHDF5() throws {
    #expect(
      message { _ = try HDF5File(bytes: Array("<html>".utf8), name: "page.h5") }
        == "page.h5: not an HDF5 file: the signature is missing")
    #expect(
      message { _ = try HDF5File(reading: Fixtures.path("hdf5")) }
        .hasSuffix(": not a regular file; give the path of a file"))
    #expect(
      message { _ = try HDF5File(reading: "/no/such/file") }
        == "/no/such/file: cannot open: No such file or directory")
    let isPageRecognised = HDF5File.recognises(prefix: Array("<html>".utf8).span)
    #expect(!isPageRecognised)
    let userBlock = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("hdf5/user_block.h5")))
    let isUserBlockRecognised = HDF5File.recognises(prefix: [UInt8](userBlock).span)
    #expect(isUserBlockRecognised)
  }

  @Test func aFileCutWhileOpenIsAnErrorNotASignal() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5")
      try FileManager.default.copyItem(
        atPath: Fixtures.path("hdf5/keras_earliest.h5"), toPath: path.path)
      let file = try HDF5File(reading: path.path)
      let handle = try FileHandle(forWritingTo: path)
      try handle.truncate(atOffset: 0)
      try handle.close()
      #expect(
        message { _ = try file.dataset("/model_weights/dense/dense/kernel:0").readBytes() }
          .contains("truncated: 12504 bytes expected, "))
    }
  }

  @Test func theLimitHolds() throws {
    let file = try HDF5File(reading: Fixtures.path("hdf5/scalars_earliest.h5"), limit: 20)
    #expect(
      message { _ = try file.dataset("/le_f4").readFloats() }
        .hasSuffix(": /le_f4: 24 bytes declared, more than the limit of 20"))
    #expect(try file.dataset("/le_i2").readFloats() == [0, -1, -2, -100, -3, -5])
  }

  @Test(.enabled(if: Python.hasH5py))
  func largeIndexesReadWhatH5pyReads() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("large.h5").path
      let script = """
        import sys; sys.path.insert(0, sys.argv[1]); import make
        print("\\n".join(make.large(sys.argv[2])))
        """
      let expected = try Python.run(script, Fixtures.path("hdf5"), path).split(separator: "\n")
      let found = try Dump.lines(of: try HDF5File(reading: path))
      try #require(expected.count == found.count)
      for (expected, found) in zip(expected, found) { #expect(found == expected) }
      #expect(found.count == expected.count)
    }
  }
}
