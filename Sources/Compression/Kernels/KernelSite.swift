public import Models
public import Tensors

/// A kernel of a model, with what is known about its shape and its work.
public struct KernelSite: Sendable, Hashable {
  /// The layer's path and the weight's name, `conv2/kernel`.
  public let path: String
  /// The layer's path.
  public let layerPath: String
  /// The shape of the kernel that the weight stands for.
  public let shape: Shape
  /// Whether it is a matrix or a convolution kernel.
  public let structure: KernelStructure
  /// The form that the weight has now.
  public let form: Weight.Kind
  /// The ranks that the weight has now.
  public let ranks: [Int]
  /// The stored scalars now.
  public let parameterCount: Int
  /// The bytes now.
  public let byteCount: Int
  /// The type of the stored scalars.
  public let scalarType: ScalarType
  /// The layer's other parameters, such as the bias.
  public let besideCount: Int
  /// Whether the layer adds a bias after the kernel.
  public let hasBias: Bool
  /// Positions that the kernel reads in one sample, all calls together; nil if unknown.
  public let inputPositions: Int?
  /// Positions that it writes in one sample; nil if unknown.
  public let outputPositions: Int?
  /// The axes [height × width × channels] of the flattened map that a Dense kernel reads.
  public let mapShape: Shape?

  /// The rows of the kernel as a matrix: inputs, or patch values.
  public var rows: Int { shape.last > 0 ? shape.count / shape.last : 0 }
  /// The columns of the kernel as a matrix: outputs.
  public var columns: Int { shape.last }
  /// The taps of the window, 1 for a matrix.
  public var windowCount: Int {
    shape.order > 2 ? shape.extents.dropLast(2).reduce(1, *) : 1
  }
  /// The input channels of a convolution, or the inputs of a matrix.
  public var channels: Int { shape.order >= 2 ? shape[shape.order - 2] : 1 }
  /// Whether a window moves over several positions.
  public var isWindowed: Bool { windowCount > 1 }

  /// A kernel of another shape at the same place, such as the core of this one.
  func replacing(shape: Shape) -> KernelSite {
    KernelSite(
      path: path, layerPath: layerPath, shape: shape, structure: structure, form: .dense,
      ranks: [], parameterCount: shape.count, byteCount: 4 * shape.count, scalarType: .float32,
      besideCount: besideCount, hasBias: hasBias, inputPositions: inputPositions,
      outputPositions: outputPositions, mapShape: nil)
  }

  /// Multiplications of one sample in the dense form; nil if the positions are unknown.
  public var denseMultiplications: Int? { multiplications(.dense, ranks: []) }
}

extension KernelSite {
  /// The parameters of a form with given ranks.
  public func parameterCount(_ form: Weight.Kind, ranks: [Int]) -> Int {
    componentShapes(form, ranks: ranks).reduce(0) { $0 + $1.count }
  }

  /// The multiplications of one sample of a form with given ranks; nil if positions are unknown,
  /// or so many that no machine would end.
  public func multiplications(_ form: Weight.Kind, ranks: [Int]) -> Int? {
    guard let output = outputPositions else { return nil }
    switch form {
    case .dense: return KernelSite.sum([output, shape.count])
    case .lowRank: return KernelSite.sum([output, ranks[0], rows + columns])
    case .tucker2:
      guard let input = inputPositions else { return nil }
      return KernelSite.sum(
        [input, channels, ranks[0]], [output, windowCount, ranks[0], ranks[1]],
        [output, ranks[1], columns])
    case .tensorised:
      guard let map = mapShape else { return nil }
      let (a, b, last) = (ranks[0], ranks[1], ranks[ranks.count - 1])
      let p = ranks.count == 4 ? ranks[2] : map[2]
      let channel = ranks.count == 4 ? [output, a, b, map[2], p] : [0]
      return KernelSite.sum(
        [output, map[0], map[1], map[2], a], [output, a, map[1], map[2], b], channel,
        [output, last, a, b, p], [output, last, columns])
    }
  }

  /// The sum of products of counts; nil from 2⁴⁵ on, such that sums over kernels can be counted.
  private static func sum(_ products: [Int]...) -> Int? {
    var total = 0
    for factors in products {
      guard let product = Shape.elementCount(of: factors), product < 1 << 45 else { return nil }
      total += product
    }
    return total < 1 << 45 ? total : nil
  }

  /// The shapes of a form's components, in the form's order.
  func componentShapes(_ form: Weight.Kind, ranks: [Int]) -> [Shape] {
    let ones = [Int](repeating: 1, count: max(shape.order - 2, 0))
    switch form {
    case .dense: return [shape]
    case .lowRank:
      return [
        Shape(shape.extents.dropLast() + [ranks[0]]), Shape(ones + [ranks[0], columns]),
      ]
    case .tucker2:
      return [
        Shape(ones + [channels, ranks[0]]),
        Shape(shape.extents.dropLast(2) + [ranks[0], ranks[1]]),
        Shape(ones + [ranks[1], columns]),
      ]
    case .tensorised:
      guard let map = mapShape else { return [shape] }
      let p = ranks.count == 4 ? ranks[2] : map[2]
      let r = ranks[ranks.count - 1]
      let channel: [Shape] = ranks.count == 4 ? [[map[2], p]] : []
      return [[map[0], ranks[0]], [map[1], ranks[1]]] + channel
        + [[ranks[0] * ranks[1] * p, r], [r, columns]]
    }
  }

  /// The ranks that the kernel has at most in a form.
  func fullRanks(_ form: Weight.Kind) -> [Int] {
    switch form {
    case .dense: []
    case .lowRank: [min(rows, columns)]
    case .tucker2:
      [min(channels, windowCount * columns), min(columns, windowCount * channels)]
    case .tensorised:
      mapShape.map { [$0[0], $0[1], min(rows, columns)] } ?? []
    }
  }

  /// Whether a form can hold the kernel at all.
  func supports(_ form: Weight.Kind) -> Bool {
    switch form {
    case .dense: true
    // A convolution of one channel has next to nothing to share between its patches.
    case .lowRank: shape.order >= 2 && (structure == .matrix || channels > 1)
    case .tucker2: structure != .matrix && isWindowed && channels > 1
    case .tensorised: structure == .matrix && mapShape != nil
    }
  }
}
