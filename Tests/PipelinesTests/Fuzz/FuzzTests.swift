import Foundation
import Glibc
import Messages
import Synchronization
import Tensors
import TestSupport
import Testing

/// Seeded damage to what every reader reads: an error of one line, or a result; never a trap.
///
/// `MODELC_FUZZ_SECONDS` sets how long all of it takes (60), `MODELC_FUZZ_SEED` where it starts (1),
/// `MODELC_FUZZ_TRACE` a folder for the round under way, to be found after a trap, and
/// `MODELC_FUZZ_ONLY=target:round` repeats one round.
@Suite struct FuzzTests {
  private static func setting(_ name: String) -> String? {
    ProcessInfo.processInfo.environment["MODELC_FUZZ_\(name)"]
  }
  private static let seconds = setting("SECONDS").flatMap(Double.init) ?? 60
  private static let seed = setting("SEED").flatMap(UInt64.init) ?? 1
  private static let total = Atomic<Int>(0)

  @Test(arguments: FuzzTarget.all)
  func noDamageTraps(target: FuzzTarget) throws {
    try Fixtures.withTemporaryFolder { folder in
      let reading = try target.prepared(folder)
      if let only = Self.setting("ONLY") {
        let parts = only.split(separator: ":")
        guard parts.count == 2, parts[0] == target.description, let round = UInt64(parts[1]) else {
          return
        }
        return run(reading, target, round, folder)
      }
      let trace = Self.setting("TRACE").map { URL(fileURLWithPath: "\($0)/\(target)") }
      let end = Self.now(CLOCK_MONOTONIC) + Self.seconds / Double(FuzzTarget.all.count)
      var round: UInt64 = 0
      while Self.now(CLOCK_MONOTONIC) < end {
        if let trace { try Data("\(target):\(round)\n".utf8).write(to: trace) }
        run(reading, target, round, folder)
        round += 1
      }
      let sum = Self.total.add(Int(round), ordering: .relaxed).newValue
      print("fuzz: \(target.description): \(round) inputs, \(sum) in all")
    }
  }

  /// One damaged input; a failure names the round that repeats it.
  private func run(
    _ reading: FuzzTarget.Reading, _ target: FuzzTarget, _ round: UInt64, _ folder: URL
  ) {
    var mutation = Mutation(generator: SeededGenerator(seed: Self.seed).split(round))
    let start = Self.now(CLOCK_THREAD_CPUTIME_ID)
    do {
      try reading(&mutation, folder)
    } catch {
      let message = "\(error)"
      let isOneLine =
        !message.isEmpty && message.unicodeScalars.count <= 2000
        && message.withoutControls() == message
      #expect(isOneLine, "\(target):\(round): \(message.debugDescription)")
    }
    #if !DEBUG
      let time = Self.now(CLOCK_THREAD_CPUTIME_ID) - start
      #expect(time < 2, "\(target):\(round) took \(time) s")
    #else
      _ = start
    #endif
  }

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    // The pointer lives for the call only.
    unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
