import Programs
import Tensors

/// A program as the C file runs it: steps over values in one arena, and the constants they read.
///
/// Structure only: it follows from the headers of a model's file, so that flash and RAM can be told
/// without reading weights.
struct DeviceProgram {
  /// Where a value lies.
  enum Place: Hashable {
    /// The caller's input, never written.
    case input(Int)
    /// The caller's output.
    case output(Int)
    /// Bytes from this one on of the arena.
    case arena(Int)
  }

  /// One value.
  struct Value: Hashable {
    var shape: Shape
    /// Whether it is int8 with a scale and a zero point, else float.
    var isQuantized: Bool
    /// The program's value whose range decides the scale.
    var source: ValueID
    var place: Place = .arena(0)

    var byteCount: Int { shape.count * (isQuantized ? 1 : 4) }
  }

  /// One call of a C function.
  struct Step: Hashable {
    var operation: DeviceOperation
    /// The path of what was lowered.
    var origin: String
    /// Indices into `values`.
    var operands: [Int]
    var result: Int
    /// Multiplications by kernels.
    var multiplications: Int
  }

  var program: Program
  var values: [Value] = []
  var steps: [Step] = []
  var arrays: [DeviceArray] = []
  var windows: [DeviceWindow] = []
  var boxes: [DeviceBox] = []
  /// The bytes of the arena.
  var arenaByteCount = 0
  /// Whether activations are int8 where that is possible.
  var isQuantized: Bool
  /// For each program value that is part of a group of one scale, the group's first value.
  var scaleGroups: [ValueID: ValueID] = [:]
  /// Program values that keep a scale per channel: each lies between two products.
  var channelScaled: Set<ValueID> = []

  /// The scale group of a value.
  func scaleGroup(of value: ValueID) -> ValueID {
    var root = value
    while let next = scaleGroups[root], next != root { root = next }
    return root
  }

  /// Multiplications of one prediction.
  var multiplications: Int { steps.reduce(0) { $0 + $1.multiplications } }
}

/// What one step does.
enum DeviceOperation: Hashable {
  /// y = x · w + b for each of `rows` rows.
  case dense(DeviceProduct, rows: Int)
  /// A convolution, in groups.
  case convolution(DeviceProduct, window: Int, groups: Int)
  /// One filter bank per channel.
  case depthwise(DeviceProduct, window: Int)
  /// The gradient of a convolution with respect to its image.
  case transposed(DeviceProduct, window: Int)
  /// Contracts the middle one of three axes.
  case modeProduct(DeviceProduct, before: Int, after: Int)
  /// y = x · scale + shift over the last axis, in place.
  case channels(rows: Int, count: Int, scale: Int?, shift: Int?)
  /// An elementwise function, in place.
  case activation(ActivationFunction)
  /// An elementwise function of int8 by a table of 256 results, in place.
  case lookup(ActivationFunction, table: Int)
  /// Softmax or its logarithm over rows, in place.
  case rowwise(ActivationFunction, rows: Int, width: Int)
  /// x where x > 0, else α · x, in place; α repeats every `period` elements.
  case prelu(alpha: Int, period: Int)
  /// A pooling window.
  case pool(PoolingKind, window: Int)
  /// y = y ∘ x elementwise, operand 0 in place; `divisor` is that of an average.
  case combine(ElementwiseKind, divisor: Int)
  /// Moves elements; the rest of the result is `background`.
  case copy(box: Int, background: Float?)
  /// Copies the last axis' chosen entries.
  case select(rows: Int, width: Int, indices: Int, count: Int)
  /// Layer normalisation over the last `width` elements, in place.
  case layerNorm(rows: Int, width: Int, epsilon: Float, gamma: Int?, beta: Int?)
  /// Group normalisation over positions and the channels of a group, in place.
  case groupNorm(
    positions: Int, channels: Int, groups: Int, epsilon: Float, gamma: Int?, beta: Int?)
  /// x ÷ √max(Σ x², 1e-12) over rows, in place.
  case l2Normalize(rows: Int, width: Int)
  /// float → int8.
  case quantize
  /// int8 → float.
  case dequantize
}

