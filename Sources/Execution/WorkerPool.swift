import Dispatch
import Synchronization

/// A few threads that stay awake between short jobs, so that shards of one batch can run side by
/// side without paying for a sleep and a wake-up at every step.
///
/// A thread that finds nothing to do looks again for about a hundred microseconds and then sleeps; so
/// a pool costs nothing while it is idle, and little on a machine that others use too.
package final class WorkerPool: Sendable {
  /// The number of threads, the caller's included.
  package let count: Int
  private let workers: [Worker]
  private let countdown: Countdown

  /// Starts a pool of `count` threads, at least 1: the caller's and `count − 1` of its own.
  package init(count: Int) {
    self.count = max(count, 1)
    let countdown = Countdown()
    self.countdown = countdown
    workers = (1..<max(count, 1)).map { _ in Worker(countdown) }
    for worker in workers { worker.start() }
  }

  deinit {
    for worker in workers { worker.stop() }
  }

  /// Runs `body` once for each index below `jobs`, at most ``count`` of them, and waits for all.
  ///
  /// Index 0 runs on the caller's thread. Not for use by two threads at once.
  package func run(jobs: Int, _ body: @Sendable (Int) -> Void) {
    precondition(jobs <= count, "\(jobs) jobs for a pool of \(count) threads")
    guard jobs > 1 else {
      if jobs == 1 { body(0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      countdown.start(jobs - 1)
      for index in 1..<jobs { workers[index - 1].give { body(index) } }
      body(0)
      countdown.wait()
    }
  }
}

/// How many jobs are still to be finished.
private final class Countdown: Sendable {
  private let pending = Atomic<Int>(0)
  private let signal = Signal()

  func start(_ count: Int) { pending.store(count, ordering: .releasing) }

  func finishOne() {
    if pending.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { signal.notify() }
  }

  func wait() { signal.wait { self.pending.load(ordering: .acquiring) == 0 } }
}

/// One thread of a pool.
private final class Worker: Sendable {
  private let job = Mutex<(@Sendable () -> Void)?>(nil)
  private let hasJob = Atomic<Bool>(false)
  private let isStopped = Atomic<Bool>(false)
  private let signal = Signal()
  private let countdown: Countdown

  init(_ countdown: Countdown) { self.countdown = countdown }

  func start() {
    DispatchQueue(label: "modelc.worker").async { self.loop() }
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    signal.notify()
  }

  func give(_ body: @escaping @Sendable () -> Void) {
    job.withLock { $0 = body }
    hasJob.store(true, ordering: .releasing)
    signal.notify()
  }

  private func loop() {
    while true {
      signal.wait {
        self.hasJob.load(ordering: .acquiring) || self.isStopped.load(ordering: .acquiring)
      }
      if isStopped.load(ordering: .acquiring) { return }
      hasJob.store(false, ordering: .relaxed)
      runJob()
      countdown.finishOne()
    }
  }

  /// Runs the job and lets go of it, because it must not outlive the call that gave it.
  private func runJob() {
    let body = job.withLock { job in
      defer { job = nil }
      return job
    }
    body?()
  }
}

/// A wait for a condition that another thread makes true and announces.
private final class Signal: Sendable {
  private let isWaiting = Atomic<Bool>(false)
  private let semaphore = DispatchSemaphore(value: 0)
  /// Looks before a thread sleeps: about a hundred microseconds.
  ///
  /// It is longer than what a small network's step does on one thread; a fifth of it made threads
  /// sleep at most steps.
  private static let looks = 100_000

  /// Returns when `condition` holds; one thread at a time.
  func wait(for condition: () -> Bool) {
    for _ in 0..<Self.looks where condition() { return }
    while true {
      isWaiting.store(true, ordering: .sequentiallyConsistent)
      // Looked at again after the announcement, or a change between the two would be missed.
      if condition() {
        if !isWaiting.exchange(false, ordering: .sequentiallyConsistent) { semaphore.wait() }
        return
      }
      semaphore.wait()
      if condition() { return }
    }
  }

  /// Wakes the waiting thread, if it sleeps; the condition must have been made true before.
  func notify() {
    if isWaiting.exchange(false, ordering: .sequentiallyConsistent) { semaphore.signal() }
  }
}
