import Dispatch
import LinearAlgebra
import Synchronization

/// Runs work on many kernels: large ones one after another with all threads inside BLAS, small
/// ones side by side with one BLAS thread each.
///
/// Each result depends on its kernel and on whether that is large, never on the order of work.
struct KernelSchedule {
  /// Kernels of at least this many values get all threads to themselves.
  static let largeCount = 4_000_000

  let threads: Int

  /// Runs `body` for each index and returns the results in order; the first error wins.
  ///
  /// `sizes` are the kernels' value counts; large kernels run first, the largest before all.
  func run<Result: Sendable>(
    sizes: [Int], _ body: @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    var results = [Result?](repeating: nil, count: sizes.count)
    let order = sizes.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
    let large = order.filter { sizes[$0] >= KernelSchedule.largeCount }
    let small = order.filter { sizes[$0] < KernelSchedule.largeCount }
    for index in large {
      results[index] = try BLASThreads.scoped(threads) { try body(index) }
    }
    for (index, result) in try sideBySide(small, body) { results[index] = result }
    return results.compactMap { $0 }
  }

  private func sideBySide<Result: Sendable>(
    _ indices: [Int], _ body: @Sendable (Int) throws -> Result
  ) throws -> [(Int, Result)] {
    let workers = min(threads, indices.count)
    guard workers > 1 else {
      return try BLASThreads.scoped(1) { try indices.map { ($0, try body($0)) } }
    }
    let state = Mutex(State<Result>())
    BLASThreads.scoped(1) {
      DispatchQueue.concurrentPerform(iterations: workers) { _ in
        while true {
          let next = state.withLock { $0.take(of: indices.count) }
          guard let next else { return }
          do {
            let result = try body(indices[next])
            state.withLock { $0.finished.append((indices[next], result)) }
          } catch {
            state.withLock { $0.fail(error, at: next) }
          }
        }
      }
    }
    return try state.withLock { state in
      if let failure = state.failure { throw failure.error }
      return state.finished
    }
  }

  private struct State<Result: Sendable>: Sendable {
    var next = 0
    var finished: [(Int, Result)] = []
    var failure: (position: Int, error: any Error)?

    mutating func take(of count: Int) -> Int? {
      guard failure == nil, next < count else { return nil }
      next += 1
      return next - 1
    }

    mutating func fail(_ error: any Error, at position: Int) {
      if let failure, failure.position <= position { return }
      failure = (position, error)
    }
  }
}

/// How far a compression has come.
public struct CompressionProgress: Sendable, Hashable {
  /// What is being done.
  public enum Phase: String, Sendable, Hashable {
    /// Spectra are computed.
    case analysing
    /// Factors are computed.
    case factorising
  }

  /// What is being done.
  public let phase: Phase
  /// The kernel that was finished.
  public let path: String
  /// The kernels finished, this one included.
  public let finishedCount: Int
  /// All kernels of the phase.
  public let totalCount: Int
  /// The share of the work done, by the kernels' sizes.
  public let share: Double
}

/// Counts finished kernels for a progress closure; safe to call from several threads.
final class ProgressCounter: Sendable {
  private struct Counts: Sendable {
    var finished = 0
    var size = 0.0
  }

  private let phase: CompressionProgress.Phase
  private let total: Int
  private let totalSize: Double
  private let report: (@Sendable (CompressionProgress) -> Void)?
  private let counts = Mutex(Counts())

  init(
    _ phase: CompressionProgress.Phase, sizes: [Int],
    report: (@Sendable (CompressionProgress) -> Void)?
  ) {
    self.phase = phase
    total = sizes.count
    totalSize = Double(max(1, sizes.reduce(0, +)))
    self.report = report
  }

  func finish(_ path: String, size: Int) {
    guard let report else { return }
    counts.withLock {
      $0.finished += 1
      $0.size += Double(size)
      report(
        CompressionProgress(
          phase: phase, path: path, finishedCount: $0.finished, totalCount: total,
          share: $0.size / totalSize))
    }
  }
}
