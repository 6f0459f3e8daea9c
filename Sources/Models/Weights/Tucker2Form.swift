public import Programs
public import Tensors

/// A convolution kernel as a core and two channel factors.
///
/// Source: Kim et al. 2016, Tucker-2.
///
/// K [h × w × c × f] ≈ core [h × w × R_in × R_out] with input_factor [1 × 1 × c × R_in] and
/// output_factor [1 × 1 × R_out × f]; over one axis the leading extents are w and 1. All three are
/// ready-to-run kernels: strides, padding and dilation belong to the core.
public struct Tucker2Form: WeightForm {
  /// The form's name.
  public static var kind: Weight.Kind { .tucker2 }
  /// The shape of the kernel it stands for.
  public let denseShape: Shape
  /// From channels to R_in.
  public let inputFactor: Parameter
  /// The small convolution.
  public let core: Parameter
  /// From R_out to the filters.
  public let outputFactor: Parameter
  /// Error and the spectra of the input and output unfoldings.
  public var record: FactorizationRecord

  /// Joins three factors.
  /// - Throws: `WeightFormError` if their shapes do not fit.
  public init(
    denseShape: Shape, inputFactor: Parameter, core: Parameter, outputFactor: Parameter,
    record: FactorizationRecord
  ) throws(WeightFormError) {
    try self.init(
      denseShape: denseShape,
      components: [
        Component("input_factor", inputFactor), Component("core", core),
        Component("output_factor", outputFactor),
      ], record: record)
  }

  /// Rebuilds the form from `input_factor`, `core` and `output_factor`.
  public init(denseShape: Shape, components: [Component], record: FactorizationRecord?)
    throws(WeightFormError)
  {
    guard denseShape.order == 3 || denseShape.order == 4 else {
      throw WeightFormError("a Tucker-2 weight needs 3 or 4 axes, found [\(denseShape)]")
    }
    let window = denseShape.extents.dropLast(2).map { Optional($0) }
    let ones = [Int?](repeating: 1, count: window.count)
    var reader = ComponentReader(components)
    inputFactor = try reader.take(
      "input_factor", shape: ones + [denseShape[denseShape.order - 2], nil])
    core = try reader.take("core", shape: window + [inputFactor.shape.last, nil])
    outputFactor = try reader.take(
      "output_factor", shape: ones + [core.shape.last, denseShape.last])
    try reader.finish()
    guard inputFactor.shape.last > 0, core.shape.last > 0 else { throw WeightFormError("rank 0") }
    self.denseShape = denseShape
    self.record = record ?? FactorizationRecord()
  }

  /// R_in and R_out.
  public var ranks: [Int] { [inputFactor.shape.last, core.shape.last] }
  /// The three factors, in the order in which they run.
  public var components: [Component] {
    [
      Component("input_factor", inputFactor), Component("core", core),
      Component("output_factor", outputFactor),
    ]
  }

  /// Appends product, convolution, product.
  public func lower(
    _ x: ValueID, as role: KernelRole, at place: LoweringPlace, into program: inout ProgramBuilder
  ) throws(LoweringError) -> ValueID {
    let channels = denseShape[denseShape.order - 2]
    let inputID = KernelLowering(place: place, component: "input_factor").declare(
      [channels, ranks[0]], in: &program)
    let narrow = try program.append(.matmul(inputID), x, origin: place.path)
    let mixed = try KernelLowering(place: place, component: "core").apply(
      shape: core.shape, to: narrow, as: role, into: &program)
    let outputID = KernelLowering(place: place, component: "output_factor").declare(
      [ranks[1], denseShape.last], in: &program)
    return try program.append(.matmul(outputID), mixed, origin: place.path)
  }
}
