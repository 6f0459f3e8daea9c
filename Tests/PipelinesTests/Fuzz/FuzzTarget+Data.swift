import Archives
import Datasets
import Foundation
import TestSupport

/// Data sets: each reader behind `--data`.
extension FuzzTarget {
  static let data: [FuzzTarget] = [
    file("npy", ["datasets/npy", "datasets/refused", "malformed/data"]),
    file("npz", ["datasets", "malformed/data"]),
    file("csv", ["datasets"]),
    file("h5", ["datasets", "data", "malformed/data"]),
    FuzzTarget(description: "data idx") { _ in
      let image: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 4] + Array(0..<80)
      let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 5, 0, 1, 2, 3, 4]
      let four: [UInt8] =
        [0, 0, 8, 4] + [0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1] + [1, 2]
      let files =
        [image, labels, Gzip.compress(image), [0, 0, 0x0D, 1, 0, 0, 0, 1, 0, 0, 0, 0], four]
        + (try corpus(["malformed/data"], ["idx"]))
      return { mutation, folder in
        if mutation.below(2) == 0 {
          try write(damaged([labels], &mutation), to: folder, as: "x-labels-idx1-ubyte")
        }
        try load("x-images-idx3-ubyte", damaged(files, &mutation), folder)
      }
    },
    FuzzTarget(description: "data cifar") { _ in
      let ten = (0..<3).flatMap { record in [UInt8(record)] + [UInt8](repeating: 7, count: 3072) }
      let hundred = (0..<2).flatMap { record in
        [UInt8(record), UInt8(90 + record)] + [UInt8](repeating: 9, count: 3072)
      }
      let names = [UInt8]((0..<10).map { "class\($0)\n" }.joined().utf8)
      return { mutation, folder in
        let root = folder.appendingPathComponent("cifar")
        try? FileManager.default.removeItem(at: root)
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        let isTen = mutation.below(2) == 0
        // Most changes keep the length, so that the labels are reached.
        func records() -> [UInt8] {
          var bytes = isTen ? ten : hundred
          if mutation.below(3) == 0 { return mutation.damaged(bytes, other: names) }
          for _ in 0...mutation.below(3) {
            let place = mutation.below(2) * (isTen ? 3073 : 3074) + mutation.below(3)
            bytes[place] = UInt8(mutation.below(256))
          }
          return bytes
        }
        try write(records(), to: root, as: isTen ? "data_batch_1.bin" : "train.bin")
        try write(records(), to: root, as: isTen ? "test_batch.bin" : "test.bin")
        try write(
          damaged([names], &mutation), to: root,
          as: isTen ? "batches.meta.txt" : "fine_label_names.txt")
        let target = mutation.below(2) == 0 ? root : root.appendingPathComponent("test_batch.bin")
        try load(target.path)
      }
    },
    FuzzTarget(description: "data images") { _ in
      let files = try pictures()
      return { mutation, folder in
        let root = folder.appendingPathComponent("pictures")
        try? FileManager.default.removeItem(at: root)
        for name in ["a", "b"] {
          let inner = root.appendingPathComponent(name)
          try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
          let whole = files[mutation.below(files.count)]
          try write(
            mutation.below(2) == 0 ? whole : damaged(files, &mutation), to: inner,
            as: mutation.below(4) == 0 ? "0.jpg" : "0.png")
        }
        try load(root.path)
      }
    },
  ]

  /// PNG files of the fixtures, and JPEG files where there are any.
  private static func pictures() throws -> [[UInt8]] {
    let root = URL(fileURLWithPath: Fixtures.path("datasets"))
    let names =
      FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    return try names.sorted().filter { $0.hasSuffix(".png") || $0.hasSuffix(".jpg") }.map {
      [UInt8](try Data(contentsOf: root.appendingPathComponent($0)))
    }
  }

  private static func write(_ bytes: [UInt8], to folder: URL, as name: String) throws {
    try Data(bytes).write(to: folder.appendingPathComponent(name))
  }

  private static func file(_ ending: String, _ folders: [String]) -> FuzzTarget {
    FuzzTarget(description: "data \(ending)") { _ in
      let files = try corpus(folders, [ending])
      return { mutation, folder in
        try load("in.\(ending)", damaged(files, &mutation), folder)
      }
    }
  }

  private static func load(_ name: String, _ bytes: [UInt8], _ folder: URL) throws {
    try write(bytes, to: folder, as: name)
    try load(folder.appendingPathComponent(name).path)
  }

  /// Reads a data set as commands do: labels, subsets, batches, the digest.
  private static func load(_ path: String) throws {
    var options = DatasetOptions()
    options.requiresLabels = false
    options.residentByteCount = 1 << 22
    options.byteLimit = 1 << 24
    let splits = try DatasetLoader.load(path, options: options)
    for part in splits.parts.values {
      _ = try part.digest()
      let small = part.limited(to: 3)
      _ = try small.batch(0..<small.count)
      _ = part.classCount
      try part.checkLabels(classCount: 1_000_000)
    }
  }
}
