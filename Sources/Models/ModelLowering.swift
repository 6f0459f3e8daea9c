import Programs
import Tensors

/// Lowers calls one after another and remembers which values they made.
struct ModelLowering {
  var model: Model
  var builder = ProgramBuilder()
  private var values: [ValueID?] = []

  init(model: Model) {
    self.model = model
    values = Array(repeating: nil, count: model.calls.count)
  }

  func shape(ofCall call: Int) -> Shape? { values[call].map { builder.shape(of: $0) } }

  func value(_ endpoint: Model.Endpoint, for place: String) throws(LoweringError) -> ValueID {
    guard endpoint.output == 0 else {
      throw .unsupported(origin: place, reason: "it reads output \(endpoint.output) of a layer")
    }
    guard let value = values[endpoint.call] else {
      let source = model.layers[model.calls[endpoint.call].layer].path
      throw .unsupported(origin: place, reason: "it depends on '\(source)'")
    }
    return value
  }

  /// Lowers one call; those that it reads must have been lowered before.
  mutating func lower(call index: Int) throws(LoweringError) {
    let call = model.calls[index]
    let layer = model.layers[call.layer]
    if case .input(let settings) = layer.kind {
      values[index] = try input(settings, layer)
      return
    }
    var operands: [ValueID] = []
    for endpoint in call.inputs { operands.append(try value(endpoint, for: layer.path)) }
    let mark = builder.mark
    var lowering = LayerLowering(layer: layer, isTrainable: layer.isTrainable, builder: builder)
    // The lowering's copy must be the only one to grow in place: models have thousands of layers.
    builder = ProgramBuilder()
    do throws(LoweringError) {
      values[index] = try lowering.lower(operands)
      builder = lowering.builder
    } catch {
      builder = lowering.builder
      builder.goBack(to: mark)
      throw error
    }
  }

  private mutating func input(_ settings: Input, _ layer: Layer) throws(LoweringError) -> ValueID {
    let extents = settings.shape.compactMap { $0 }
    guard extents.count == settings.shape.count, let shape = Shape(checking: extents) else {
      let shape = settings.shape.map { $0.map(String.init) ?? "?" }.joined(separator: "×")
      throw .unsupported(origin: layer.path, reason: "the input shape [\(shape)] is open")
    }
    return builder.input(shape, name: layer.path)
  }
}

/// Lowers one layer: the settings decide which operations are appended.
struct LayerLowering {
  let layer: Layer
  let isTrainable: Bool
  var builder: ProgramBuilder

  var path: String { layer.path }

  func refuse(_ reason: String) -> LoweringError { .unsupported(origin: path, reason: reason) }

  /// Appends an operation whose origin is this layer.
  mutating func append(_ operation: Operation, _ operands: ValueID...) throws(LoweringError)
    -> ValueID
  {
    try builder.append(operation, operands: operands, origin: path)
  }

  /// Declares a dense weight as a parameter, under `shape` where another of equal count serves.
  mutating func parameter(_ name: String, shape: Shape? = nil, isTrained: Bool = true)
    throws(LoweringError) -> ParameterID
  {
    guard let weight = layer.weight(name) else {
      throw refuse("the weight '\(name)' is missing")
    }
    guard case .dense(let form) = weight else {
      throw refuse("'\(name)' is \(weight.kind.rawValue), which only kernels can be")
    }
    let target = shape ?? form.denseShape
    guard target.count == form.denseShape.count else {
      throw .mismatch(
        origin: path, operation: name, expected: "shape [\(target)]",
        found: "[\(form.denseShape)]")
    }
    return builder.parameter(
      name: "\(path)/\(name)/values", shape: target, isTrainable: isTrainable && isTrained)
  }

  /// Applies a kernel in whatever form it has.
  mutating func kernel(_ name: String, _ x: ValueID, as role: KernelRole) throws(LoweringError)
    -> ValueID
  {
    guard let weight = layer.weight(name) else { throw refuse("the weight '\(name)' is missing") }
    return try weight.form.lower(
      x, as: role, at: LoweringPlace(path: "\(path)/\(name)", isTrainable: isTrainable),
      into: &builder)
  }

  /// Adds the bias where the layer has one, then the activation.
  mutating func finish(_ x: ValueID, usesBias: Bool, _ function: ActivationFunction)
    throws(LoweringError) -> ValueID
  {
    var value = x
    if usesBias { value = try append(.addBias(try parameter("bias")), value) }
    if function != .linear { value = try append(.activation(function), value) }
    return value
  }

  func one(_ operands: [ValueID]) throws(LoweringError) -> ValueID {
    guard operands.count == 1 else {
      throw .mismatch(
        origin: path, operation: layer.kind.title, expected: "1 input",
        found: "\(operands.count)")
    }
    return operands[0]
  }
}
