import Programs
import Tensors

private func p(_ index: Int) -> ParameterID { ParameterID(rawValue: index) }
private func e(_ height: Int, _ width: Int) -> Extent2D { Extent2D(height: height, width: width) }
private func pad(_ top: Int, _ left: Int, _ bottom: Int, _ right: Int) -> Padding2D {
  Padding2D(top: top, left: left, bottom: bottom, right: right)
}

extension OperationCase {
  static let all =
    products + convolutions + poolings + normalisations + activations + merges + arrangements

  static let products: [OperationCase] = [
    OperationCase("matmul", [[7]], [[7, 5]], .matmul(p(0))),
    OperationCase("matmul of rows", [[3, 4, 7]], [[7, 5]], .matmul(p(0))),
    OperationCase("mode product 0", [[5, 4, 3]], [[5, 2]], .modeProduct(p(0), axis: 0)),
    OperationCase("mode product 1", [[5, 4, 3]], [[4, 6]], .modeProduct(p(0), axis: 1)),
    OperationCase(
      "mode product, large", [[45, 40]], [[45, 50]], .modeProduct(p(0), axis: 0), probes: 3),
    OperationCase("mode product, wide", [[5, 37]], [[5, 6]], .modeProduct(p(0), axis: 0)),
    OperationCase("mode product 2", [[5, 4, 3]], [[3, 2]], .modeProduct(p(0), axis: 2)),
  ]

  static let convolutions: [OperationCase] = [
    OperationCase(
      "conv 3×3 same, 16 to 17 channels", [[5, 6, 16]], [[3, 3, 16, 17]],
      .conv2D(p(0), Conv2DGeometry(padding: pad(1, 1, 1, 1))), probes: 11),
    OperationCase(
      "conv 3×3 valid, 19 to 16 channels", [[8, 7, 19]], [[3, 3, 19, 16]],
      .conv2D(p(0), Conv2DGeometry()), probes: 11),
    OperationCase(
      "conv 3×3, unevenly padded, 16 to 66 channels", [[4, 4, 16]], [[3, 3, 16, 66]],
      .conv2D(p(0), Conv2DGeometry(padding: pad(0, 2, 1, 3))), probes: 7),
    OperationCase("conv 3×3 valid", [[6, 5, 3]], [[3, 3, 3, 4]], .conv2D(p(0), Conv2DGeometry())),
    OperationCase("conv 1×1", [[4, 5, 3]], [[1, 1, 3, 4]], .conv2D(p(0), Conv2DGeometry())),
    OperationCase(
      "conv 1×1 strided", [[5, 4, 3]], [[1, 1, 3, 4]],
      .conv2D(p(0), Conv2DGeometry(strides: e(2, 2)))),
    OperationCase(
      "conv same", [[6, 7, 2]], [[3, 4, 2, 3]],
      .conv2D(p(0), Conv2DGeometry(padding: pad(1, 1, 1, 2)))),
    OperationCase(
      "conv strided same", [[7, 6, 2]], [[3, 3, 2, 5]],
      .conv2D(p(0), Conv2DGeometry(strides: e(2, 3), padding: pad(1, 0, 1, 1)))),
    OperationCase(
      "conv dilated", [[8, 9, 2]], [[3, 2, 2, 3]],
      .conv2D(p(0), Conv2DGeometry(dilation: e(2, 3), padding: pad(2, 1, 2, 2)))),
    OperationCase(
      "conv strided and dilated", [[9, 9, 2]], [[2, 3, 2, 3]],
      .conv2D(
        p(0), Conv2DGeometry(strides: e(2, 2), dilation: e(3, 2), padding: pad(0, 3, 2, 1)))),
    OperationCase(
      "conv in groups", [[5, 6, 6]], [[3, 3, 2, 6]],
      .conv2D(p(0), Conv2DGeometry(padding: pad(1, 1, 1, 1), groups: 3))),
    OperationCase(
      "conv beyond its padding", [[4, 4, 2]], [[2, 2, 2, 3]],
      .conv2D(p(0), Conv2DGeometry(padding: pad(3, 2, 1, 3)))),
    OperationCase(
      "conv of one channel", [[6, 7, 1]], [[3, 3, 1, 4]],
      .conv2D(p(0), Conv2DGeometry(padding: pad(1, 1, 1, 1)))),
    OperationCase(
      "conv of eight channels", [[5, 7, 8]], [[3, 3, 8, 3]],
      .conv2D(p(0), Conv2DGeometry(strides: e(2, 2), padding: pad(1, 0, 1, 1)))),
    OperationCase(
      "conv by lines", [[6, 5, 16]], [[3, 3, 16, 4]],
      .conv2D(p(0), Conv2DGeometry(padding: pad(1, 1, 1, 1)))),
    OperationCase(
      "conv by lines, strided and dilated", [[7, 8, 24]], [[3, 2, 24, 3]],
      .conv2D(
        p(0), Conv2DGeometry(strides: e(1, 2), dilation: e(2, 3), padding: pad(3, 1, 0, 2)))),
    OperationCase(
      "conv by lines, in groups", [[5, 6, 32]], [[2, 3, 16, 6]],
      .conv2D(p(0), Conv2DGeometry(padding: pad(1, 0, 0, 1), groups: 2))),
    OperationCase(
      "conv of one row", [[1, 9, 3]], [[1, 4, 3, 5]],
      .conv2D(p(0), Conv2DGeometry(strides: e(1, 2)))),
    OperationCase(
      "depthwise", [[5, 6, 4]], [[3, 3, 4, 1]],
      .depthwiseConv2D(p(0), Conv2DGeometry(padding: pad(1, 1, 1, 1)))),
    OperationCase(
      "depthwise with a multiplier", [[7, 6, 3]], [[3, 2, 3, 2]],
      .depthwiseConv2D(p(0), Conv2DGeometry(strides: e(2, 2), dilation: e(1, 2)))),
    OperationCase(
      "transposed", [[4, 3, 2]], [[3, 3, 5, 2]],
      .convTranspose2D(
        p(0), Conv2DGeometry(strides: e(2, 2), padding: pad(0, 0, 1, 1)), outputPadding: .zero)),
    OperationCase(
      "transposed with output padding", [[3, 3, 2]], [[2, 2, 4, 2]],
      .convTranspose2D(p(0), Conv2DGeometry(strides: e(3, 3)), outputPadding: e(1, 1))),
    OperationCase(
      "transposed and dilated", [[4, 4, 3]], [[3, 2, 2, 3]],
      .convTranspose2D(p(0), Conv2DGeometry(dilation: e(2, 3)), outputPadding: .zero)),
  ]

