public import Datasets
import LinearAlgebra
import Tensors

/// Images of a few classes at falling rank, to look at.
public struct ExampleImages: Sendable {
  private let pictures: [PictureDecomposition]
  private let ranks: [Int]
  /// Pixels are shown this many times larger.
  private let zoom: Int

  /// The ranks from left to right, after the image itself.
  public var ranksText: String { ranks.map(String.init).joined(separator: ", ") }

  /// Takes the first image of each of the first classes.
  /// - Throws: `PipelineError` unless the data are images of bytes; what reading throws.
  public init(_ dataset: Dataset, largestRank: Int, classCount: Int = 3) throws {
    let shape = dataset.inputShape
    let channels = shape.order == 3 ? shape[2] : 1
    guard [2, 3].contains(shape.order), channels == 1 || channels == 3 else {
      throw PipelineError(
        place: dataset.name, reason: "examples are drawn of grey or RGB images, found [\(shape)]")
    }
    let labels = dataset.labels ?? Array(repeating: 0, count: dataset.count)
    let rows = Set(labels).sorted().prefix(classCount).compactMap { label in
      labels.firstIndex(of: label)
    }
    let largest = dataset.suggestedScaling.map { 1 / $0.scale } ?? 255
    pictures = try rows.map { row in
      let values = try dataset.batch([row]).inputs.elements
      return try PictureDecomposition(
        Picture(
          width: shape[1], height: shape[0], channels: channels,
          pixels: values.map { UInt8(min(max($0 / largest * 255, 0), 255).rounded()) }))
    }
    var ranks: [Int] = []
    var rank = min(largestRank, min(shape[0], shape[1]))
    while rank >= 1 {
      ranks.append(rank)
      rank /= 2
    }
    self.ranks = ranks
    zoom = max(1, 96 / max(shape[1], 1))
  }

  /// One row an image: the image itself, then each rank.
  public func picture() -> Picture {
    Picture.below(
      pictures.map { item in
        Picture.beside(
          ([item.picture] + ranks.map { item.rebuilt(rank: $0) }).map { $0.enlarged(zoom) })
      })
  }
}

extension Picture {
  /// Every pixel as a square of `factor` pixels.
  func enlarged(_ factor: Int) -> Picture {
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count * factor * factor)
    for row in 0..<height {
      var line: [UInt8] = []
      for column in 0..<width {
        let start = (row * width + column) * channels
        for _ in 0..<factor { line += pixels[start..<start + channels] }
      }
      for _ in 0..<factor { result += line }
    }
    return Picture(
      width: width * factor, height: height * factor, channels: channels, pixels: result)
  }
}
