import ArgumentParser
import Compression
import Foundation
import Pipelines

/// What a compression must reach; exactly one is given.
struct TargetOptions: ParsableArguments {
  @Option(help: "Parameters before ÷ after, such as 4 or 4x.")
  var ratio: String?

  @Option(help: "At most this many parameters in the whole model.")
  var maxParameters: String?

  @Option(help: "At most this file size, such as 64K (K is 1,024 bytes).")
  var maxBytes: String?

  @Option(help: "At most this many multiplications for one sample.")
  var maxMacs: String?

  @Option(help: "Ranks: 10, 1/2, 25% or layer=50,conv=24x40.")
  var rank: String?

  @Option(help: "The share of Σσ² that every kernel keeps, such as 0.95.")
  var energy: String?

  @Option(help: "The relative error of a kernel at most, such as 0.05.")
  var maxError: String?

  @Option(
    help: "The smallest model that loses at most this many percentage points of accuracy (--data).")
  var maxAccuracyDrop: String?

  @Option(help: "At most this much flash as C on a Cortex-M4, such as 24K; needs --data.")
  var flash: String?

  @Option(help: "At most this much RAM for the values of one prediction, such as 4K.")
  var ram: String?

  @Option(help: "A plan written by --save-plan.", completion: .file())
  var plan: String?

  /// The options as they were given, without paths.
  var words: [String] {
    [
      ("--ratio", ratio), ("--max-parameters", maxParameters), ("--max-bytes", maxBytes),
      ("--max-macs", maxMacs), ("--flash", flash), ("--ram", ram), ("--rank", rank),
      ("--energy", energy), ("--max-error", maxError), ("--max-accuracy-drop", maxAccuracyDrop),
      ("--plan", plan.map { URL(fileURLWithPath: $0).lastPathComponent }),
    ].flatMap { name, value in value.map { [name, $0] } ?? [] }
  }

  /// The device's memory; nil if neither option is given.
  func device() throws -> DeviceBudget? {
    guard flash != nil || ram != nil else { return nil }
    do {
      return DeviceBudget(
        flashByteCount: try flash.map {
          try CompressionTarget.bytes(parsing: $0, subject: "--flash")
        },
        ramByteCount: try ram.map { try CompressionTarget.bytes(parsing: $0, subject: "--ram") })
    } catch {
      throw CommandFailure.usage("\(error)")
    }
  }

  /// The target; nil if none is given.
  func parsed() throws -> CompressionTarget? {
    var targets: [(String, CompressionTarget)] = []
    do {
      if let ratio { targets.append(("--ratio", try .ratio(parsing: ratio))) }
      if let maxParameters {
        targets.append(
          (
            "--max-parameters",
            .maximumParameters(
              try CompressionTarget.count(parsing: maxParameters, subject: "--max-parameters"))
          ))
      }
      if let maxBytes {
        targets.append(
          (
            "--max-bytes",
            .maximumBytes(try CompressionTarget.bytes(parsing: maxBytes, subject: "--max-bytes"))
          ))
      }
      if let maxMacs {
        targets.append(
          (
            "--max-macs",
            .maximumMultiplications(
              try CompressionTarget.count(parsing: maxMacs, subject: "--max-macs"))
          ))
      }
      if let rank { targets.append(("--rank", .rank(try RankSpecification(parsing: rank)))) }
      if let energy { targets.append(("--energy", try .energy(parsing: energy))) }
      if let maxError { targets.append(("--max-error", try .maximumError(parsing: maxError))) }
      if let maxAccuracyDrop {
        targets.append(
          ("--max-accuracy-drop", try .maximumAccuracyDrop(parsing: maxAccuracyDrop)))
      }
    } catch {
      throw CommandFailure.usage("\(error)")
    }
    guard targets.count <= 1 else {
      throw CommandFailure.usage(
        "one target at a time: found \(targets.map(\.0).joined(separator: " and "))")
    }
    return targets.first?.1
  }
}
