import Foundation
import TestSupport
import Testing

@testable import HDF5

private func bytes(_ name: String) throws -> [UInt8] {
  try [UInt8](Data(contentsOf: URL(fileURLWithPath: Fixtures.path("hdf5/\(name).h5"))))
}

/// Files of others that crash libhdf5; where present, they lie beside the repository.
private let publicFolders = [1, 2].map { levels in
  (0..<levels).reduce(Fixtures.root) { folder, _ in folder.deletingLastPathComponent() }
    .appendingPathComponent("shared/data/hdf5-cve")
}
private let publicFiles: [String] = publicFolders.flatMap { folder in
  ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .map { folder.appendingPathComponent($0).path }
}.sorted()

@Suite struct HostileFileTests {
  @Test(arguments: ["keras_earliest", "keras_latest", "user_block"])
  func everyTruncationIsRefusedAtOnce(_ name: String) throws {
    let whole = try bytes(name)
    for size in 0..<whole.count {
      #expect(throws: HDF5Error.self, "cut at \(size)") {
        try HDF5File(bytes: Array(whole[..<size]), name: name)
      }
    }
  }

  @Test func truncationNamesBothSizes() throws {
    let whole = try bytes("keras_earliest")
    let error = #expect(throws: HDF5Error.self) {
      try HDF5File(bytes: Array(whole[..<5000]), name: "cut.h5")
    }
    #expect(
      error?.description
        == "cut.h5: truncated: 12504 bytes expected, 5000 found; copy or download it again")
  }

  /// The end of file in the superblock is made to agree with each cut, so that reading goes on.
  @Test func truncationBehindALyingSuperblockNeverTraps() throws {
    let whole = try bytes("keras_earliest")
    var refused = 0
    for size in stride(from: 96, to: whole.count, by: 5) {
      var cut = Array(whole[..<size])
      for byte in 0..<8 { cut[40 + byte] = UInt8(truncatingIfNeeded: size >> (8 * byte)) }
      if !Walk({ () throws(HDF5Error) in try HDF5File(bytes: cut, name: "cut") }).refusals.isEmpty {
        refused += 1
      }
    }
    #expect(refused > 2000)
  }

  /// Every byte of a small file is replaced in four ways.
  @Test(arguments: ["keras_earliest", "keras_latest", "links"])
  func noSingleByteTraps(_ name: String) throws {
    let whole = try bytes(name)
    var refused = 0
    for place in whole.indices {
      for change in [0x01, 0x80, 0xff, Int(whole[place])] {
        var mutated = whole
        mutated[place] ^= UInt8(change)
        guard mutated[place] != whole[place] else { continue }
        if !Walk({ () throws(HDF5Error) in try HDF5File(unverified: mutated) }).refusals.isEmpty {
          refused += 1
        }
      }
    }
    #expect(refused > 0)
  }

  /// Several bytes at random places, most of them in the structures of the file's head.
  @Test(arguments: referenceFiles + ["refused", "links"])
  func noRandomMutationTraps(_ name: String) throws {
    let whole = try bytes(name)
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    let rounds = (ProcessInfo.processInfo.environment["MODELC_MUTATIONS"]).flatMap(Int.init) ?? 150
    let interesting: [UInt8] = [0, 1, 2, 7, 8, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff]
    for _ in 0..<rounds {
      var mutated = whole
      for _ in 0...next(6) {
        let place = next(whole.count)
        let run = next(4) == 0 ? min(8, whole.count - place) : 1
        let value = next(2) == 0 ? interesting[next(interesting.count)] : UInt8(next(256))
        for offset in 0..<run { mutated[place + offset] = value }
      }
      _ = Walk { () throws(HDF5Error) in try HDF5File(unverified: mutated) }
    }
  }

  /// An extent of 0x1234 rows is replaced by much more than the file can hold.
  @Test(arguments: [
    HDF5Layout.contiguous, .compact, .chunked([64]), .chunked([64], HDF5Filters(deflateLevel: 9)),
  ])
  func hugeShapesInSmallFilesAreRefused(_ layout: HDF5Layout) throws {
    let writer = try HDF5Writer(inMemory: "bomb.h5")
    try writer.writeDataset(
      "/x", extents: [0x1234], datatype: .integer(size: 1, isSigned: false),
      bytes: [UInt8](repeating: 0, count: 0x1234), layout: layout)
    let honest = try writer.image()
    #expect(try HDF5File(bytes: honest, name: "x").dataset("x").readBytes().count == 0x1234)
    for rows in [0x2_0000, 1 << 32, 1 << 40, Int.max] {
      var bytes = honest
      for start in 0..<bytes.count - 8
      where bytes[start..<start + 8].elementsEqual([0x34, 0x12, 0, 0, 0, 0, 0, 0]) {
        for byte in 0..<8 { bytes[start + byte] = UInt8(truncatingIfNeeded: rows >> (8 * byte)) }
      }
      #expect(throws: HDF5Error.self, "\(rows)") {
        let file = try HDF5File(bytes: bytes, name: "bomb.h5")
        _ = try file.dataset("x").readFloats()
      }
    }
  }

  /// Zeros deflate to a thousandth, which is honest and read.
  @Test func aThousandfoldDeflationIsRead() throws {
    let writer = try HDF5Writer(inMemory: "zeros.h5")
    try writer.writeDataset(
      "/x", extents: [4, 1 << 20], floats: [Float](repeating: 0, count: 4 << 20),
      layout: .chunked([1, 1 << 20], HDF5Filters(deflateLevel: 9)))
    let bytes = try writer.image()
    #expect(bytes.count < 30_000)
    #expect(try HDF5File(bytes: bytes, name: "x").dataset("x").readFloats().count == 4 << 20)
  }

  @Test(.enabled(if: !publicFiles.isEmpty), .timeLimit(.minutes(5)), arguments: publicFiles)
  func filesThatCrashLibhdf5AreReadOrRefused(_ path: String) throws {
    let walk = Walk { () throws(HDF5Error) in try HDF5File(reading: path) }
    #expect(walk.values > 0 || !walk.refusals.isEmpty)
    for refusal in walk.refusals { #expect(!refusal.description.contains("\n")) }
  }
}
