import ArgumentParser
import ModelFile
import Pipelines
import Reports

/// `modelc expand`.
struct ExpandCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "expand",
    abstract: "Rebuild dense kernels under the original layer names.",
    discussion: """
      Example:
        modelc expand model.small.h5 -o dense.h5
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @Flag(name: .shortAndLong, help: "Replace an existing output.")
  var force = false

  @OptionGroup var reading: ReadingOptions
  @OptionGroup var messages: OutputOptions

  func run() throws {
    let result = try Expand.run(
      input: file, output: output, force: force, readOptions: reading.readOptions,
      toolVersion: Versions.tool)
    let view = result.viewObstacle.map { "no Keras view (\($0))" } ?? "with a Keras view"
    messages.console.result(
      "wrote \(output), \(Units.bytes(result.file.byteCount)), \(view); "
        + "next: modelc inspect \(output)")
  }
}
