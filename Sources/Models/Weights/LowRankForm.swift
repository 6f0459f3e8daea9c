public import Programs
public import Tensors

/// A kernel as a product of two: K ≈ left · right, with left = U·Σ and right = Vᵀ.
///
/// A matrix [n × m] has left [n × r], right [r × m]. A convolution kernel is a matrix over its
/// patches: left [h × w × c × r] keeps the window and right [1 × 1 × r × f] mixes channels
/// ([w × c × r] and [1 × r × f] over one axis). Both are ready-to-run kernels.
public struct LowRankForm: WeightForm {
  /// The form's name.
  public static var kind: Weight.Kind { .lowRank }
  /// The shape of the kernel it stands for.
  public let denseShape: Shape
  /// U·Σ, the dense shape with the rank as its last axis.
  public let left: Parameter
  /// Vᵀ, ones, then rank × outputs.
  public let right: Parameter
  /// Error, basis and spectrum.
  public var record: FactorizationRecord

  /// Joins two factors.
  /// - Throws: `WeightFormError` if their shapes do not fit.
  public init(
    denseShape: Shape, left: Parameter, right: Parameter, record: FactorizationRecord
  ) throws(WeightFormError) {
    try self.init(
      denseShape: denseShape, components: [Component("left", left), Component("right", right)],
      record: record)
  }

  /// Rebuilds the form from `left` and `right`.
  public init(denseShape: Shape, components: [Component], record: FactorizationRecord?)
    throws(WeightFormError)
  {
    guard denseShape.order >= 2 else {
      throw WeightFormError("a low-rank weight needs at least 2 axes, found [\(denseShape)]")
    }
    var reader = ComponentReader(components)
    let inner = denseShape.extents.dropLast().map { Optional($0) }
    left = try reader.take("left", shape: inner + [nil])
    let ones = [Int?](repeating: 1, count: denseShape.order - 2)
    right = try reader.take("right", shape: ones + [left.shape.last, denseShape.last])
    try reader.finish()
    guard left.shape.last > 0 else { throw WeightFormError("rank 0") }
    self.denseShape = denseShape
    self.record = record ?? FactorizationRecord()
  }

  /// The rank r.
  public var rank: Int { left.shape.last }
  /// The rank, as a list.
  public var ranks: [Int] { [rank] }
  /// `left` and `right`.
  public var components: [Component] { [Component("left", left), Component("right", right)] }

  /// Appends two products, or a convolution and a product; the first carries the geometry.
  public func lower(
    _ x: ValueID, as role: KernelRole, at place: LoweringPlace, into program: inout ProgramBuilder
  ) throws(LoweringError) -> ValueID {
    let inner = try KernelLowering(place: place, component: "left").apply(
      shape: left.shape, to: x, as: role, into: &program)
    let rightID = KernelLowering(place: place, component: "right").declare(
      [rank, denseShape.last], in: &program)
    return try program.append(.matmul(rightID), inner, origin: place.path)
  }
}
