public import ArgumentParser
public import Compression
import Pipelines

/// What is pruned, shared by `prune` and `compress`.
struct PruningFlags: ParsableArguments {
  @Option(
    help: "Keep this many inputs of each flat Dense layer: 300, 40% or alive (those that vary).")
  var pruneInputs: InputAmount?

  @Option(help: "Remove this share of neurons and channels: 25%, or dead (those without effect).")
  var pruneChannels: ChannelAmount?

  @Option(help: "Set this share of each kernel's weights to zero, such as 0.8.")
  var sparsity: Double?

  @Option(help: "What the share of zeros is taken over: layer, tensor or global.")
  var scope: MagnitudePruning.Scope = .layer

  func validate() throws {
    if let sparsity, !(0..<1).contains(sparsity) {
      throw ValidationError("--sparsity: expected a share from 0 to below 1, found \(sparsity)")
    }
  }

  /// The options as they were given.
  var words: [String] {
    var words: [String] = []
    if let pruneInputs { words += ["--prune-inputs", pruneInputs.text] }
    if let pruneChannels { words += ["--prune-channels", pruneChannels.text] }
    if let sparsity { words += ["--sparsity", "\(sparsity)"] }
    if scope != .layer { words += ["--scope", scope.rawValue] }
    return words
  }

  /// The steps, for the layers that the globs leave.
  func steps(include: [String], exclude: [String]) throws -> PruningSteps {
    do {
      return PruningSteps(
        inputs: pruneInputs?.amount, channels: pruneChannels?.amount, sparsity: sparsity,
        scope: scope, include: try include.map { try Glob($0, subject: "--include") },
        exclude: try exclude.map { try Glob($0, subject: "--exclude") })
    } catch {
      throw CommandFailure.usage("\(error)")
    }
  }
}

extension MagnitudePruning.Scope: ExpressibleByArgument {}

/// `40%`, `0.4` or `2/5` as a share; nil for anything else.
private func share(_ text: String) -> Double? {
  let value: Double? =
    if text.hasSuffix("%") {
      Double(text.dropLast()).map { $0 / 100 }
    } else if let slash = text.firstIndex(of: "/"), let above = Double(text[..<slash]),
      let below = Double(text[text.index(after: slash)...]), below > 0
    {
      above / below
    } else {
      Double(text)
    }
  return value.flatMap { $0 > 0 && $0 < 1 ? $0 : nil }
}

/// How many inputs stay, as it is written on the command line.
struct InputAmount: ExpressibleByArgument {
  let text: String
  let amount: InputPruning.Amount

  init?(argument: String) {
    text = argument
    if argument == "alive" {
      amount = .alive
    } else if let count = Int(argument), count > 0 {
      amount = .count(count)
    } else if let share = share(argument) {
      amount = .share(share)
    } else {
      return nil
    }
  }
}

/// How many channels go, as it is written on the command line.
struct ChannelAmount: ExpressibleByArgument {
  let text: String
  let amount: StructuredPruning.Amount

  init?(argument: String) {
    text = argument
    if argument == "dead" {
      amount = .dead
    } else if let share = share(argument) {
      amount = .share(share)
    } else {
      return nil
    }
  }
}