/// The constants of a product.
struct DeviceProduct: Hashable {
  /// The index of the weights' array.
  var weights: Int
  var storage: WeightStorage
  var inputs: Int
  var outputs: Int
  /// The array added in float, or the shift of int8 products; nil adds nothing.
  var shift: Int?
  /// The array that int32 sums are multiplied by; nil in float.
  var scale: Int?
}

/// A window over an image: a convolution's or a pool's.
struct DeviceWindow: Hashable {
  var imageHeight: Int
  var imageWidth: Int
  var channels: Int
  var height: Int
  var width: Int
  var filters: Int
  var kernelHeight: Int
  var kernelWidth: Int
  var strideY: Int
  var strideX: Int
  var dilationY: Int
  var dilationX: Int
  var top: Int
  var left: Int

  /// The fields in the order of the C struct.
  var fields: [Int] {
    [
      imageHeight, imageWidth, channels, height, width, filters, kernelHeight, kernelWidth,
      strideY, strideX, dilationY, dilationX, top, left,
    ]
  }
}

/// Elements moved from one strided box to another, of up to five axes.
struct DeviceBox: Hashable {
  static let axes = 5
  var extents: [Int]
  var sourceStrides: [Int]
  var targetStrides: [Int]
  var sourceStart = 0
  var targetStart = 0

  /// The same movement with as few axes as it takes, padded to five; nil if they are more.
  var normalized: DeviceBox? {
    var axes: [(extent: Int, source: Int, target: Int)] = []
    for index in extents.indices where extents[index] != 1 {
      let axis = (extents[index], sourceStrides[index], targetStrides[index])
      if let last = axes.last, last.source == axis.0 * axis.1, last.target == axis.0 * axis.2 {
        axes[axes.count - 1] = (last.extent * axis.0, axis.1, axis.2)
      } else {
        axes.append(axis)
      }
    }
    guard axes.count <= DeviceBox.axes else { return nil }
    while axes.count < DeviceBox.axes { axes.insert((1, 0, 0), at: 0) }
    return DeviceBox(
      extents: axes.map(\.extent), sourceStrides: axes.map(\.source),
      targetStrides: axes.map(\.target), sourceStart: sourceStart, targetStart: targetStart)
  }
}

/// One constant array of the C file and how its values follow from the model's tensors.
struct DeviceArray: Hashable {
  /// The type of its elements.
  enum Element: Hashable {
    case weight(WeightStorage)
    case float32
    case index
    case code
  }

  /// Where its values come from.
  enum Content: Hashable {
    /// A kernel [rows × columns] of each group in panels of columns.
    case panels(ParameterID, rows: Int, columns: Int, groups: Int, ChannelMap)
    /// A tensor in its own order; the map's scale is taken into the last `map.channels` entries.
    case plain(ParameterID, ChannelMap)
    /// The shift of a map.
    case shift(ChannelMap)
    /// The scale of a map, times the int8 scales of a weight array.
    case scale(ChannelMap, weights: Int?)
    /// The scale of an int8 product: input scale · weight scale · map ÷ result scale.
    case productScale(ChannelMap, weights: Int, operand: Int, result: Int)
    /// The shift of an int8 product: the map's, in units of the result, plus its zero point.
    case productShift(ChannelMap, result: Int)
    /// Scale and shift of a standalone map over int8.
    case codeScale(ChannelMap, operand: Int, result: Int)
    case codeShift(ChannelMap, operand: Int, result: Int)
    /// A parameter's values.
    case values(ParameterID)
    /// Numbers known already.
    case integers([Int])
    /// A function of int8 codes.
    case table(ActivationFunction, operand: Int, result: Int)
  }

  var name: String
  var element: Element
  var count: Int
  var content: Content
  /// For int8 weights: the program's value whose channel scales multiply the kernel's rows.
  var rowScales: ValueID?

  var byteCount: Int {
    switch element {
    case .weight(let storage): count * storage.byteCount
    case .float32, .index: count * 4
    case .code: count
    }
  }
}
