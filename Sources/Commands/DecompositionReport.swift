import Foundation
import JSON
import LinearAlgebra
import Pipelines
import Reports

/// Prints a matrix taken apart.
struct DecompositionReport {
  let decomposition: MatrixDecomposition
  let ranks: [Int]
  /// Matrices up to this many rows and columns are printed whole.
  private static let printedLimit = 12

  init(_ decomposition: MatrixDecomposition, ranks: [Int]) {
    self.decomposition = decomposition
    self.ranks = ranks
  }

  func print(_ format: Table.Format, to console: Console) {
    switch format {
    case .json: console.result(json: json)
    case .csv: console.result(table, as: .csv)
    case .table, .markdown:
      console.result(headline)
      console.result()
      console.result(table, as: format)
      lines.forEach { console.result($0) }
    }
  }

  private var matrix: DoubleMatrix { decomposition.source.matrix }
  private var svd: FullSVD { decomposition.svd }

  private var headline: String {
    "\(decomposition.source.name): [\(matrix.rows)×\(matrix.columns)], numerical rank "
      + "\(decomposition.numericalRank)"
      + (decomposition.means == nil ? "" : ", column means taken away")
  }

  /// All ranks where there are few, else the asked ones and a doubling series.
  private var shownRanks: [Int] {
    let full = svd.singularValues.count
    guard full > 16 else { return Array(1...max(full, 1)) }
    var shown = Set(ranks)
    var rank = 1
    while rank < full {
      shown.insert(rank)
      rank *= 2
    }
    return (shown.union([full])).sorted()
  }

  private var table: Table {
    let size = matrix.rows * matrix.columns
    return Table(
      columns: [
        Table.Column("rank"), Table.Column("σ", key: "singular_value"),
        Table.Column("energy kept", key: "energy"),
        Table.Column("squared error", key: "squared_error"),
        Table.Column("relative error", key: "relative_error"),
        Table.Column("scalars"), Table.Column("of the matrix", key: "share"),
      ],
      rows: shownRanks.map { rank in
        let result = decomposition.approximation(rank: rank)
        return [
          .integer(rank), .number(svd.singularValues[rank - 1], digits: 5),
          .share(result.energy, decimals: 2), .number(result.squaredError, digits: 7),
          .number(result.relativeError, digits: 4), .integer(result.scalarCount),
          .share(Double(result.scalarCount) / Double(max(size, 1))),
        ]
      })
  }

  private var lines: [String] {
    var lines: [String] = []
    func show(_ title: String, _ matrix: DoubleMatrix) {
      guard max(matrix.rows, matrix.columns) <= DecompositionReport.printedLimit else { return }
      lines += ["", title]
      for row in 0..<matrix.rows {
        let values = (0..<matrix.columns).map { column -> String in
          let text = Units.fixed(matrix[row, column], decimals: 2)
          return String(repeating: " ", count: max(0, 7 - text.count)) + text
        }
        lines.append(values.joined())
      }
    }
    if matrix.rows <= DecompositionReport.printedLimit {
      show("U", svd.completedU())
      show("Vᵀ", svd.vt)
    }
    for rank in ranks {
      show("rebuilt at rank \(rank)", decomposition.rebuilt(rank: rank))
      show("coordinates U·D at rank \(rank)", svd.coordinates(rank: rank))
    }
    for (rank, separability) in separabilities {
      lines += rank == separabilities.first?.rank ? [""] : []
      lines.append(
        "\(rank.map { "\($0) coordinates" } ?? "all columns"): nearest neighbour of the same class "
          + "for \(Units.percent(separability.neighbourShare)), silhouette "
          + Units.fixed(separability.silhouette, decimals: 3))
    }
    return lines
  }

  /// How classes keep apart in each asked number of coordinates, and in the whole matrix (nil).
  private var separabilities: [(rank: Int?, value: Separability)] {
    guard let labels = decomposition.source.labels else { return [] }
    return ranks.map { ($0, Separability(svd.coordinates(rank: $0), labels: labels)) }
      + [(nil, Separability(matrix, labels: labels))]
  }

