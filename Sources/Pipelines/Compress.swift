public import Compression
import Foundation
import Interchange
import JSON
import LinearAlgebra
import ModelFile
import Models

/// The main job: read, plan, factorise, write, verify.
public enum Compress {
  /// Plans only; nothing is written, and without data nothing is factorised.
  public static func plan(
    _ request: CompressionRequest,
    progress: (@Sendable (CompressionProgress) -> Void)? = nil
  ) throws -> CompressionOutcome {
    let start = monotonicSeconds()
    var job = try CompressionJob(request, progress: progress)
    let made = try job.planned()
    return CompressionOutcome(
      before: job.before, after: nil, planned: made.planned, plan: made.plan, reports: [],
      candidates: job.scored, accuracyBound: made.bound,
      explanations: try job.explanations(of: made.plan), written: nil, viewObstacle: nil,
      seconds: monotonicSeconds() - start)
  }

  /// Compresses a file.
  ///
  /// - Throws: an error whose description names place and both sides. Nothing is left behind and an
  ///   existing output stays as it was.
  public static func run(
    _ request: CompressionRequest,
    progress: (@Sendable (CompressionProgress) -> Void)? = nil
  ) throws -> CompressionOutcome {
    let start = monotonicSeconds()
    try checkOutput(input: request.input, output: request.output, force: request.force)
    var job = try CompressionJob(request, progress: progress)
    var outcome = try job.run()
    outcome.seconds = monotonicSeconds() - start
    return outcome
  }

  /// Refuses an output that is the input, or that stands there without `force`.
  static func checkOutput(input: String, output path: String, force: Bool) throws {
    let input = URL(fileURLWithPath: input).resolvingSymlinksInPath().path
    let output = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    if input == output || isSameFile(input, output) {
      throw PipelineError(
        place: path,
        reason: "input and output are the same file; name another output with -o")
    }
    try AtomicFile.check(path, force: force)
  }

  private static func isSameFile(_ left: String, _ right: String) -> Bool {
    func identity(_ path: String) -> [UInt64]? {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
        let inode = attributes[.systemFileNumber] as? NSNumber,
        let device = attributes[.systemNumber] as? NSNumber
      else { return nil }
      return [device.uint64Value, inode.uint64Value]
    }
    guard let first = identity(left) else { return false }
    return first == identity(right)
  }
}
