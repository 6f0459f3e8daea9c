import Foundation
import HDF5
import TestSupport
import Testing

/// The files of `Fixtures/hdf5/make.py` that have a `.txt` beside them.
let referenceFiles: [String] =
  (try? FileManager.default.contentsOfDirectory(atPath: Fixtures.path("hdf5")))?
  .filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted() ?? []

@Suite struct ReadingTests {
  @Test(arguments: referenceFiles)
  func readsWhatH5pyReads(_ name: String) throws {
    let file = try HDF5File(reading: Fixtures.path("hdf5/\(name).h5"))
    let expected = try String(contentsOfFile: Fixtures.path("hdf5/\(name).txt"), encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    let found = try Dump.lines(of: file)
    for (expected, found) in zip(expected, found) { #expect(found == expected) }
    #expect(found.count == expected.count)
  }
}
