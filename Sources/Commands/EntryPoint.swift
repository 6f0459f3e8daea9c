import ArgumentParser
import Compression
import Foundation
import ModelFile
import Models

extension Modelc {
  /// Runs the command line and returns the exit code: 0 done, 1 failed, 64 usage.
  public static func run(arguments: [String]) -> Int32 {
    // A reader that closes the pipe ends us quietly, as it ends other tools.
    signal(SIGPIPE, SIG_DFL)
    // A file-size limit is an error line of ours, as a full disk is.
    signal(SIGXFSZ, SIG_IGN)
    TemporaryOutput.removeOnSignals()
    if let problem = unknownCommand(arguments) {
      Console.failure(problem)
      return 64
    }
    do {
      var command = try parseAsRoot(arguments.isEmpty ? ["--help"] : arguments)
      try command.run()
      if let failure = Console.resultFailure { throw CommandFailure(failure) }
      return 0
    } catch let failure as CommandFailure {
      Console.failure(failure.description)
      return failure.exitCode
    } catch let error as SpecificationError {
      // An option that names what the model lacks is a usage error.
      Console.failure(error.description)
      return 64
    } catch let code as ExitCode {
      return code.rawValue
    } catch {
      return report(error)
    }
  }

  /// ArgumentParser's own errors and help have texts of their own; ours are one line.
  private static func report(_ error: any Error) -> Int32 {
    let code = exitCode(for: error)
    if code == .success {
      Console().result(lines: fullMessage(for: error))
      return 0
    }
    if code == .validationFailure {
      Console.failure(usageLine(message(for: error)))
      return 64
    }
    Console.failure("\(error)")
    return 1
  }

  /// One line: the message without its prefix and usage block.
  private static func usageLine(_ message: String) -> String {
    let line = message.split(separator: "\n").first.map(String.init) ?? message
    return line.hasPrefix("Error: ") ? String(line.dropFirst(7)) : line
  }

  /// The first word must be a command; a mistyped one is answered with the nearest.
  private static func unknownCommand(_ arguments: [String]) -> String? {
    guard let first = arguments.first, !first.hasPrefix("-"), first != "help" else { return nil }
    let names = commands.map { $0._commandName }
    guard !names.contains(first) else { return nil }
    return "unknown command '\(first)'\(NearestName.hint(first, among: names)); "
      + "'modelc --help' lists the commands"
  }
}
