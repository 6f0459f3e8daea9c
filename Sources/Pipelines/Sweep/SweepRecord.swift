import Foundation
public import JSON
import ModelFile

/// What a sweep is and has measured so far: the file from which it resumes and reports are made.
public struct SweepRecord: Sendable {
  /// The value of `format` in its file.
  public static let format = "modelc-sweep"

  /// What makes two sweeps the same: command, data, models, seeds and versions.
  public var header: JSONObject
  /// The measured points, in the order in which they were measured.
  public var points: [SweepPoint]

  /// Makes a record.
  public init(header: JSONObject, points: [SweepPoint] = []) {
    self.header = header
    self.points = points
  }

  /// The whole record.
  public var json: JSONValue {
    var object: JSONObject = ["format": .string(SweepRecord.format), "version": 1]
    for (name, value) in header { object[name] = value }
    object["points"] = .array(points.map(\.json))
    return .object(object)
  }

  /// Reads a record.
  /// - Throws: `PipelineError` that names the place.
  public init(_ json: JSONValue, place: String) throws {
    guard json["format"]?.string == SweepRecord.format, json["version"]?.int == 1,
      let object = json.object, let stored = json["points"]?.array
    else {
      throw PipelineError(
        place: place, reason: "expected a sweep (format \(SweepRecord.format), version 1)")
    }
    header = JSONObject(
      object.filter { !["format", "version", "points"].contains($0.key) }
        .map { ($0.key, $0.value) })
    points = try stored.enumerated().map { index, json in
      guard let point = SweepPoint(json) else {
        throw PipelineError(place: "\(place): points[\(index)]", reason: "it is incomplete")
      }
      return point
    }
  }

  /// Reads a record from a file; nil if there is none.
  public static func read(_ path: String) throws -> SweepRecord? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    guard data.count <= 1 << 28 else {
      throw PipelineError(place: path, reason: "a record of \(data.count) bytes is not read")
    }
    do {
      return try SweepRecord(try JSONValue(parsing: [UInt8](data)), place: path)
    } catch let error as JSONError {
      throw PipelineError(place: path, reason: "\(error)")
    }
  }

  /// Writes the record, whole or not at all.
  public func write(to path: String) throws {
    try AtomicFile.write(json.serialized(pretty: true) + "\n", to: path, force: true)
  }

  /// The points of an earlier run of the same sweep in that file.
  ///
  /// - Throws: `PipelineError` if the file holds another sweep and `force` is not set; it says what
  ///   differs.
  public func resuming(from path: String, force: Bool) throws -> SweepRecord {
    guard let earlier = try SweepRecord.read(path) else { return self }
    if earlier.header == header { return earlier }
    guard force else {
      let differing = header.keys.filter { earlier.header[$0] != header[$0] }
      throw PipelineError(
        place: path,
        reason:
          "it holds another sweep (\(differing.joined(separator: ", ")) differ); name another "
          + "file, or --force starts anew")
    }
    return self
  }

  /// The point that was measured already, if it was.
  public func point(for key: String) -> SweepPoint? { points.first { $0.key == key } }
}
