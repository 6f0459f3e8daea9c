import ArgumentParser
import Datasets
import Foundation
import JSON
import ModelFile
import Pipelines
import Reports
import Tensors

/// `modelc compress-data`.
struct CompressDataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress-data",
    abstract: "Approximate the images of a data set channel by channel, stored as factors.",
    discussion: """
      Every channel becomes U·Σ and Vᵀ of one rank. The file is a data set that --data reads, at the \
      stored rank or, with --data-rank, at any smaller one.

      Examples:
        modelc compress-data cifar10/ --rank 8 -o cifar-8.h5
        modelc compress-data cifar10/ --ratio 2 -o cifar-small.h5
        modelc train cnn:16-pool-32-pool-dense64 --data cifar-8.h5 --data-rank 4 -o cnn.h5
      """)

  @Argument(help: "The images: IDX, CIFAR, HDF5, .npz, .npy or a folder.", completion: .file())
  var data: String

  @Option(help: "Singular values kept a channel.")
  var rank: Int?

  @Option(help: "Bytes of the stored pixels ÷ bytes of the factors, at least.")
  var ratio: Double?

  @Option(help: "The type of the factors: float32 or float16.")
  var dtype: FactorType = .float32

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @Option(
    help: "Write images of three classes at falling rank as PNG to this file.",
    completion: .file())
  var examples: String?

  @Option(help: "Use at most this many images of each part.")
  var limit: Int?

  @Flag(name: .shortAndLong, help: "Replace existing files.")
  var force = false

  @Option(help: "Threads.")
  var threads = ProcessInfo.processInfo.activeProcessorCount

  @OptionGroup var format: FormatOptions
  @OptionGroup var messages: OutputOptions

  func validate() throws {
    guard (rank == nil) != (ratio == nil) else {
      throw ValidationError("give --rank or --ratio, one of them")
    }
    guard rank ?? 1 >= 1, ratio ?? 1 > 0, (1...256).contains(threads) else {
      throw ValidationError("--rank, --ratio and --threads must be positive")
    }
  }

  func run() throws {
    let console = messages.console
    var options = DatasetOptions()
    options.requiresLabels = false
    options.limit = limit
    for path in [output, examples].compactMap({ $0 }) {
      try AtomicFile.check(path, force: force)
    }
    let splits = try DatasetLoader.load(data, options: options)
    let target = rank.map { DataCompression.Target.rank($0) } ?? .ratio(ratio ?? 1)
    let bar = ProgressLine(console)
    let report = try DataCompression(
      target: target, scalarType: dtype.scalarType, threads: threads
    ).run(splits, to: output, force: force) { done, total in
      bar.update(done: Double(done), total: Double(total), label: "\(done) of \(total) images")
    }
    bar.finish()
    if let examples {
      let images = try ExampleImages(try splits.training(), largestRank: report.rank)
      try AtomicFile.write(try images.picture().png(), to: examples, force: force)
      console.note("wrote \(examples): the image, then ranks \(images.ranksText)")
    }
    DataCompressionReport(report: report, output: output, dtype: dtype).print(
      format.format, to: console)
  }
}

/// The types in which factors are stored.
enum FactorType: String, ExpressibleByArgument, CaseIterable {
  case float32, float16

  var scalarType: ScalarType { self == .float32 ? .float32 : .float16 }
}

/// Prints what a compression of images did.
struct DataCompressionReport {
  let report: DataCompression.Report
  let output: String
  let dtype: FactorType

  func print(_ format: Table.Format, to console: Console) {
    switch format {
    case .json: console.result(json: json)
    case .csv: console.result(table, as: .csv)
    case .table, .markdown:
      console.result(table, as: format)
      console.result()
      console.result(verdict)
      console.result(
        "wrote \(output), \(Units.bytes(report.fileByteCount)), in "
          + "\(Units.duration(seconds: report.seconds)); next: modelc train NETWORK --data \(output)"
      )
    }
  }

  private var table: Table {
    Table(
      columns: [
        Table.Column("part"), Table.Column("images"), Table.Column("pixels", key: "pixel_bytes"),
        Table.Column("factors", key: "factor_bytes"), Table.Column("ratio"),
        Table.Column("error", key: "relative_error"), Table.Column("PSNR in dB", key: "psnr"),
      ],
      rows: report.parts.map { part in
        [
          .text(part.split.rawValue), .integer(part.count), .bytes(part.pixelByteCount),
          .bytes(part.factorByteCount),
          .number(Double(part.pixelByteCount) / Double(max(part.factorByteCount, 1))),
          .number(part.relativeError), part.psnr.map { .number($0, digits: 4) } ?? .missing,
        ]
      })
  }

  /// Whether anything was saved, and from which rank on nothing is.
  private var verdict: String {
    let isSmaller = report.rank <= report.byteBreakEven
    return
      "rank \(report.rank) of \(report.fullRank): the factors take "
      + (isSmaller ? "less" : "MORE") + " room than the pixels; a channel of "
      + "\(report.height)×\(report.width) breaks even at rank \(report.scalarBreakEven) in scalars "
      + "and at rank \(report.byteBreakEven) in bytes as \(dtype.rawValue)"
  }

  private var json: JSONValue {
    .object([
      "version": 1, "rank": .integer(report.rank), "full_rank": .integer(report.fullRank),
      "break_even_scalars": .integer(report.scalarBreakEven),
      "break_even_bytes": .integer(report.byteBreakEven),
      "file_bytes": .integer(report.fileByteCount), "seconds": .number(report.seconds),
      "parts": table.jsonRows,
    ])
  }
}