  static let poolings: [OperationCase] = PoolingKind.allCases.flatMap { kind in
    [
      OperationCase(
        "\(kind) pool", [[6, 4, 3]], [],
        .pool2D(kind, Pool2DGeometry(window: e(2, 2), strides: e(2, 2)))),
      OperationCase(
        "\(kind) pool, rows left over", [[7, 5, 3]], [],
        .pool2D(kind, Pool2DGeometry(window: e(2, 2), strides: e(2, 2)))),
      OperationCase(
        "\(kind) pool, overlapping and padded", [[5, 6, 3]], [],
        .pool2D(
          kind, Pool2DGeometry(window: e(3, 3), strides: e(2, 1), padding: pad(1, 1, 1, 1)))),
      OperationCase(
        "\(kind) global pool", [[5, 6, 3]], [], .globalPool(kind, keepsAxes: false)),
      OperationCase(
        "\(kind) global pool, axes kept", [[4, 3]], [], .globalPool(kind, keepsAxes: true)),
    ]
  }

  static let normalisations: [OperationCase] = [
    OperationCase("bias", [[3, 5]], [[5]], .addBias(p(0))),
    OperationCase("scale", [[3, 5]], [[5]], .scale(p(0))),
    OperationCase(
      "batch norm", [[3, 2, 5]], [[5], [5], [5], [5]],
      .batchNorm(
        gamma: p(0), beta: p(1), mean: p(2), variance: p(3), epsilon: 1e-3, momentum: 0.9),
      positive: [2, 3]),
    OperationCase(
      "batch norm without γ and β", [[4, 5]], [[5], [5]],
      .batchNorm(gamma: nil, beta: nil, mean: p(0), variance: p(1), epsilon: 0.1, momentum: 0.9),
      positive: [0, 1]),
    OperationCase(
      "layer norm", [[3, 6]], [[6], [6]],
      .layerNorm(gamma: p(0), beta: p(1), epsilon: 1e-3, axisCount: 1)),
    OperationCase(
      "layer norm over two axes", [[2, 3, 4]], [[3, 4], [3, 4]],
      .layerNorm(gamma: p(0), beta: p(1), epsilon: 1e-3, axisCount: 2)),
    OperationCase(
      "layer norm without γ", [[6]], [[6]],
      .layerNorm(gamma: nil, beta: p(0), epsilon: 1e-3, axisCount: 1)),
    OperationCase(
      "group norm", [[3, 2, 6]], [[6], [6]],
      .groupNorm(gamma: p(0), beta: p(1), epsilon: 1e-3, groups: 3)),
    OperationCase("l2 normalise", [[3, 6]], [], .l2Normalize),
    OperationCase("affine", [[3, 4]], [], .affine(scale: [0.5], offset: [-2])),
    OperationCase(
      "affine per channel", [[2, 3]], [], .affine(scale: [0.5, 2, -1], offset: [-2, 0, 1])),
    OperationCase("embedding", [[4]], [[6, 3]], .embedding(p(0)), entries: 6),
  ]

