public import Programs
public import Tensors

extension Model {
  /// The model as a straight-line program of primitive operations; no values are read.
  ///
  /// Parameters are named `<layer>/<weight>/<component>` and appear once even where a layer is
  /// shared; pass ``parameterValues(for:)`` when it runs.
  /// - Throws: `LoweringError` naming the first layer that cannot be run, and why.
  public func lowered() throws(LoweringError) -> Program {
    var lowering = ModelLowering(model: self)
    for index in calls.indices { try lowering.lower(call: index) }
    var values: [ValueID] = []
    for output in outputs { values.append(try lowering.value(output, for: "output")) }
    return lowering.builder.finish(outputs: values)
  }

  /// The values of a program's parameters, in its order.
  /// - Throws: `ModelError` for a name the model lacks; what reading a deferred tensor throws.
  public func parameterValues(for program: Program) throws -> [Tensor] {
    var table: [String: Parameter] = [:]
    for layer in layers {
      for named in layer.weights {
        for component in named.weight.components {
          table["\(layer.path)/\(named.name)/\(component.name)"] = component.parameter
        }
      }
    }
    return try program.parameters.map { declaration in
      guard let parameter = table[declaration.name] else {
        throw ModelError(place: declaration.name, reason: "the model has no such tensor")
      }
      return try parameter.tensor().reshaped(to: declaration.shape)
    }
  }

  /// The model with the program's parameters, changed by training, in place of its own.
  ///
  /// Tensors whose values did not change keep their stored bytes.
  public func replacingParameters(of program: Program, with values: [Tensor]) throws -> Model {
    precondition(values.count == program.parameters.count, "one tensor a parameter")
    var table: [String: Tensor] = [:]
    for (declaration, value) in zip(program.parameters, values) { table[declaration.name] = value }
    var model = self
    for layer in model.layers.indices {
      for weight in model.layers[layer].weights.indices {
        let named = model.layers[layer].weights[weight]
        let path = "\(model.layers[layer].path)/\(named.name)"
        model.layers[layer].weights[weight].weight = try named.weight.mapComponents { component in
          guard let value = table["\(path)/\(component.name)"] else { return component.parameter }
          let old = try component.parameter.tensor()
          if old.elements == value.elements { return component.parameter }
          return component.parameter.replacing(with: value)
        }
      }
    }
    return model
  }

  /// The output shape of each call where it is known, and why the others are not.
  ///
  /// Works through carried layers: what depends on one is unknown, everything else is not.
  public func structure() -> ModelStructure {
    var lowering = ModelLowering(model: self)
    var shapes: [Shape?] = []
    var obstacle: LoweringError?
    for index in calls.indices {
      do {
        try lowering.lower(call: index)
        shapes.append(lowering.shape(ofCall: index))
      } catch {
        if obstacle == nil { obstacle = error }
        shapes.append(nil)
      }
    }
    let program = lowering.builder.finish(outputs: [])
    var products: [String: Int] = [:]
    for instruction in program.instructions where instruction.multiplications > 0 {
      products[instruction.origin] = saturating(
        products[instruction.origin] ?? 0, instruction.multiplications)
    }
    return ModelStructure(
      outputShapes: shapes, multiplications: products, obstacle: obstacle)
  }
}

/// What is known of a model without its values.
public struct ModelStructure: Sendable {
  /// The output shape of each call, without the batch; nil where it cannot be inferred.
  public let outputShapes: [Shape?]
  /// Multiplications of one sample by origin, `<layer>/<weight>`, all calls together.
  public let multiplications: [String: Int]
  /// The first thing that cannot be run, if any.
  public let obstacle: LoweringError?

  /// The multiplications of all layers together.
  public var totalMultiplications: Int { multiplications.values.reduce(0, saturating) }

  /// The multiplications of one layer, all its weights and calls together.
  public func multiplications(ofLayer path: String) -> Int {
    multiplications.reduce(0) { sum, entry in
      let parent = entry.key.lastIndex(of: "/").map { entry.key[..<$0] }
      return parent == path[...] ? saturating(sum, entry.value) : sum
    }
  }
}
