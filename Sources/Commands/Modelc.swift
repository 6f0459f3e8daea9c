public import ArgumentParser

/// The root command.
public struct Modelc: ParsableCommand {
  /// Name, order of use, and one example.
  public static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "modelc",
      abstract: "Makes trained neural network files smaller, and keeps them working.",
      discussion: """
        In order of use:

          modelc inspect model.h5
          modelc compress model.h5 --ratio 4
          modelc inspect model.small.h5

        Reads what Keras saves (.h5 and .keras) and its own container, which is an HDF5 file \
        that Keras can open as well.
        """,
      version: Versions.text,
      subcommands: commands)
  }

  /// The subcommands, in order of use.
  static let commands: [any ParsableCommand.Type] = [
    InspectCommand.self, PlanCommand.self, SensitivityCommand.self, CompressCommand.self,
    EvaluateCommand.self, FinetuneCommand.self, PruneCommand.self,
    PredictCommand.self, TrainCommand.self, DiffCommand.self, ExpandCommand.self,
    ConvertCommand.self, VerifyCommand.self, SweepCommand.self, SVDCommand.self,
    CompressDataCommand.self, ReportCommand.self,
  ]

  /// Makes the command.
  public init() {}
}
