import ArgumentParser
import JSON
import ModelFile
import Reports

/// `modelc verify`.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a container of modelc: digests, structure, shapes, finite values.",
    discussion: """
      Exit code 0: sound; 1: something differs, named on stderr.

      Example:
        modelc verify model.small.h5
      """)

  @Argument(help: "The container.", completion: .file())
  var file: String

  @Flag(help: "Let NaN and infinite values through.")
  var allowNonfinite = false

  @OptionGroup var format: FormatOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let report = ModelFileVerifier.verify(file, allowsNonFinite: allowNonfinite)
    let console = output.console
    if format.format == .json {
      console.result(
        json: .object([
          "version": 1, "sound": .bool(report.isSound),
          "tensors": .integer(report.tensorCount), "bytes": .integer(report.byteCount),
          "digest": report.digest.map { .string($0) } ?? .null,
          "findings": .array(report.findings.map { .string($0.description) }),
        ]))
    } else if report.isSound {
      console.result(
        "\(file): sound: \(report.tensorCount) tensors, \(Units.bytes(report.byteCount)), digest "
          + (report.digest ?? "none"))
    }
    guard report.isSound else {
      for finding in report.findings { Console.failure("\(file): \(finding.description)") }
      throw ExitCode(1)
    }
  }
}
