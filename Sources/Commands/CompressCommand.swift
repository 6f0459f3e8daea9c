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

      Examples:
        modelc compress model.h5 --ratio 4
        modelc compress model.keras --max-bytes 64K -o small.h5
        modelc compress model.h5 --rank 1/2
        modelc compress model.h5 --rank dense=50,conv2d_3=24x40
        modelc compress model.h5 --energy 0.95 --dry-run
        modelc compress model.h5 --ratio 8 --data mnist/ --finetune 10
        modelc compress model.h5 --flash 24K --ram 4K --data mnist/ --finetune 10
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @OptionGroup(title: "Target (one of)") var target: TargetOptions
  @OptionGroup(title: "Method") var method: MethodOptions
  @OptionGroup(title: "Data (optional)") var data: DataOptions
  @OptionGroup(title: "Method with data") var learning: LearningOptions

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String?

  @Flag(help: "Replace an existing output.")
  var force = false

  @Flag(help: "Print the plan and stop.")
  var dryRun = false

  @Option(help: "Write the plan as JSON to this file.", completion: .file())
  var savePlan: String?

  @Flag(help: "Leave spectra and provenance out of the file.")
  var strip = false

  @Option(help: "Lossless compression of tensors: auto, none or a level from 1 to 9.")
  var deflate: DeflateChoice = .automatic

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
      data: try learning.compressionData(data), settings: method.settings,
      threads: method.threads,
      storage: StorageOptions(compression: deflate.compression, isStripped: strip),
      allowsCode: allowCode, force: force, readOptions: reading.readOptions,
      command: ["compress"] + target.words + method.words + learning.words(data),
      toolVersion: Versions.tool)
    request.device = try device()
    return request
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
      throw CommandFailure.usage(
        "no target: give --ratio 4, --max-parameters, --max-bytes, --max-macs, --flash, --ram, "
          + "--rank, --energy, --max-error or --plan")
    }
    return .planning(try method.planning(parsed))
  }

  /// `model.h5` becomes `model.small.h5`, beside it.
  static func defaultOutput(for input: String) -> String {
    let url = URL(fileURLWithPath: input)
    let name = url.deletingPathExtension().lastPathComponent + ".small.h5"
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
