public import Tensors

/// Which statistic a pooling window returns.
public enum PoolingKind: String, Sendable, Hashable, CaseIterable {
  case max, average
}

/// How several tensors of one shape are combined.
public enum ElementwiseKind: String, Sendable, Hashable, CaseIterable {
  case add, subtract, multiply, average, maximum, minimum
}

/// How an image is enlarged.
public enum Interpolation: String, Sendable, Hashable, CaseIterable {
  case nearest, bilinear
}

/// The entries before and after an axis that padding adds or cropping removes.
public struct AxisMargin: Sendable, Hashable {
  /// At the start of the axis.
  public let before: Int
  /// At its end.
  public let after: Int

  /// Makes a margin.
  public init(before: Int, after: Int) {
    self.before = before
    self.after = after
  }
}

/// One primitive step of a program.
///
/// Shapes are per sample: the batch axis is never written.
///
/// Images are height × width × channels; one-dimensional layers are lowered to height 1.
public enum Operation: Sendable, Hashable {
  /// y = x · w over the last axis; w [inputs × outputs]. On images, a 1×1 convolution.
  case matmul(ParameterID)
  /// Contracts axis `axis` of x with w [extent × r].
  case modeProduct(ParameterID, axis: Int)
  /// Cross-correlation with a kernel [height × width × inputs ÷ groups × outputs].
  case conv2D(ParameterID, Conv2DGeometry)
  /// One filter bank per channel: kernel [height × width × inputs × multiplier], result channel
  /// c · multiplier + m.
  case depthwiseConv2D(ParameterID, Conv2DGeometry)
  /// The gradient of a convolution with respect to its image; kernel [height × width × outputs ×
  /// inputs]. Result extent: (n − 1)·s + (k − 1)·d + 1 − padding + outputPadding.
  case convTranspose2D(ParameterID, Conv2DGeometry, outputPadding: Extent2D)
  /// x + b over the last axis.
  case addBias(ParameterID)
  /// x · s over the last axis.
  case scale(ParameterID)
  /// (x − mean) ÷ √(variance + ε) · γ + β over the last axis. In training the batch's own
  /// statistics are used and the running ones move: new = momentum · old + (1 − momentum) · batch;
  /// with a momentum of nil, or γ and β that are not trained, the running ones serve there too.
  case batchNorm(
    gamma: ParameterID?, beta: ParameterID?, mean: ParameterID, variance: ParameterID,
    epsilon: Float, momentum: Float?)
  /// Normalises each sample over its last `axisCount` axes; γ and β have those axes' shape.
  case layerNorm(gamma: ParameterID?, beta: ParameterID?, epsilon: Float, axisCount: Int)
  /// Normalises each sample over positions and the channels of a group; γ and β are per channel.
  case groupNorm(gamma: ParameterID?, beta: ParameterID?, epsilon: Float, groups: Int)
  /// An activation function.
  case activation(ActivationFunction)
  /// x where x > 0, else α · x; α has x's shape, or 1 along shared axes.
  case prelu(ParameterID)
  /// A pooling window; an average counts only positions inside the image.
  case pool2D(PoolingKind, Pool2DGeometry)
  /// Pools over every axis but the last; `keepsAxes` leaves extents of 1.
  case globalPool(PoolingKind, keepsAxes: Bool)
  /// Combines operands elementwise; an extent of 1 is repeated along its axis.
  case elementwise(ElementwiseKind)
  /// Joins operands along an axis.
  case concatenate(axis: Int)
  /// Adds entries of one value around every axis.
  case pad(amounts: [AxisMargin], value: Float)
  /// Removes entries at both ends of every axis.
  case crop(amounts: [AxisMargin])
  /// Enlarges an image by whole factors; bilinear with half-pixel centres.
  case upsample(heightFactor: Int, widthFactor: Int, Interpolation)
  /// Repeats the whole sample along a new first axis.
  case repeatVector(Int)
  /// The same elements under another shape.
  case reshape(Shape)
  /// Axis i of the result is axis permutation[i] of x.
  case transpose([Int])
  /// x · scale + offset over the last axis; lists of one value, or of one per entry.
  case affine(scale: [Float], offset: [Float])
  /// Rows of a table [entries × width], looked up by x's values.
  case embedding(ParameterID)
  /// In training, zeroes elements with probability `rate` and scales the others by 1 ÷ (1 − rate).
  case dropout(rate: Float)
  /// Picks entries of the last axis, in the order given.
  case selectLast([Int])
  /// x ÷ √max(Σ x², 1e-12) over the last axis.
  case l2Normalize
}

extension Operation {
  /// The parameters that the operation reads.
  public var parameters: [ParameterID] {
    switch self {
    case .matmul(let id), .modeProduct(let id, _), .conv2D(let id, _), .depthwiseConv2D(let id, _),
      .convTranspose2D(let id, _, _), .addBias(let id), .scale(let id), .prelu(let id),
      .embedding(let id):
      [id]
    case .batchNorm(let gamma, let beta, let mean, let variance, _, _):
      [gamma, beta, mean, variance].compactMap { $0 }
    case .layerNorm(let gamma, let beta, _, _), .groupNorm(let gamma, let beta, _, _):
      [gamma, beta].compactMap { $0 }
    case .activation, .pool2D, .globalPool, .elementwise, .concatenate, .pad, .crop, .upsample,
      .repeatVector, .reshape, .transpose, .affine, .dropout, .selectLast, .l2Normalize:
      []
    }
  }

  /// The operation's name in messages and listings.
  public var name: String {
    switch self {
    case .matmul: "matmul"
    case .modeProduct: "mode-product"
    case .conv2D: "conv2d"
    case .depthwiseConv2D: "depthwise-conv2d"
    case .convTranspose2D: "conv-transpose2d"
    case .addBias: "add-bias"
    case .scale: "scale"
    case .batchNorm: "batch-norm"
    case .layerNorm: "layer-norm"
    case .groupNorm: "group-norm"
    case .activation: "activation"
    case .prelu: "prelu"
    case .pool2D(let kind, _): "\(kind.rawValue)-pool2d"
    case .globalPool(let kind, _): "global-\(kind.rawValue)-pool"
    case .elementwise(let kind): kind.rawValue
    case .concatenate: "concatenate"
    case .pad: "pad"
    case .crop: "crop"
    case .upsample: "upsample"
    case .repeatVector: "repeat-vector"
    case .reshape: "reshape"
    case .transpose: "transpose"
    case .affine: "affine"
    case .embedding: "embedding"
    case .dropout: "dropout"
    case .selectLast: "select-last"
    case .l2Normalize: "l2-normalize"
    }
  }
}
