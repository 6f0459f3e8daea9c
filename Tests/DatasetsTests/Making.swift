import Archives
import Datasets
import Foundation
import Tensors

/// The message of the error that `body` throws.
func message<Result>(_ body: () throws -> Result) -> String {
  do {
    _ = try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}

/// The path of a fixture of this target.
func fixture(_ name: String) -> String {
  var root = URL(fileURLWithPath: #filePath)
  for _ in 0..<3 { root.deleteLastPathComponent() }
  return root.appendingPathComponent("Fixtures/datasets/\(name)").path
}

/// An IDX file: magic, big-endian extents, content.
func idx(_ extents: [Int], type: UInt8 = 8, _ content: [UInt8]) -> [UInt8] {
  var bytes: [UInt8] = [0, 0, type, UInt8(extents.count)]
  for extent in extents {
    for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: extent >> shift)) }
  }
  return bytes + content
}

/// The fixtures' formula: 24 i + 6 j + k modulo 251.
func formula(_ count: Int) -> [UInt8] { (0..<count * 24).map { UInt8($0 % 251) } }

/// Writes files into a folder.
func write(_ files: [String: [UInt8]], to folder: URL) throws {
  for (name, bytes) in files {
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }
}

/// Images and labels of `train` and `t10k` parts, in one spelling of the names.
func mnist(separator: String, isGzip: Bool) -> [String: [UInt8]] {
  var files: [String: [UInt8]] = [:]
  for (part, count) in [("train", 6), ("t10k", 3)] {
    let images = idx([count, 4, 6], formula(count))
    let labels = idx([count], (0..<count).map { UInt8($0 % 3) })
    let end = isGzip ? ".gz" : ""
    files["\(part)-images\(separator)idx3-ubyte\(end)"] = isGzip ? Gzip.compress(images) : images
    files["\(part)-labels\(separator)idx1-ubyte\(end)"] = isGzip ? Gzip.compress(labels) : labels
  }
  return files
}
