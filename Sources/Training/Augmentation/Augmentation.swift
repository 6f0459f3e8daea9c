import Tensors

/// Random changes of images while training: shifts and mirroring.
public struct Augmentation: Sendable, Hashable {
  /// The most pixels by which an image moves along each axis; what enters is zero.
  ///
  /// Padding by this many pixels and cropping at random is the same thing.
  public var shift: Int
  /// Whether half of the images are mirrored left to right.
  public var flips: Bool

  /// Makes an augmentation; nothing is changed by default.
  public init(shift: Int = 0, flips: Bool = false) {
    self.shift = shift
    self.flips = flips
  }

  /// Whether anything is changed.
  public var isActive: Bool { shift > 0 || flips }

  /// Changes one image [height × width × channels] in place.
  func apply(
    to image: inout MutableSpan<Float>, shape: Shape, scratch: inout [Float],
    generator: inout SeededGenerator
  ) {
    guard isActive, shape.order >= 2 else { return }
    let height = shape[0]
    let width = shape[1]
    let channels = shape.order > 2 ? shape[2] : 1
    let down = shift > 0 ? Int.random(in: -shift...shift, using: &generator) : 0
    let right = shift > 0 ? Int.random(in: -shift...shift, using: &generator) : 0
    let mirrored = flips && Bool.random(using: &generator)
    if down == 0, right == 0, !mirrored { return }
    let count = height * width * channels
    for index in 0..<count { scratch[index] = image[index] }
    for y in 0..<height {
      for x in 0..<width {
        let target = (y * width + x) * channels
        let sourceY = y - down
        let shifted = x - right
        let sourceX = mirrored ? width - 1 - shifted : shifted
        let isInside = sourceY >= 0 && sourceY < height && sourceX >= 0 && sourceX < width
        let source = isInside ? (sourceY * width + sourceX) * channels : 0
        for channel in 0..<channels {
          image[target + channel] = isInside ? scratch[source + channel] : 0
        }
      }
    }
  }
}
