import ArgumentParser
import Compression
import Foundation
import JSON
import Models
import Pipelines
import Reports

/// `modelc prune`.
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Remove inputs, neurons and channels, or set the smallest weights to zero.",
    discussion: """
      Inputs, neurons and channels are removed for good: shapes shrink, and the file and the \
      forward pass with them. Zeros of --sparsity stay zeros in fine-tuning and make files \
      smaller, but no forward pass faster. What each layer can lose by itself is shown by \
      'modelc sensitivity MODEL --data DATA --over prune'.

      Examples:
        modelc prune model.h5 --sparsity 0.8 --data mnist/ --finetune 5 -o pruned.h5
        modelc prune model.h5 --prune-channels 25% --data mnist/ -o pruned.h5
        modelc prune model.h5 --prune-channels dead -o pruned.h5
        modelc prune model.h5 --prune-inputs 400 --data mnist/ -o pruned.h5
      """)

  @Argument(help: "The model file.", completion: .file())
  var file: String

  @OptionGroup(title: "What goes") var pruning: PruningFlags

  @Option(help: "Change only layers that match this glob (repeatable).")
  var include: [String] = []

  @Option(help: "Keep layers that match this glob (repeatable).")
  var exclude: [String] = []

  @OptionGroup(title: "Data (optional)") var data: DataOptions

  @Option(help: "Collect statistics from this many training examples.")
  var samples = 4096

  @Option(help: "Fine-tune for this many epochs afterwards; pruned weights stay zero.")
  var finetune = 0

  @Option(help: "How kernels and factors are stored: float32, float16, bfloat16 or int8.")
  var dtype: String?

  @OptionGroup(title: "Storage") var storage: StorageFlags

  @Option(help: "Threads. One gives the same bytes every time.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "The seed of everything random.")
  var seed: UInt64 = 0

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String?

  @Flag(help: "Replace an existing output.")
  var force = false

  @Flag(help: "Write layers that carry code into the Keras view.")
  var allowCode = false

  @OptionGroup var format: FormatOptions
  @OptionGroup var reading: ReadingOptions
  @OptionGroup var messages: OutputOptions

  func validate() throws {
    guard samples > 0, finetune >= 0, (1...256).contains(threads) else {
      throw ValidationError(
        "--samples and --threads must be positive and --finetune not negative")
    }
  }

  func run() throws {
    let console = messages.console
    let request = try request()
    guard !request.steps.isEmpty else {
      throw CommandFailure.usage(
        "nothing to prune: give --sparsity, --prune-channels or --prune-inputs; "
          + "'modelc sensitivity \(file) --data DATA --over prune' shows what each layer can lose")
    }
    let outcome = try Prune.run(request)
    PruningReportText(outcome, request: request).print(format.format, to: console)
  }

  private func request() throws -> PruneRequest {
    var learning: CompressionData?
    if data.data != nil {
      learning = CompressionData(
        dataset: try data.training(), scaling: data.scale?.scaling, sampleCount: samples,
        finetuneEpochs: finetune)
    } else if finetune > 0 {
      throw CommandFailure.usage("--finetune needs --data")
    }
    let encoding: StoredEncoding?
    do { encoding = try dtype.map { try StoredEncoding(parsing: $0) } } catch {
      throw CommandFailure.usage("\(error)")
    }
    var words = ["prune"] + pruning.words
    for glob in include { words += ["--include", glob] }
    for glob in exclude { words += ["--exclude", glob] }
    if data.data != nil { words.append("--data") }
    if finetune > 0 { words += ["--finetune", String(finetune)] }
    if let dtype { words += ["--dtype", dtype] }
    if seed != 0 { words += ["--seed", String(seed)] }
    return PruneRequest(
      input: file, output: output ?? CompressCommand.defaultOutput(for: file, as: "pruned"),
      steps: try pruning.steps(include: include, exclude: exclude), data: learning,
      encoding: encoding, scale: storage.int8Scale, seed: seed, threads: threads,
      storage: storage.options, allowsCode: allowCode, force: force,
      readOptions: reading.readOptions, command: words + storage.words,
      toolVersion: Versions.tool)
  }
}
