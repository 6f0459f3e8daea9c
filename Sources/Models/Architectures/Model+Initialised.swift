public import Programs
import Tensors

extension Model {
  /// The most scalars that are drawn for one model, 4 GiB of them.
  private static let mostScalars = 1 << 30

  /// The model with fresh weights in every layer that has none, drawn as Keras draws them.
  ///
  /// Kernels are Glorot uniform, embeddings uniform in ±0.05, biases and means 0, scales and
  /// variances 1. Each weight draws from its own stream of the seed.
  /// - Throws: `LoweringError` naming a layer whose weights or shapes cannot be known.
  public func initialised(seed: UInt64) throws(LoweringError) -> Model {
    var lowering = ModelLowering(model: self)
    var room = Model.mostScalars
    for (index, call) in calls.enumerated() {
      if lowering.model.layers[call.layer].weights.isEmpty, let first = call.inputs.first {
        let layer = lowering.model.layers[call.layer]
        let value = try lowering.value(first, for: layer.path)
        let streams = SeededGenerator(seed: seed).split(UInt64(call.layer))
        lowering.model.layers[call.layer].weights = try layer.freshWeights(
          over: lowering.builder.shape(of: value), streams: streams, room: &room)
      }
      try lowering.lower(call: index)
    }
    return lowering.model
  }
}

extension Layer {
  fileprivate func freshWeights(
    over shape: Shape, streams: SeededGenerator, room: inout Int
  ) throws(LoweringError) -> [NamedWeight] {
    guard shape.order > 0, let needed = kind.neededWeights(over: shape) else {
      throw .unsupported(
        origin: path, reason: "\(kind.title): no weights can be drawn for it over [\(shape)]")
    }
    var weights: [NamedWeight] = []
    for (index, weight) in needed.enumerated() {
      guard let shape = Shape(checking: weight.extents), shape.count <= room else {
        let size = weight.extents.map(String.init).joined(separator: "×")
        throw .tooLarge(origin: "\(path)/\(weight.name)", operation: "drawing", size: size)
      }
      room -= shape.count
      var generator = streams.split(UInt64(index))
      let tensor = weight.start.tensor(shape, generator: &generator)
      weights.append(NamedWeight(weight.name, Weight(Parameter(tensor))))
    }
    return weights
  }
}
