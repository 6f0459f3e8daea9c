import Execution
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
  @Test(arguments: 1...4)
  func everyJobRunsOnceAtEveryStep(count: Int) {
    let pool = WorkerPool(count: count)
    let totals = Mutex([Int](repeating: 0, count: count))
    for step in 0..<2_000 {
      // Fewer jobs than threads at times, as in the last batch of an epoch.
      let jobs = step % 5 == 4 ? max(1, count - 1) : count
      let ran = Mutex<[Int]>([])
      pool.run(jobs: jobs) { index in ran.withLock { $0.append(index) } }
      let indices = ran.withLock { $0.sorted() }
      #expect(indices == Array(0..<jobs))
      totals.withLock { for index in indices { $0[index] += 1 } }
    }
    #expect(totals.withLock { $0[0] } == 2_000)
  }

  @Test func jobsOverlap() async throws {
    let pool = WorkerPool(count: 2)
    let arrived = Atomic<Int>(0)
    // Each waits for the other: on one thread this would never end.
    pool.run(jobs: 2) { _ in
      arrived.add(1, ordering: .acquiringAndReleasing)
      while arrived.load(ordering: .acquiring) < 2 {}
    }
    #expect(arrived.load(ordering: .acquiring) == 2)
  }

  @Test func aPoolWakesAfterAPause() async throws {
    let pool = WorkerPool(count: 2)
    for _ in 0..<3 {
      try await Task.sleep(for: .milliseconds(5))
      let sum = Atomic<Int>(0)
      pool.run(jobs: 2) { sum.add($0 + 1, ordering: .relaxed) }
      #expect(sum.load(ordering: .relaxed) == 3)
    }
  }
}
