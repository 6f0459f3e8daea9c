import ArgumentParser
import Compression
import Foundation
import JSON
import ModelFile
import Models
import Pipelines
import Reports

/// `modelc compress`.
struct CompressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress",
    abstract: "Write a smaller file: factorise kernels to a ratio, a size, ranks or an error.",
    discussion: """
      Give one target. A ratio is original ÷ compressed and counts every parameter of the model.
      With --data, --max-bytes tries low rank, pruning, 16-bit and int8 storage together, takes \
      what loses least on held-out examples, and says what that was.

      Examples:
        modelc compress model.h5 --ratio 4
        modelc compress model.keras --max-bytes 64K -o small.h5
        modelc compress model.h5 --rank 1/2
        modelc compress model.h5 --rank dense=50,conv2d_3=24x40
        modelc compress model.h5 --energy 0.95 --dry-run
        modelc compress model.h5 --ratio 8 --data mnist/ --finetune 10
        modelc compress model.h5 --max-accuracy-drop 0.5 --data mnist/ --explain
        modelc compress model.h5 --max-bytes 16K --data mnist/ --finetune 10 --strip
        modelc compress model.h5 --dtype int8
        modelc compress model.h5 --flash 24K --ram 4K --data mnist/ --finetune 10
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @OptionGroup(title: "Target (one of)") var target: TargetOptions
  @OptionGroup(title: "Method") var method: MethodOptions
  @OptionGroup(title: "Pruning before and after") var pruning: PruningFlags
  @OptionGroup(title: "Storage") var storage: StorageFlags
  @OptionGroup(title: "Data (optional)") var data: DataOptions
  @OptionGroup(title: "Method with data") var learning: LearningOptions

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String?

  @Flag(name: .shortAndLong, help: "Replace an existing output.")
  var force = false

  @Flag(help: "Print the plan and stop.")
  var dryRun = false

  @Option(help: "Write the plan as JSON to this file.", completion: .file())
  var savePlan: String?

  @Flag(help: "Say of every layer why it got what it got, and what was refused.")
  var explain = false

  @Flag(help: "Write layers that carry code into the Keras view.")
  var allowCode = false

  @OptionGroup var format: FormatOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var messages: OutputOptions

  func run() throws {
    let console = messages.console
    let request = try request()
    let bar = ProgressLine(console)
    defer { bar.finish() }
    let progress: @Sendable (CompressionProgress) -> Void = { step in
      let half = step.phase == .analysing ? 0 : 0.5
      bar.update(done: half + step.share / 2, total: 1, label: "\(step.phase) \(step.path)")
    }
    let outcome =
      dryRun
      ? try Compress.plan(request, progress: progress)
      : try Compress.run(request, progress: progress)
    bar.finish()
    if let savePlan {
      try AtomicFile.write(
        outcome.plan.json.serialized(pretty: true) + "\n", to: savePlan, force: force)
    }
    CompressionReport(outcome, request: request).print(format.format, to: console)
  }

  private func request() throws -> CompressionRequest {
    let output = output ?? CompressCommand.defaultOutput(for: file)
    var request = CompressionRequest(
      input: file, output: output, source: try source(),
      data: try compressionData(), settings: method.settings,
      pruning: try pruning.steps(include: method.include, exclude: method.exclude),
      scale: storage.int8Scale, threads: method.threads, storage: storage.options,
      choosesLayout: storage.storage == .auto, allowsCode: allowCode, force: force,
      readOptions: reading.readOptions,
      command: ["compress"] + target.words + method.words + pruning.words + storage.words
        + learning.words(data),
      toolVersion: Versions.tool, searchCache: learning.searchCache, isExplained: explain)
    request.device = try device()
    return request
  }

  private func compressionData() throws -> CompressionData? {
    var result = try learning.compressionData(data)
    if target.maxAccuracyDrop != nil {
      guard result != nil else {
        throw CommandFailure.usage("--max-accuracy-drop needs --data: accuracy is measured")
      }
      // Tenths of a point need more examples than a choice of ranks.
      result?.choiceCount = 5000
    }
    return result
  }

  /// A device's budget needs data: it is met by the most accurate model.
  private func device() throws -> DeviceBudget? {
    guard let device = try target.device() else { return nil }
    guard try target.parsed() == nil, target.plan == nil else {
      throw CommandFailure.usage("--flash and --ram are a target: give no other beside them")
    }
    guard data.data != nil else {
      throw CommandFailure.usage("--flash and --ram need --data: the most accurate model is sought")
    }
    guard !dryRun else {
      throw CommandFailure.usage("--dry-run: --flash and --ram try several plans, there is not one")
    }
    return device
  }

  private func source() throws -> CompressionRequest.Source {
    if let plan = target.plan {
      guard try target.parsed() == nil else {
        throw CommandFailure.usage("--plan states all ranks: give no other target beside it")
      }
      let text = try Data(contentsOf: URL(fileURLWithPath: plan))
      do {
        return .plan(try CompressionPlan(json: try JSONValue(parsing: Array(text))))
      } catch {
        throw CommandFailure("\(plan): \(error)")
      }
    }
    if try target.device() != nil { return .planning(try method.planning(.ratio(1))) }
    guard let parsed = try target.parsed() else {
      // Storage and pruning make a file smaller by themselves; ranks stay.
      if method.dtype != nil || !pruning.words.isEmpty {
        return .planning(try method.planning(.ratio(1)))
      }
      throw CommandFailure.usage(
        "no target: give --ratio 4, --max-parameters, --max-bytes, --max-macs, --flash, --ram, "
          + "--rank, --energy, --max-error, --max-accuracy-drop or --plan; or only --dtype or a way "
          + "of pruning")
    }
    return .planning(try method.planning(parsed))
  }

  /// `model.h5` becomes `model.small.h5`, beside it, or has another word in its middle.
  static func defaultOutput(for input: String, as word: String = "small") -> String {
    let url = URL(fileURLWithPath: input)
    let name = url.deletingPathExtension().lastPathComponent + ".\(word).h5"
    let folder = (input as NSString).deletingLastPathComponent
    return folder.isEmpty ? name : (folder as NSString).appendingPathComponent(name)
  }
}

/// How hard tensors are compressed without loss.
enum DeflateChoice: ExpressibleByArgument {
  case automatic
  case none
  case level(Int)

  init?(argument: String) {
    switch argument {
    case "auto": self = .automatic
    case "none": self = .none
    default:
      guard let level = Int(argument), (1...9).contains(level) else { return nil }
      self = .level(level)
    }
  }

  var defaultValueDescription: String { "auto" }

  var compression: StorageOptions.Compression {
    switch self {
    case .automatic: .automatic
    case .none: .none
    case .level(let level): .deflate(level: level)
    }
  }
}
