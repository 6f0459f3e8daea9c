import COpenBLAS
import Synchronization

/// The number of threads that OpenBLAS uses, which is one setting for the whole process.
///
/// Results can differ in the last bit between thread counts; they repeat bit for bit at one.
public enum BLASThreads {
  /// The setting outside all scopes, and the scopes that are open.
  package struct Setting: Sendable {
    package var base: Int
    /// How many scopes are open, by the count they asked for.
    private var scopes: [Int: Int] = [:]

    package init(base: Int) { self.base = base }

    /// The count in force: the smallest that an open scope asked for, else the base.
    package var effective: Int { scopes.keys.min() ?? base }

    package mutating func enter(_ count: Int) { scopes[count, default: 0] += 1 }

    package mutating func leave(_ count: Int) {
      let remaining = (scopes[count] ?? 1) - 1
      scopes[count] = remaining > 0 ? remaining : nil
    }
  }

  private static let setting = Mutex(Setting(base: Int(openblas_get_num_threads())))

  /// The number of threads in force now.
  public static var current: Int { setting.withLock { $0.effective } }

  /// Sets the number of threads, at least 1; open scopes keep theirs until they end.
  public static func set(_ count: Int) {
    setting.withLock {
      $0.base = max(1, count)
      apply($0)
    }
  }

  /// Runs `body` with at most `count` threads.
  ///
  /// Scopes may nest and overlap on different threads: while several are open the smallest count
  /// holds for all, and the setting before them returns when the last one ends.
  public static func scoped<Result, Failure: Error>(
    _ count: Int, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    enter(max(1, count))
    defer { leave(max(1, count)) }
    return try body()
  }

  /// The asynchronous form of ``scoped(_:_:)-swift.method``.
  public static func scoped<Result, Failure: Error>(
    _ count: Int, isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    enter(max(1, count))
    defer { leave(max(1, count)) }
    return try await body()
  }

  private static func enter(_ count: Int) {
    setting.withLock {
      $0.enter(count)
      apply($0)
    }
  }

  private static func leave(_ count: Int) {
    setting.withLock {
      $0.leave(count)
      apply($0)
    }
  }

  private static func apply(_ setting: Setting) {
    let count = Int32(clamping: setting.effective)
    if openblas_get_num_threads() != count { openblas_set_num_threads(count) }
  }
}
