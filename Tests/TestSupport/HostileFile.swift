import Archives
public import Foundation
import JSON

/// A file of `Fixtures/malformed/` and the line with which it is refused.
public struct HostileFile: Sendable, CustomStringConvertible {
  /// The file's name, without the ending of its packed form.
  public let name: String
  /// The first command that refuses it: `inspect`, `compress`, or `run`.
  public let command: String
  /// The whole line.
  public let message: String

  /// The name.
  public var description: String { name }

  /// What stands in `expected.json`: model files.
  public static let all = table("malformed")

  /// What stands in `data/expected.json`: data sets, refused by the first command that reads them.
  public static let data = table("malformed/data")

  private static func table(_ folder: String) -> [HostileFile] {
    let path = Fixtures.path("\(folder)/expected.json")
    guard let text = try? Data(contentsOf: URL(fileURLWithPath: path)),
      let table = try? JSONValue(parsing: Array(text)).object
    else { return [] }
    return table.map { name, value in
      HostileFile(
        name: name, command: value["command"]?.string ?? "", message: value["message"]?.string ?? ""
      )
    }.sorted { $0.name < $1.name }
  }

  /// The names of the valid oddities in `Fixtures/malformed/accepted/`.
  public static let accepted: [String] =
    ((try? FileManager.default.contentsOfDirectory(
      atPath: Fixtures.path("malformed/accepted"))) ?? []).sorted()

  /// Paths of public files that crash libhdf5, where they lie beside the repository.
  public static let crashingLibhdf5: [String] = [1, 2].flatMap { levels in
    let folder = (0..<levels).reduce(Fixtures.root) { folder, _ in
      folder.deletingLastPathComponent()
    }.appendingPathComponent("shared/data/hdf5-cve")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().map { folder.appendingPathComponent($0).path }
  }

  /// Copies the file into a folder, unpacked, and returns its path there.
  public func copy(to folder: URL) throws -> String {
    let target = folder.appendingPathComponent(name)
    let source = URL(fileURLWithPath: Fixtures.path("malformed/\(name)"))
    if FileManager.default.fileExists(atPath: source.path) {
      try FileManager.default.copyItem(at: source, to: target)
    } else {
      let packed = try Data(contentsOf: source.appendingPathExtension("gz"))
      try Data(Gzip.decompress(Array(packed), limit: 256 << 20)).write(to: target)
    }
    return target.path
  }
}
