import Programs
import Tensors

extension LayerLowering {
  /// Runs `body` with the channel axis last, and moves it back afterwards.
  private mutating func withLastAxis(
    _ axis: Int, _ x: ValueID,
    _ body: (inout LayerLowering, ValueID) throws(LoweringError) -> ValueID
  ) throws(LoweringError) -> ValueID {
    let order = builder.shape(of: x).order
    let channel = try sampleAxis(axis, order: order)
    if channel == order - 1 { return try body(&self, x) }
    let forward = (0..<order).filter { $0 != channel } + [channel]
    let backward = (0..<order).map { position in
      forward.firstIndex(of: position) ?? position
    }
    let result = try body(&self, try append(.transpose(forward), x))
    return try append(.transpose(backward), result)
  }

  mutating func batchNormalization(_ settings: BatchNormalization, _ x: ValueID)
    throws(LoweringError) -> ValueID
  {
    try withLastAxis(settings.axis, x) { (lowering, x) throws(LoweringError) -> ValueID in
      try lowering.append(
        .batchNorm(
          gamma: settings.scales ? try lowering.parameter("gamma") : nil,
          beta: settings.centers ? try lowering.parameter("beta") : nil,
          mean: try lowering.parameter("moving_mean", isTrained: false),
          variance: try lowering.parameter("moving_variance", isTrained: false),
          epsilon: Float(settings.epsilon),
          momentum: lowering.isTrainable ? Float(settings.momentum) : nil), x)
    }
  }

  mutating func featureNormalization(_ settings: FeatureNormalization, _ x: ValueID)
    throws(LoweringError) -> ValueID
  {
    let order = builder.shape(of: x).order
    var axes: [Int] = []
    for axis in settings.axes { axes.append(try sampleAxis(axis, order: order)) }
    axes.sort()
    let gamma = settings.scales && settings.kind != .unit ? try parameter("gamma") : nil
    let beta = settings.centers && settings.kind != .unit ? try parameter("beta") : nil
    let epsilon = Float(settings.epsilon)
    guard axes == Array((order - axes.count)..<order) else {
      throw refuse("normalisation over axes \(settings.axes), which are not the last ones")
    }
    switch settings.kind {
    case .layer:
      return try append(
        .layerNorm(gamma: gamma, beta: beta, epsilon: epsilon, axisCount: axes.count), x)
    case .group:
      let channels = builder.shape(of: x).last
      return try append(
        .groupNorm(
          gamma: gamma, beta: beta, epsilon: epsilon,
          groups: settings.groups == -1 ? channels : settings.groups), x)
    case .unit:
      guard axes.count == 1 else { throw refuse("unit normalisation over several axes") }
      return try append(.l2Normalize, x)
    }
  }

  mutating func normalization(_ settings: DataNormalization, _ x: ValueID) throws(LoweringError)
    -> ValueID
  {
    guard let mean = settings.mean, let variance = settings.variance else {
      throw refuse("its statistics are weights; they are folded when the file is read")
    }
    let order = builder.shape(of: x).order
    if !settings.axes.isEmpty {
      let axis = try sampleAxis(settings.axes[0], order: order)
      guard settings.axes.count == 1, axis == order - 1 else {
        throw refuse("normalisation along axes \(settings.axes)")
      }
    }
    // Keras divides by max(√variance, 1e-7).
    let scale = variance.map { 1 / max($0.squareRoot(), 1e-7) }
    let offset = zip(mean, scale).map { -$0 * $1 }
    return try append(
      .affine(scale: scale.map { Float($0) }, offset: offset.map { Float($0) }), x)
  }
}