  private static let functions: [ActivationFunction] = [
    .linear, .relu(), .relu(maximum: 1), .relu(negativeSlope: 0.3),
    .relu(maximum: 1.5, negativeSlope: 0.1, threshold: 0.4), .elu(alpha: 1), .elu(alpha: 0.6),
    .selu, .gelu(approximate: false), .gelu(approximate: true), .sigmoid, .tanh, .softmax,
    .logSoftmax, .swish, .hardSigmoid2, .hardSigmoid3, .hardSwish, .softplus, .softsign,
    .exponential, .mish,
  ]

  static let activations: [OperationCase] =
    functions.map { OperationCase("\($0)", [[4, 5]], [], .activation($0)) } + [
      OperationCase("prelu", [[2, 3, 4]], [[2, 3, 4]], .prelu(p(0))),
      OperationCase("prelu, shared", [[2, 3, 4]], [[1, 1, 4]], .prelu(p(0))),
    ]

  static let merges: [OperationCase] =
    ElementwiseKind.allCases.flatMap { kind in
      [
        OperationCase("\(kind)", [[2, 3, 4], [2, 3, 4]], [], .elementwise(kind)),
        OperationCase("\(kind), repeated", [[2, 3, 4], [1, 1, 4]], [], .elementwise(kind)),
        OperationCase("\(kind), both repeated", [[2, 1, 4], [1, 3, 1]], [], .elementwise(kind)),
      ]
    }
    + [ElementwiseKind.add, .multiply, .average, .maximum].map { kind in
      OperationCase("\(kind) of three", [[5], [5], [5]], [], .elementwise(kind))
    }
    + (0..<3).map { axis in
      OperationCase("concatenate \(axis)", [[2, 3, 4], [2, 3, 4]], [], .concatenate(axis: axis))
    }

  static let arrangements: [OperationCase] = [
    OperationCase(
      "pad", [[3, 4, 2]], [],
      .pad(
        amounts: [
          AxisMargin(before: 1, after: 2), AxisMargin(before: 0, after: 3),
          AxisMargin(before: 0, after: 0),
        ], value: 1.5)),
    OperationCase(
      "crop", [[4, 5, 2]], [],
      .crop(amounts: [
        AxisMargin(before: 1, after: 1), AxisMargin(before: 0, after: 2),
        AxisMargin(before: 1, after: 0),
      ])),
    OperationCase(
      "upsample", [[3, 2, 4]], [], .upsample(heightFactor: 2, widthFactor: 3, .nearest)),
    OperationCase(
      "upsample bilinearly", [[3, 2, 4]], [],
      .upsample(heightFactor: 2, widthFactor: 3, .bilinear)),
    OperationCase("repeat", [[5]], [], .repeatVector(3)),
    OperationCase("reshape", [[3, 4]], [], .reshape([2, 6])),
    OperationCase("transpose", [[2, 3, 4]], [], .transpose([2, 0, 1])),
    OperationCase("transpose of unit axes", [[2, 1, 4]], [], .transpose([1, 0, 2])),
    OperationCase("select", [[2, 6]], [], .selectLast([4, 0, 4, 2])),
  ]
}
