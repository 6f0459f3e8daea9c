import Foundation
import TestSupport

/// A session with modelc as a file: `$ modelc …` lines, each followed by what it prints.
struct Transcript {
  /// One command and its expected output, stdout and stderr together.
  struct Step {
    var command: String
    var expected: [String]
    var exitCode: Int32
  }

  let steps: [Step]

  /// Reads `$ ` lines as commands; `[exit 1]` states an exit code that is not 0.
  init(_ text: String) {
    var steps: [Step] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("$ ") {
        steps.append(Step(command: String(line.dropFirst(2)), expected: [], exitCode: 0))
      } else if line.hasPrefix("[exit "), !steps.isEmpty {
        steps[steps.count - 1].exitCode = Int32(line.dropFirst(6).dropLast()) ?? -1
      } else if !steps.isEmpty {
        steps[steps.count - 1].expected.append(line)
      }
    }
    self.steps = steps
  }
}

/// Runs the built modelc.
enum Binary {
  /// The folder of the build's products: tests and program lie side by side.
  static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// Runs one shell line with modelc on the path and `Fixtures` in the folder.
  static func run(_ line: String, in folder: URL) throws -> (output: String, exitCode: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line + " 2>&1"]
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = Binary.folder.path + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
    environment["OPENBLAS_NUM_THREADS"] = "1"
    environment["NO_COLOR"] = "1"
    process.environment = environment
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (String(decoding: data, as: UTF8.self), process.terminationStatus)
  }
}

/// Compares lines up to what another machine may print: times, spaces, the last digit of a
/// measured number, and the bars of tables.
enum LooseComparison {
  /// Whether two lines say the same.
  static func matches(_ left: String, _ right: String) -> Bool {
    let a = tokens(left)
    let b = tokens(right)
    return a.count == b.count && zip(a, b).allSatisfy(matchesToken)
  }

  private static func tokens(_ line: String) -> [String] {
    var text = line.replacing("─", with: "")
    // A time of any size.
    text = text.replacing(/[0-9.]+ (?:µs|ms|s|min)\b/, with: "TIME")
    return text.split { $0 == " " }.map(String.init)
  }

  private static func matchesToken(_ left: String, _ right: String) -> Bool {
    if left == right { return true }
    guard let a = measured(left), let b = measured(right), a.suffix == b.suffix,
      a.prefix == b.prefix, a.decimals == b.decimals, a.decimals > 0
    else { return false }
    let unit = (0..<a.decimals).reduce(1.0) { value, _ in value / 10 }
    return abs(a.value - b.value) < 1.5 * unit
  }

  /// A number with decimals and what stands around it, such as `(4.06×`.
  private static func measured(_ token: String) -> (
    prefix: String, value: Double, decimals: Int, suffix: String
  )? {
    guard let match = token.firstMatch(of: /([0-9]+)\.([0-9]+)/),
      let value = Double(String(match.0))
    else { return nil }
    return (
      String(token[..<match.range.lowerBound]), value, match.2.count,
      String(token[match.range.upperBound...])
    )
  }
}
