import Datasets
import Foundation
import LinearAlgebra

/// A picture of bytes, grey or RGB, [height × width × channels].
public struct Picture: Sendable, Hashable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 (grey) or 3 (RGB).
  public let channels: Int
  /// The values, row by row, channels interleaved.
  public let pixels: [UInt8]

  /// Makes a picture; `pixels` has one byte a value.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * channels, "one byte a value")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// Whether a file begins like a PNG or JPEG picture.
  public static func recognises(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    let prefix = [UInt8]((try? handle.read(upToCount: 4)) ?? Data())
    return prefix.starts(with: [0x89, 0x50, 0x4E, 0x47]) || prefix.starts(with: [0xFF, 0xD8, 0xFF])
  }

  /// Reads a PNG or JPEG picture.
  /// - Throws: `DatasetError` with the decoder's reason; what opening the file throws.
  public init(reading path: String) throws {
    guard ImageCodec.isAvailable else {
      throw PipelineError(
        place: path,
        reason: "this build cannot read pictures; build it with 'swift build --traits Images'")
    }
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let size = try ImageCodec.size(of: bytes, place: path)
    let channels = size.isColour ? 3 : 1
    self.init(
      width: size.width, height: size.height, channels: channels,
      pixels: try ImageCodec.decode(bytes, size: size, channels: channels, place: path))
  }

  /// One channel as a matrix [height × width].
  func channel(_ index: Int) -> DoubleMatrix {
    DoubleMatrix(
      rows: height, columns: width,
      elements: stride(from: index, to: pixels.count, by: channels).map { Double(pixels[$0]) })
  }

  /// The picture as PNG.
  /// - Throws: `PipelineError` where the build cannot write pictures.
  public func png() throws -> [UInt8] {
    guard
      let bytes = ImageCodec.png(pixels, width: width, height: height, channels: channels)
    else {
      throw PipelineError(place: "picture", reason: "this build cannot write PNG files")
    }
    return bytes
  }

  /// Pictures of one height beside each other, with white gaps.
  public static func beside(_ pictures: [Picture], gap: Int = 4) -> Picture {
    let height = pictures.map(\.height).max() ?? 0
    let channels = pictures.map(\.channels).max() ?? 1
    let width = pictures.reduce(0) { $0 + $1.width } + gap * max(pictures.count - 1, 0)
    var pixels = [UInt8](repeating: 255, count: width * height * channels)
    var left = 0
    for picture in pictures {
      for row in 0..<picture.height {
        for column in 0..<picture.width {
          for channel in 0..<channels {
            let source = picture.channels == 1 ? 0 : channel
            pixels[(row * width + left + column) * channels + channel] =
              picture.pixels[(row * picture.width + column) * picture.channels + source]
          }
        }
      }
      left += picture.width + gap
    }
    return Picture(width: width, height: height, channels: channels, pixels: pixels)
  }

  /// Pictures of one width below each other, with white gaps.
  public static func below(_ pictures: [Picture], gap: Int = 4) -> Picture {
    let turned = pictures.map(\.transposed)
    return beside(turned, gap: gap).transposed
  }

  private var transposed: Picture {
    var result = [UInt8](repeating: 0, count: pixels.count)
    for row in 0..<height {
      for column in 0..<width {
        for channel in 0..<channels {
          result[(column * height + row) * channels + channel] =
            pixels[(row * width + column) * channels + channel]
        }
      }
    }
    return Picture(width: height, height: width, channels: channels, pixels: result)
  }

  /// Peak signal-to-noise ratio against another picture of the same size, in dB; ∞ where equal.
  public func psnr(against other: Picture) -> Double {
    precondition(pixels.count == other.pixels.count, "pictures of one size")
    var squares = 0.0
    for (a, b) in zip(pixels, other.pixels) {
      let gap = Double(a) - Double(b)
      squares += gap * gap
    }
    let mean = squares / Double(max(pixels.count, 1))
    return mean > 0 ? 10 * log10(255 * 255 / mean) : .infinity
  }
}

/// A picture rebuilt channel by channel from its leading singular values.
public struct PictureDecomposition: Sendable {
  /// The picture.
  public let picture: Picture
  private let channels: [FullSVD]

  /// Decomposes every channel.
  /// - Throws: `LinearAlgebraError`.
  public init(_ picture: Picture) throws {
    self.picture = picture
    channels = try (0..<picture.channels).map { try FullSVD(of: picture.channel($0)) }
  }

  /// The largest rank of a channel.
  public var fullRank: Int { min(picture.width, picture.height) }

  /// The picture rebuilt from `rank` values a channel, rounded and clamped to bytes.
  public func rebuilt(rank: Int) -> Picture {
    let matrices = channels.map { $0.reconstructed(rank: min(rank, fullRank)) }
    var pixels = [UInt8](repeating: 0, count: picture.pixels.count)
    for (channel, matrix) in matrices.enumerated() {
      for (index, value) in matrix.elements.enumerated() {
        pixels[index * picture.channels + channel] = UInt8(min(max(value, 0), 255).rounded())
      }
    }
    return Picture(
      width: picture.width, height: picture.height, channels: picture.channels, pixels: pixels)
  }

  /// ‖A − A_k‖_F ÷ ‖A‖_F over all channels, before rounding to bytes.
  public func relativeError(rank: Int) -> Double {
    let total = channels.reduce(0) { $0 + $1.squaredError(rank: 0) }
    let error = channels.reduce(0) { $0 + $1.squaredError(rank: rank) }
    return total > 0 ? (error / total).squareRoot() : 0
  }

  /// The scalars of the two factors of every channel.
  public func scalarCount(rank: Int) -> Int {
    (picture.width + picture.height) * rank * picture.channels
  }
}
