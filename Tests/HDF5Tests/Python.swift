import Foundation

/// A Python with h5py, for tests against it: `MODELC_PYTHON`, or the `python3` on the path.
enum Python {
  static let hasH5py = (try? run("import h5py")) != nil

  struct Failure: Error {
    let status: Int32
  }

  static func run(_ script: String, _ arguments: String...) throws -> String {
    let process = Process()
    let python = ProcessInfo.processInfo.environment["MODELC_PYTHON"] ?? "python3"
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, "-c", script] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(status: process.terminationStatus)
    }
    return String(decoding: data, as: UTF8.self)
  }
}
