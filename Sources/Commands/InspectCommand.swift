import ArgumentParser
import Pipelines
import Reports

/// `modelc inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a model file holds: layers, forms, ranks, parameters, MACs, bytes.",
    discussion: """
      Examples:
        modelc inspect model.keras
        modelc inspect model.small.h5 --format json
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @OptionGroup var format: FormatOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
  }
}