  private var json: JSONValue {
    func rows(_ matrix: DoubleMatrix) -> JSONValue {
      .array(
        (0..<matrix.rows).map { row in
          .array((0..<matrix.columns).map { .number(matrix[row, $0]) })
        })
    }
    var object: JSONObject = [
      "version": 1, "matrix": .string(decomposition.source.name),
      "rows": .integer(matrix.rows), "columns": .integer(matrix.columns),
      "numerical_rank": .integer(decomposition.numericalRank),
      "singular_values": .array(svd.singularValues.map { .number($0) }), "ranks": table.jsonRows,
    ]
    if matrix.rows <= 64, matrix.columns <= 64 {
      object["u"] = rows(svd.completedU())
      object["vt"] = rows(svd.vt)
    }
    object["rebuilt"] = .array(
      ranks.map { rank in
        var entry: JSONObject = ["rank": .integer(rank)]
        if matrix.rows * matrix.columns <= 4096 {
          entry["matrix"] = rows(decomposition.rebuilt(rank: rank))
          entry["coordinates"] = rows(svd.coordinates(rank: rank))
        }
        return .object(entry)
      })
    if !separabilities.isEmpty {
      object["separability"] = .array(
        separabilities.map { rank, value in
          .object([
            "coordinates": rank.map { .integer($0) } ?? .null,
            "neighbour_share": .number(value.neighbourShare),
            "silhouette": .number(value.silhouette),
          ])
        })
    }
    return .object(object)
  }

  /// Labelled rows as points of the first two coordinates; other matrices as error against rank.
  func svg() -> String {
    if let labels = decomposition.source.labels, svd.singularValues.count >= 2 {
      return scatter(labels)
    }
    return LinePlot(
      title: "Error of the best approximation", xTitle: "rank", yTitle: "relative error",
      series: [
        .init(
          name: decomposition.source.name,
          points: (1...max(svd.singularValues.count, 1)).map {
            .init(x: Double($0), y: decomposition.approximation(rank: $0).relativeError)
          })
      ]
    ).svg()
  }

  private func scatter(_ labels: [Int]) -> String {
    let points = svd.coordinates(rank: 2)
    let series = Set(labels).sorted().map { label -> LinePlot.Series in
      let names = decomposition.source.classNames ?? []
      return LinePlot.Series(
        name: label < names.count ? names[label] : String(label),
        points: labels.indices.filter { labels[$0] == label }.map {
          .init(x: points[$0, 0], y: points[$0, 1])
        }, isJoined: false)
    }
    return LinePlot(
      title: "Rows in two coordinates U·D", xTitle: "first coordinate",
      yTitle: "second coordinate", series: series
    ).svg()
  }
}

/// Prints a picture rebuilt from leading singular values.
struct PictureReport {
  let file: String
  let decomposition: PictureDecomposition
  let ranks: [Int]

  /// The picture, then one rebuilt picture for each rank.
  func sideBySide() -> Picture {
    Picture.beside([decomposition.picture] + ranks.map { decomposition.rebuilt(rank: $0) })
  }

  func print(_ format: Table.Format, to console: Console) {
    switch format {
    case .json:
      console.result(
        json: .object([
          "version": 1, "picture": .string(file),
          "width": .integer(decomposition.picture.width),
          "height": .integer(decomposition.picture.height),
          "channels": .integer(decomposition.picture.channels), "ranks": table.jsonRows,
        ]))
    case .csv: console.result(table, as: .csv)
    case .table, .markdown:
      let picture = decomposition.picture
      console.result(
        "\(file): \(picture.width)×\(picture.height), \(picture.channels) channels, "
          + "\(Units.bytes(picture.pixels.count)) of pixels")
      console.result()
      console.result(table, as: format)
    }
  }

  private var table: Table {
    let picture = decomposition.picture
    return Table(
      columns: [
        Table.Column("rank"), Table.Column("relative error", key: "relative_error"),
        Table.Column("PSNR in dB", key: "psnr"), Table.Column("scalars"),
        Table.Column("of the pixels", key: "share"),
        Table.Column("as float32", key: "bytes_float32"),
      ],
      rows: ranks.map { rank in
        let rank = min(rank, decomposition.fullRank)
        let scalars = decomposition.scalarCount(rank: rank)
        let psnr = decomposition.rebuilt(rank: rank).psnr(against: picture)
        return [
          .integer(rank), .number(decomposition.relativeError(rank: rank)),
          psnr.isFinite ? .number(psnr, digits: 4) : .text("∞"), .integer(scalars),
          .share(Double(scalars) / Double(picture.pixels.count)), .bytes(4 * scalars),
        ]
      })
  }

  func svg() -> String {
    var rank = 1
    var points: [LinePlot.Series.Point] = []
    while rank <= decomposition.fullRank {
      let psnr = decomposition.rebuilt(rank: rank).psnr(against: decomposition.picture)
      if psnr.isFinite { points.append(.init(x: Double(rank), y: psnr)) }
      rank = max(rank + 1, rank * 5 / 4)
    }
    return LinePlot(
      title: "Fidelity of a picture rebuilt from k singular values a channel", xTitle: "k",
      yTitle: "PSNR in dB", series: [.init(name: "PSNR", points: points)], xIsLogarithmic: true
    ).svg()
  }
}
