public import Tensors

/// A stored kernel or vector in one of the forms that modelc knows.
public enum Weight: Sendable {
  /// The stored tensor is the weight.
  case dense(DenseForm)
  /// Two factors: left = U·Σ, right = Vᵀ.
  case lowRank(LowRankForm)
  /// A core with an input and an output factor.
  case tucker2(Tucker2Form)
  /// Factors along the axes of a flattened feature map, then a matrix.
  case tensorised(TensorisedForm)

  /// The names of the forms, as files and tables spell them.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case dense
    case lowRank = "low-rank"
    case tucker2 = "tucker-2"
    case tensorised
  }

  /// Makes a dense weight.
  public init(_ parameter: Parameter) { self = .dense(DenseForm(parameter)) }

  /// Rebuilds a weight from its form's name and its stored components.
  /// - Throws: `WeightFormError` if the components do not make up the form.
  public init(
    kind: Kind, denseShape: Shape, components: [Component], record: FactorizationRecord?
  ) throws(WeightFormError) {
    switch kind {
    case .dense:
      self = .dense(
        try DenseForm(denseShape: denseShape, components: components, record: record))
    case .lowRank:
      self = .lowRank(
        try LowRankForm(denseShape: denseShape, components: components, record: record))
    case .tucker2:
      self = .tucker2(
        try Tucker2Form(denseShape: denseShape, components: components, record: record))
    case .tensorised:
      self = .tensorised(
        try TensorisedForm(denseShape: denseShape, components: components, record: record))
    }
  }

  /// The payload behind the case.
  public var form: any WeightForm {
    switch self {
    case .dense(let form): form
    case .lowRank(let form): form
    case .tucker2(let form): form
    case .tensorised(let form): form
    }
  }

  /// The form's name.
  public var kind: Kind { type(of: form).kind }
  /// The shape of the kernel that the weight stands for.
  public var denseShape: Shape { form.denseShape }
  /// The stored tensors and their names.
  public var components: [Component] { form.components }
  /// The ranks, empty for a dense weight.
  public var ranks: [Int] { form.ranks }
  /// What is known of the factorisation; nil for a dense weight.
  public var record: FactorizationRecord? {
    switch self {
    case .dense: nil
    case .lowRank(let form): form.record
    case .tucker2(let form): form.record
    case .tensorised(let form): form.record
    }
  }

  /// The number of stored scalars.
  public var parameterCount: Int { components.reduce(0) { $0 + $1.parameter.count } }
  /// The bytes of the stored scalars, scales included.
  public var byteCount: Int { components.reduce(0) { $0 + $1.parameter.byteCount } }

  /// The same weight with each component's parameter replaced.
  public func mapComponents<Failure: Error>(
    _ transform: (Component) throws(Failure) -> Parameter
  ) throws(Failure) -> Weight {
    var replaced: [Component] = []
    for component in components {
      replaced.append(Component(component.name, try transform(component)))
    }
    do {
      return try Weight(
        kind: kind, denseShape: denseShape, components: replaced, record: record)
    } catch {
      preconditionFailure("a component changed its shape: \(error)")
    }
  }
}
