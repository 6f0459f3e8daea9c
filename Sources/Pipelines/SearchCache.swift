import Compression
import Datasets
import Foundation
import JSON
import ModelFile
import Training

/// Measured losses of plans, kept in a file so that a search that was stopped, or one for another
/// target, measures nothing twice.
///
/// A cache belongs to one model file, one data set and one way of cutting it; others are refused.
final class SearchCache {
  /// One measured plan.
  struct Entry {
    var loss: Double
    var accuracy: Double?
  }

  private static let format = "modelc-search"
  private static let version = 1
  /// The largest file that is read, in bytes.
  private static let largestFile = 256 << 20
  private let path: String
  private let key: String
  private var entries: [CompressionPlan: Entry] = [:]
  /// The plans in the order in which they were measured.
  private var order: [CompressionPlan] = []

  /// Opens a cache, or starts one where no file is.
  /// - Throws: `PipelineError` for a file that is no cache or belongs to other inputs.
  init(_ path: String, key: String) throws {
    self.path = path
    self.key = key
    guard FileManager.default.fileExists(atPath: path) else { return }
    func failure(_ reason: String) -> PipelineError { PipelineError(place: path, reason: reason) }
    guard let file = FileHandle(forReadingAtPath: path) else { throw failure("cannot be opened") }
    defer { try? file.close() }
    let content = try file.read(upToCount: SearchCache.largestFile + 1) ?? Data()
    guard content.count <= SearchCache.largestFile else {
      throw failure("expected at most \(SearchCache.largestFile) bytes")
    }
    let root: JSONValue
    do { root = try JSONValue(parsing: [UInt8](content)) } catch { throw failure("\(error)") }
    guard root["format"]?.string == SearchCache.format,
      root["version"]?.int == SearchCache.version, let members = root["measured"]?.array
    else {
      throw failure("expected a search cache of version \(SearchCache.version); name another file")
    }
    guard root["key"]?.string == key else {
      throw failure(
        "it belongs to another model file, data set or seed; name another file, or remove it")
    }
    for member in members {
      guard let loss = member["loss"]?.double, let plan = member["plan"] else {
        throw failure("an entry without plan or loss")
      }
      do {
        add(
          try CompressionPlan(json: plan), Entry(loss: loss, accuracy: member["accuracy"]?.double))
      } catch { throw failure("\(error)") }
    }
  }

  /// What a plan measured; nil if it was not tried.
  subscript(plan: CompressionPlan) -> Entry? { entries[plan] }

  /// Remembers a plan and writes the file, whole or not at all.
  func remember(_ plan: CompressionPlan, _ entry: Entry) throws {
    guard entry.loss.isFinite else { return }
    add(plan, entry)
    let measured: [JSONValue] = order.compactMap { plan in
      entries[plan].map { entry in
        .object([
          "loss": .number(entry.loss),
          "accuracy": entry.accuracy.map { .number($0) } ?? .null, "plan": plan.json,
        ])
      }
    }
    let root = JSONValue.object([
      "format": .string(SearchCache.format), "version": .integer(SearchCache.version),
      "key": .string(key), "measured": .array(measured),
    ])
    try AtomicFile.write(root.serialized() + "\n", to: path, force: true)
  }

  private func add(_ plan: CompressionPlan, _ entry: Entry) {
    if entries.updateValue(entry, forKey: plan) == nil { order.append(plan) }
  }
}

extension CompressionJob {
  /// The cache that was asked for.
  func searchCache() throws -> SearchCache? {
    guard let path = request.searchCache, let data = request.data else { return nil }
    let parts = [
      try digest.value(), try data.dataset.digest(), "\(request.settings)",
      "\(data.sampleCount) \(data.choiceCount) \(data.scaling.map { "\($0)" } ?? "")",
    ]
    return try SearchCache(path, key: parts.joined(separator: " "))
  }
}
