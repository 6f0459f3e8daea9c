import Foundation
import JSON
import Messages
import Reports
import Synchronization

/// Where a command writes: results on stdout, progress and remarks on stderr.
struct Console: Sendable {
  /// How much is said on stderr.
  enum Verbosity: Sendable { case quiet, normal, verbose }

  var verbosity: Verbosity = .normal

  /// Whether stderr is a terminal that understands cursor movement.
  static var progressIsInteractive: Bool {
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Whether stdout may be coloured.
  static var resultIsColoured: Bool {
    isatty(STDOUT_FILENO) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
  }

  /// The errno with which stdout last refused a part of the result; 0 where it took everything.
  private static let resultError = Atomic<Int32>(0)

  /// Why a part of the result is lost, as on a full disk; nil if none is.
  static var resultFailure: String? {
    let number = resultError.load(ordering: .relaxed)
    guard number != 0 else { return nil }
    // strerror returns a valid string for every number; it is copied at once.
    let reason = unsafe String(cString: strerror(number))
    return "standard output: cannot write: \(reason)"
  }

  /// Writes a line of the result.
  func result(_ line: String = "") { Console.write(line: line, to: STDOUT_FILENO) }

  /// Writes a table; its own lines stay lines, whatever its cells hold.
  func result(_ table: Table, as format: Table.Format) {
    switch format {
    case .table: result(lines: table.aligned())
    case .markdown: result(lines: table.markdown())
    case .csv: result(lines: table.csv())
    case .json: result(json: table.jsonRows)
    }
  }

  /// Writes a JSON document.
  func result(json: JSONValue) { result(lines: json.serialized(pretty: true)) }

  /// Writes lines of our own making, such as a help text.
  func result(lines: String) {
    Console.write(lines.withoutControls(except: "\n", "\t") + "\n", to: STDOUT_FILENO)
  }

  /// Writes a remark; not heard when quiet.
  func note(_ line: String) {
    if verbosity != .quiet { Console.write(line: line, to: STDERR_FILENO) }
  }

  /// Writes a detail that only `--verbose` asks for.
  func detail(_ line: String) {
    if verbosity == .verbose { Console.write(line: line, to: STDERR_FILENO) }
  }

  /// Writes the one line of a failure.
  static func failure(_ line: String) { write(line: line, to: STDERR_FILENO) }

  /// Names out of files are among the words: they must neither steer a terminal nor begin a line.
  private static func write(line: String, to descriptor: Int32) {
    write(line.withoutControls() + "\n", to: descriptor)
  }

  /// Writes all bytes; a closed pipe ends the program as other tools end.
  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        // In bounds: `done` is below the count.
        unsafe Foundation.write(
          descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
      }
      if written <= 0 {
        if errno == EINTR { continue }
        if descriptor == STDOUT_FILENO { resultError.store(errno, ordering: .relaxed) }
        return
      }
      done += written
    }
  }
}

/// A line of progress on stderr: a bar on a terminal, nothing in a pipe unless verbose.
final class ProgressLine: Sendable {
  private struct State {
    var lastDraw = -1.0
    var isDrawn = false
  }

  private let console: Console
  private let start = Date()
  private let state = Mutex(State())

  init(_ console: Console) { self.console = console }

  /// Shows that `done` of `total` units are finished and what is under way.
  func update(done: Double, total: Double, label: @autoclosure () -> String) {
    guard console.verbosity != .quiet else { return }
    let elapsed = Date().timeIntervalSince(start)
    guard Console.progressIsInteractive else {
      if console.verbosity == .verbose { console.detail(label()) }
      return
    }
    state.withLock { state in
      guard elapsed - state.lastDraw > 0.1 || done >= total else { return }
      state.lastDraw = elapsed
      state.isDrawn = true
      let share = total > 0 ? min(max(done / total, 0), 1) : 0
      let filled = Int(share * 24)
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
      let rest =
        share > 0.02 && elapsed > 1 ? "  \(Int((elapsed / share - elapsed).rounded())) s left" : ""
      FileHandle.standardError.write(
        Data("\r\u{1B}[2K\(bar) \(Int(share * 100)) %  \(label().withoutControls())\(rest)".utf8))
    }
  }

  /// Removes the bar.
  func finish() {
    state.withLock { state in
      guard state.isDrawn else { return }
      FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8))
      state.isDrawn = false
    }
  }
}
