import ArgumentParser
import Foundation
import JSON
import LinearAlgebra
import ModelFile
import Pipelines
import Reports

/// `modelc svd`.
struct SVDCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "svd",
    abstract: "Take a matrix or a picture apart: singular values, factors, rank-k rebuilds.",
    discussion: """
      A ≈ coordinates · Vᵀ, coordinates = U·D. Reads CSV, .npy, .npz and HDF5 arrays, a kernel of a \
      model, or a PNG or JPEG picture, which is rebuilt channel by channel.

      Examples:
        modelc svd matrix.csv --rank 2
        modelc svd model.h5 --layer dense --rank 16 -o factors.npz
        modelc svd iris.csv --label species --rank 2 --coordinates xy.csv --plot iris.svg
        modelc svd xy.csv --back factors.npz -o rebuilt.csv
        modelc svd photo.png --rank 32,16,8 -o beside.png
      """)

  @Argument(help: "The matrix, model or picture.", completion: .file())
  var file: String

  @Option(help: "Ranks to rebuild from, such as 2 or 32,16,8.")
  var rank: RankList?

  @Flag(help: "Take the mean of every column away first, as PCA does.")
  var center = false

  @Option(help: "The layer of a model whose kernel is meant.")
  var layer: String?

  @Option(help: "The array of an HDF5 file or .npz archive.")
  var array: String?

  @Option(help: "The column of a table that names classes, by name or index from 0.")
  var label: String?

  @Option(help: "Map coordinates back: the file of factors that -o wrote.", completion: .file())
  var back: String?

  @Option(
    name: .shortAndLong,
    help: "Write factors (.npz, .h5), the rebuilt matrix (.csv, .npy) or pictures (.png).",
    completion: .file())
  var output: String?

  @Option(help: "Write the reduced coordinates U·D as CSV.", completion: .file())
  var coordinates: String?

  @Option(
    help: "Write a plot as SVG: the first two coordinates, or error against rank.",
    completion: .file())
  var plot: String?

  @Flag(name: .shortAndLong, help: "Replace existing files.")
  var force = false

  @OptionGroup var format: FormatOptions
  @OptionGroup var messages: OutputOptions

  func run() throws {
    for path in [output, coordinates, plot].compactMap({ $0 }) {
      try AtomicFile.check(path, force: force)
    }
    if let back { return try mapBack(by: back) }
    if layer == nil, Picture.recognises(file) { return try decomposePicture() }
    let source = try NamedMatrix(
      reading: file, .init(layer: layer, array: array, label: label))
    let decomposition = try MatrixDecomposition(source, isCentred: center)
    let full = decomposition.svd.singularValues.count
    let ranks = (rank?.ranks ?? []).map { min($0, full) }
    if let output { try write(decomposition, rank: ranks.first ?? full, to: output) }
    if let coordinates {
      try writeCoordinates(decomposition, rank: ranks.first ?? full, to: coordinates)
    }
    let report = DecompositionReport(decomposition, ranks: ranks)
    if let plot { try AtomicFile.write(report.svg(), to: plot, force: force) }
    report.print(format.format, to: messages.console)
  }

  private func write(_ decomposition: MatrixDecomposition, rank: Int, to path: String) throws {
    let isSingle = ["csv", "npy"].contains((path as NSString).pathExtension.lowercased())
    try MatrixFiles.write(
      isSingle
        ? [("rebuilt", decomposition.rebuilt(rank: rank))] : decomposition.arrays(rank: rank),
      to: path, force: force)
    messages.console.note(
      "wrote \(path): \(isSingle ? "the matrix rebuilt" : "factors") at rank \(rank)")
  }

  private func writeCoordinates(
    _ decomposition: MatrixDecomposition, rank: Int, to path: String
  ) throws {
    try AtomicFile.write(
      MatrixFiles.csv(decomposition.svd.coordinates(rank: rank)), to: path, force: force)
    let labels = decomposition.source.labels == nil ? "" : ", rows in the order of the labels"
    messages.console.note("wrote \(path): [\(decomposition.source.matrix.rows)×\(rank)]\(labels)")
  }

  /// Reduced coordinates become rows of the original space again.
  private func mapBack(by factors: String) throws {
    guard let output else {
      throw CommandFailure.usage("--back: give -o with the file for the rebuilt matrix")
    }
    let points = try NamedMatrix(reading: file, .init(array: array))
    let vt = try NamedMatrix(reading: factors, .init(array: "vt")).matrix
    let means = try? NamedMatrix(reading: factors, .init(array: "mean")).matrix.elements
    let width = points.matrix.columns
    guard width <= vt.rows else {
      throw CommandFailure(
        "\(file): \(width) coordinates a row, \(factors) has factors for \(vt.rows)")
    }
    let rebuilt = MatrixDecomposition.expand(
      points.matrix, vt: vt.firstRows(width), means: means)
    try MatrixFiles.write([("rebuilt", rebuilt)], to: output, force: force)
    messages.console.result(
      "wrote \(output): [\(rebuilt.rows)×\(rebuilt.columns)] from \(width) coordinates a row")
  }

  private func decomposePicture() throws {
    let decomposition = try PictureDecomposition(try Picture(reading: file))
    let report = PictureReport(
      file: file, decomposition: decomposition, ranks: rank?.ranks ?? [32, 16, 8])
    if let output {
      try AtomicFile.write(try report.sideBySide().png(), to: output, force: force)
    }
    if let plot { try AtomicFile.write(report.svg(), to: plot, force: force) }
    report.print(format.format, to: messages.console)
    if let output {
      messages.console.note("wrote \(output): the picture, then rebuilt from each rank")
    }
  }
}

/// Ranks as they are written on the command line: `2`, `32,16,8` or `1..15`.
struct RankList: ExpressibleByArgument {
  let ranks: [Int]

  init?(argument: String) {
    var ranks: [Int] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.components(separatedBy: "..").compactMap(Int.init)
      guard let first = ends.first, let last = ends.last, first >= 1, last >= first,
        last <= 1 << 20, ends.count == part.components(separatedBy: "..").count, ends.count <= 2
      else { return nil }
      ranks += Array(first...last)
    }
    self.ranks = ranks
  }
}
