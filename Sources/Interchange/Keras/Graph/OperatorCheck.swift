import JSON
import Models
import Tensors

/// Decides which arithmetic operators stay the merging layers that they were taken for.
///
/// Operators follow NumPy's broadcasting, merging layers Keras' own; both agree where the tensors
/// have as many axes. Where that is not known, the operator is carried as the file has it.
struct OperatorCheck {
  private let operators: [(call: Int, arguments: JSONObject, fallback: Opaque)]

  init(_ operators: [(call: Int, arguments: JSONObject, fallback: Opaque)]) {
    self.operators = operators
  }

  /// Puts the carried layers back where needed; the remarks of the others are dropped.
  func settle(_ model: inout Model, _ remarks: [ImportedModel.Remark]) -> [ImportedModel.Remark] {
    guard !operators.isEmpty else { return remarks }
    let shapes = model.structure().outputShapes
    var settled = Set<String>()
    for (index, arguments, fallback) in operators {
      let call = model.calls[index]
      let orders = call.inputs.map { $0.output == 0 ? shapes[$0.call]?.order : nil }
      let isMerge = if case .merge = model.layers[call.layer].kind { true } else { false }
      if isMerge, orders.contains(nil) || Set(orders).count > 1 {
        model.layers[call.layer].kind = .opaque(fallback)
        model.calls[index].arguments = arguments
      } else {
        settled.insert(model.layers[call.layer].path)
      }
    }
    return remarks.filter { !settled.contains($0.place) }
  }
}
