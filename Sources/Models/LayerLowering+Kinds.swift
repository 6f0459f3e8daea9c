import Programs
import Tensors

extension LayerLowering {
  /// Appends the layer's operations and returns its result.
  mutating func lower(_ operands: [ValueID]) throws(LoweringError) -> ValueID {
    switch layer.kind {
    case .input: throw refuse("an input is not called")
    case .dense(let settings):
      let product = try kernel("kernel", try one(operands), as: .dense)
      return try finish(product, usesBias: settings.usesBias, settings.activation)
    case .embedding: return try append(.embedding(try parameter("embeddings")), try one(operands))
    case .convolution(let settings): return try convolution(settings, try one(operands))
    case .depthwiseConvolution(let settings): return try depthwise(settings, try one(operands))
    case .separableConvolution(let settings): return try separable(settings, try one(operands))
    case .transposedConvolution(let settings): return try transposed(settings, try one(operands))
    case .batchNormalization(let settings):
      return try batchNormalization(settings, try one(operands))
    case .featureNormalization(let settings):
      return try featureNormalization(settings, try one(operands))
    case .dataNormalization(let settings): return try normalization(settings, try one(operands))
    case .rescaling(let settings):
      return try append(
        .affine(scale: settings.scale.map { Float($0) }, offset: settings.offset.map { Float($0) }),
        try one(operands))
    case .pooling(let settings): return try pooling(settings, try one(operands))
    case .globalPooling(let settings): return try globalPooling(settings, try one(operands))
    case .activation(let settings):
      return try append(.activation(settings.function), try one(operands))
    case .parametricReLU: return try append(.prelu(try parameter("alpha")), try one(operands))
    case .merge(let settings): return try merge(settings, operands)
    case .concatenate(let settings): return try concatenate(settings, operands)
    case .bordering(let settings): return try bordering(settings, try one(operands))
    case .upSampling(let settings): return try upSampling(settings, try one(operands))
    case .reshaping(let settings): return try reshaping(settings, try one(operands))
    case .selection(let settings): return try selection(settings, try one(operands))
    case .regularisation(let settings): return try regularisation(settings, try one(operands))
    case .opaque(let settings):
      if settings.isIdentityAtInference { return try one(operands) }
      let reason =
        settings.carriesCode ? "it carries code, which is never run" : "it is carried only"
      throw refuse("\(settings.className): \(reason)")
    }
  }

  private mutating func merge(_ settings: Merge, _ operands: [ValueID]) throws(LoweringError)
    -> ValueID
  {
    let kind: ElementwiseKind =
      switch settings.operation {
      case .add: .add
      case .subtract: .subtract
      case .multiply: .multiply
      case .average: .average
      case .maximum: .maximum
      case .minimum: .minimum
      }
    return try builder.append(.elementwise(kind), operands: operands, origin: path)
  }

  private mutating func concatenate(_ settings: Concatenate, _ operands: [ValueID])
    throws(LoweringError) -> ValueID
  {
    guard let first = operands.first else { throw refuse("it has no inputs") }
    let axis = try sampleAxis(settings.axis, order: builder.shape(of: first).order)
    return try builder.append(.concatenate(axis: axis), operands: operands, origin: path)
  }

  /// An axis counted with the batch as 0 (negative from the end) as an axis of the sample.
  func sampleAxis(_ axis: Int, order: Int) throws(LoweringError) -> Int {
    let result = axis < 0 ? axis + order : axis - 1
    guard result >= 0, result < order else { throw refuse("axis \(axis) of \(order + 1)") }
    return result
  }

  private mutating func reshaping(_ settings: Reshaping, _ x: ValueID) throws(LoweringError)
    -> ValueID
  {
    let shape = builder.shape(of: x)
    switch settings {
    case .flatten(let format):
      // Flattening channels-first data lists it channels-last, as Keras does.
      var value = x
      if format == .channelsFirst, shape.order > 1 {
        value = try append(.transpose(Array(1..<shape.order) + [0]), x)
      }
      return try append(.reshape([shape.count]), value)
    case .reshape(let target):
      var extents = target
      if let open = extents.firstIndex(of: -1) {
        extents[open] = 1
        guard let known = Shape.elementCount(of: extents), known > 0, shape.count % known == 0
        else { throw refuse("[\(shape)] does not fit \(target)") }
        extents[open] = shape.count / known
      }
      guard let result = Shape(checking: extents) else { throw refuse("shape \(target)") }
      return try append(.reshape(result), x)
    case .permute(let axes):
      guard axes.sorted() == Array(1...max(shape.order, 1)) else {
        throw refuse("\(axes) is no order of \(shape.order) axes")
      }
      return try append(.transpose(axes.map { $0 - 1 }), x)
    case .repeatVector(let count): return try append(.repeatVector(count), x)
    }
  }

  private mutating func selection(_ settings: Selection, _ x: ValueID) throws(LoweringError)
    -> ValueID
  {
    let shape = builder.shape(of: x)
    guard shape.order == 1, shape.count == settings.inputs else {
      throw .mismatch(
        origin: path, operation: layer.kind.title, expected: "a vector of \(settings.inputs)",
        found: "[\(shape)]")
    }
    return try append(.selectLast(settings.positions), x)
  }

  private mutating func regularisation(_ settings: Regularisation, _ x: ValueID)
    throws(LoweringError) -> ValueID
  {
    guard settings.kind == .dropout else { return x }
    return try append(.dropout(rate: Float(settings.rate)), x)
  }
}
