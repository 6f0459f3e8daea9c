import Tensors

/// The shape rules: what an operation makes of given operands, or why it cannot.
struct ShapeInference {
  let operation: Operation
  let operands: [Shape]
  let parameters: [ParameterDeclaration]
  let origin: String

  /// The result's shape; every extent is at least 1.
  func resultShape() throws(LoweringError) -> Shape {
    try checkOperandCount()
    let extents = try resultExtents()
    guard let shape = Shape(checking: extents) else {
      throw .tooLarge(
        origin: origin, operation: operation.name,
        size: "the result \(extents.map(String.init).joined(separator: "×"))")
    }
    guard shape.count > 0 else { throw mismatch("extents of at least 1", "\(shape)") }
    return shape
  }

  private func resultExtents() throws(LoweringError) -> [Int] {
    let x = operands[0]
    switch operation {
    case .matmul(let id):
      let kernel = try parameter(id, order: 2, "[inputs × outputs]")
      guard x.order >= 1, x.last == kernel[0] else {
        throw mismatch("\(kernel[0]) inputs for a kernel \(kernel)", "\(x)")
      }
      return x.extents.dropLast() + [kernel[1]]
    case .modeProduct(let id, let axis):
      let factor = try parameter(id, order: 2, "[extent × rank]")
      try checkAxis(axis, of: x)
      guard x[axis] == factor[0] else {
        throw mismatch("extent \(factor[0]) along axis \(axis)", "\(x)")
      }
      return replacing(axis, of: x, by: factor[1])
    case .conv2D(let id, let geometry): return try convolved(id, geometry)
    case .depthwiseConv2D(let id, let geometry): return try depthwise(id, geometry)
    case .convTranspose2D(let id, let geometry, let outputPadding):
      return try transposeConvolved(id, geometry, outputPadding)
    case .addBias(let id), .scale(let id):
      try checkChannels(id)
      return x.extents
    case .batchNorm(let gamma, let beta, let mean, let variance, _, _):
      for id in [gamma, beta, mean, variance].compactMap({ $0 }) { try checkChannels(id) }
      return x.extents
    case .layerNorm(let gamma, let beta, _, let axisCount):
      try checkLayerNorm([gamma, beta], axisCount)
      return x.extents
    case .groupNorm(let gamma, let beta, _, let groups):
      for id in [gamma, beta].compactMap({ $0 }) { try checkChannels(id) }
      guard x.order >= 1, groups >= 1, x.last % groups == 0 else {
        throw mismatch("channels in \(groups) equal groups", "\(x)")
      }
      return x.extents
    case .activation(let function):
      if function.isRowwise, x.order < 1 { throw mismatch("at least one axis", "\(x)") }
      return x.extents
    case .prelu(let id):
      try checkBroadcast(try parameter(id), to: x)
      return x.extents
    case .pool2D(_, let geometry): return try pooled(geometry)
    case .globalPool(_, let keepsAxes):
      guard x.order >= 1 else { throw mismatch("at least one axis", "\(x)") }
      return keepsAxes ? [Int](repeating: 1, count: x.order - 1) + [x.last] : [x.last]
    case .dropout(let rate):
      guard rate >= 0, rate < 1 else { throw mismatch("a rate in [0, 1)", "\(rate)") }
      return x.extents
    case .l2Normalize:
      guard x.order >= 1 else { throw mismatch("at least one axis", "\(x)") }
      return x.extents
    case .elementwise, .concatenate, .pad, .crop, .upsample, .repeatVector, .reshape, .transpose,
      .affine, .embedding, .selectLast:
      return try rearrangedExtents()
    }
  }

  private func checkOperandCount() throws(LoweringError) {
    switch operation {
    case .elementwise(.subtract):
      guard operands.count == 2 else { throw mismatch("2 operands", "\(operands.count)") }
    case .elementwise, .concatenate:
      guard !operands.isEmpty else { throw mismatch("at least one operand", "none") }
    default:
      guard operands.count == 1 else { throw mismatch("1 operand", "\(operands.count)") }
    }
  }

  // MARK: Checks shared by the rules

  func mismatch(_ expected: String, _ found: String) -> LoweringError {
    .mismatch(origin: origin, operation: operation.name, expected: expected, found: found)
  }

  func parameter(_ id: ParameterID) throws(LoweringError) -> Shape {
    guard parameters.indices.contains(id.rawValue) else {
      throw mismatch("one of \(parameters.count) parameters", "parameter \(id.rawValue)")
    }
    return parameters[id.rawValue].shape
  }

  func parameter(
    _ id: ParameterID, order: Int, _ layout: String
  ) throws(LoweringError) -> Shape {
    let shape = try parameter(id)
    guard shape.order == order else {
      throw mismatch("\(order) axes \(layout)", "\(parameters[id.rawValue].name) \(shape)")
    }
    return shape
  }

  func checkAxis(_ axis: Int, of shape: Shape) throws(LoweringError) {
    guard axis >= 0, axis < shape.order else {
      throw mismatch("an axis below \(shape.order)", "axis \(axis) of \(shape)")
    }
  }

  private func checkChannels(_ id: ParameterID) throws(LoweringError) {
    let shape = try parameter(id)
    guard operands[0].order >= 1, shape.order == 1, shape[0] == operands[0].last else {
      throw mismatch(
        "one value per channel of \(operands[0])", "\(parameters[id.rawValue].name) \(shape)")
    }
  }

  private func checkLayerNorm(
    _ ids: [ParameterID?], _ axisCount: Int
  ) throws(LoweringError) {
    let x = operands[0]
    guard axisCount >= 1, axisCount <= x.order else {
      throw mismatch("1 to \(x.order) normalised axes", "\(axisCount)")
    }
    let expected = Array(x.extents.suffix(axisCount))
    for id in ids.compactMap({ $0 }) {
      let shape = try parameter(id)
      guard shape.extents == expected else {
        throw mismatch("\(Shape(expected))", "\(parameters[id.rawValue].name) \(shape)")
      }
    }
  }

  /// Checks that `shape` has the axes of `target`, or 1 along them.
  func checkBroadcast(_ shape: Shape, to target: Shape) throws(LoweringError) {
    let fits =
      shape.order == target.order
      && zip(shape.extents, target.extents).allSatisfy { $0 == $1 || $0 == 1 }
    guard fits else { throw mismatch("\(target), or 1 along shared axes", "\(shape)") }
  }

  func replacing(_ axis: Int, of shape: Shape, by extent: Int) -> [Int] {
    var extents = shape.extents
    extents[axis] = extent
    return extents
  }
}
