public import Programs
public import Tensors

/// A weight stored as it is.
public struct DenseForm: WeightForm {
  /// The form's name.
  public static var kind: Weight.Kind { .dense }
  /// The stored tensor.
  public let parameter: Parameter

  /// Wraps a stored tensor.
  public init(_ parameter: Parameter) { self.parameter = parameter }

  /// Rebuilds the form from its one component, `values`.
  public init(denseShape: Shape, components: [Component], record: FactorizationRecord?)
    throws(WeightFormError)
  {
    var reader = ComponentReader(components)
    parameter = try reader.take("values", shape: denseShape.extents.map { $0 })
    try reader.finish()
  }

  /// The shape of the stored tensor.
  public var denseShape: Shape { parameter.shape }
  /// The stored tensor, under the name `values`.
  public var components: [Component] { [Component("values", parameter)] }
  /// Empty: nothing is factorised.
  public var ranks: [Int] { [] }

  /// Appends one product or convolution.
  public func lower(
    _ x: ValueID, as role: KernelRole, at place: LoweringPlace, into program: inout ProgramBuilder
  ) throws(LoweringError) -> ValueID {
    try KernelLowering(place: place, component: "values").apply(
      shape: denseShape, to: x, as: role, into: &program)
  }
}
