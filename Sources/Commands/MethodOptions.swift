public import ArgumentParser
public import Compression
import Foundation
import Models

/// How kernels are factorised and ranks chosen.
struct MethodOptions: ParsableArguments {
  @Option(help: "How a budget is spread: global, uniform or vbmf.")
  var allocation: AllocationChoice = .global

  @Option(help: "The forms that may be chosen: auto, svd, tucker2 or tensor.")
  var form = "auto"

  @Option(help: "The SVD: auto, exact or randomized.")
  var svd: SVDChoice = .automatic

  @Option(help: "Change only layers that match this glob (repeatable).")
  var include: [String] = []

  @Option(help: "Keep layers that match this glob (repeatable).")
  var exclude: [String] = []

  @Option(help: "How kernels and factors are stored: float32, float16, bfloat16 or int8.")
  var dtype: String?

  @Option(help: "Threads. One gives the same bytes every time.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "The seed of everything random.")
  var seed: UInt64 = 0

  func validate() throws {
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads: expected 1 to 256, found \(threads)")
    }
  }

  /// Settings of the factorisations.
  var settings: FactorizationSettings { FactorizationSettings(svd: svd, seed: seed) }

  /// The options as they were given.
  var words: [String] {
    var words: [String] = []
    if allocation != .global { words += ["--allocation", allocation.rawValue] }
    if form != "auto" { words += ["--form", form] }
    if svd != .automatic { words += ["--svd", svd.rawValue] }
    for glob in include { words += ["--include", glob] }
    for glob in exclude { words += ["--exclude", glob] }
    if let dtype { words += ["--dtype", dtype] }
    if seed != 0 { words += ["--seed", String(seed)] }
    return words
  }

  /// Options of a planning for a target.
  func planning(_ target: CompressionTarget) throws -> PlanningOptions {
    do {
      return PlanningOptions(
        target: target, allocation: allocation, forms: try FormChoice(parsing: form),
        include: try include.map { try Glob($0, subject: "--include") },
        exclude: try exclude.map { try Glob($0, subject: "--exclude") },
        encoding: try dtype.map { try StoredEncoding(parsing: $0) })
    } catch {
      throw CommandFailure.usage("\(error)")
    }
  }
}

extension FormChoice {
  /// Reads `auto`, `svd`, `tucker2` or `tensor`.
  /// - Throws: `SpecificationError` that lists them.
  init(parsing form: String) throws {
    let names = ["auto", "svd", "tucker2", "tensor"]
    switch form {
    case "auto": self = .automatic
    case "svd": self = .only(.lowRank)
    case "tucker2": self = .only(.tucker2)
    case "tensor": self = .only(.tensorised)
    default:
      throw SpecificationError(
        "--form",
        "'\(form)' is not one of \(names.joined(separator: ", "))"
          + NearestName.hint(form, among: names))
    }
  }
}

extension AllocationChoice: ExpressibleByArgument {}
extension SVDChoice: ExpressibleByArgument {}
