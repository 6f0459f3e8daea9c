import Models
import Programs
import Tensors

/// The stored tensors behind a program's parameters; values are read when they are asked for.
struct ParameterValues {
  let program: Program
  private let stored: [Parameter]

  /// Finds every parameter of the program in the model.
  /// - Throws: `ModelError` for a name the model lacks.
  init(_ program: Program, of model: Model) throws {
    var table: [String: Parameter] = [:]
    for layer in model.layers {
      for named in layer.weights {
        for component in named.weight.components {
          table["\(layer.path)/\(named.name)/\(component.name)"] = component.parameter
        }
      }
    }
    self.program = program
    stored = try program.parameters.map { declaration in
      guard let parameter = table[declaration.name] else {
        throw ModelError(place: declaration.name, reason: "the model has no such tensor")
      }
      return parameter
    }
  }

  /// The stored tensor of a parameter.
  subscript(_ id: ParameterID) -> Parameter { stored[id.rawValue] }

  /// The name of a parameter's tensor.
  func name(_ id: ParameterID) -> String { program.parameters[id.rawValue].name }

  /// The tensor's name without a last `values`, as arrays and errors have it: `dense/kernel/left`
  /// for that tensor, `dense/bias` for `dense/bias/values`.
  func arrayName(_ id: ParameterID) -> String {
    let name = name(id)
    return name.hasSuffix("/values") ? String(name.dropLast(7)) : name
  }

  /// The values under the shape that the program declares.
  func tensor(_ id: ParameterID) throws -> Tensor {
    try stored[id.rawValue].tensor().reshaped(to: program.parameters[id.rawValue].shape)
  }
}
