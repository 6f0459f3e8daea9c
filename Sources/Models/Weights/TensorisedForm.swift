public import Programs
public import Tensors

/// A Dense kernel behind a flattened feature map, factorised along the map's own axes.
///
/// K [h·w·c × m] is seen as [h × w × c × m]. Each spatial axis is projected first, z = P_hᵀ X P_w
/// with `height_factor` P_h [h × a] and `width_factor` P_w [w × b] (and `channel_factor`
/// P_c [c × p] where stored); then z, flattened to a·b·p, meets `left` [a·b·p × r] and
/// `right` [r × m].
public struct TensorisedForm: WeightForm {
  /// The form's name.
  public static var kind: Weight.Kind { .tensorised }
  /// The shape of the kernel it stands for, [h·w·c × m].
  public let denseShape: Shape
  /// P_h, [h × a].
  public let heightFactor: Parameter
  /// P_w, [w × b].
  public let widthFactor: Parameter
  /// P_c, [c × p]; nil leaves the channels as they are.
  public let channelFactor: Parameter?
  /// The projected kernel's left factor, [a·b·p × r].
  public let left: Parameter
  /// Its right factor, [r × m].
  public let right: Parameter
  /// Error and spectra.
  public var record: FactorizationRecord
  private let channels: Int

  /// Rebuilds the form from its components; `channel_factor` may be absent.
  public init(denseShape: Shape, components: [Component], record: FactorizationRecord?)
    throws(WeightFormError)
  {
    guard denseShape.order == 2 else {
      throw WeightFormError("a tensorised weight needs 2 axes, found [\(denseShape)]")
    }
    var reader = ComponentReader(components)
    heightFactor = try reader.take("height_factor", shape: [nil, nil])
    widthFactor = try reader.take("width_factor", shape: [nil, nil])
    let (pixels, overflow) = heightFactor.shape[0].multipliedReportingOverflow(
      by: widthFactor.shape[0])
    guard !overflow, pixels > 0, denseShape[0] % pixels == 0 else {
      throw WeightFormError(
        "\(heightFactor.shape[0])×\(widthFactor.shape[0]) does not divide \(denseShape[0]) inputs")
    }
    channels = denseShape[0] / pixels
    channelFactor =
      reader.contains("channel_factor")
      ? try reader.take("channel_factor", shape: [channels, nil]) : nil
    let projected = [
      heightFactor.shape.last, widthFactor.shape.last, channelFactor?.shape.last ?? channels,
    ]
    guard let inputs = Shape.elementCount(of: projected), inputs > 0 else {
      throw WeightFormError("ranks \(projected) are out of range")
    }
    left = try reader.take("left", shape: [inputs, nil])
    right = try reader.take("right", shape: [left.shape.last, denseShape[1]])
    try reader.finish()
    guard left.shape.last > 0 else { throw WeightFormError("rank 0") }
    self.denseShape = denseShape
    self.record = record ?? FactorizationRecord()
  }

  /// The map's axes: height, width, channels.
  public var mapShape: Shape { [heightFactor.shape[0], widthFactor.shape[0], channels] }
  /// a, b, (p,) r.
  public var ranks: [Int] {
    [heightFactor.shape.last, widthFactor.shape.last]
      + (channelFactor.map { [$0.shape.last] } ?? []) + [left.shape.last]
  }
  /// The factors, in the order in which they run.
  public var components: [Component] {
    [Component("height_factor", heightFactor), Component("width_factor", widthFactor)]
      + (channelFactor.map { [Component("channel_factor", $0)] } ?? [])
      + [Component("left", left), Component("right", right)]
  }

  /// Appends the mode products and the two matrix products.
  public func lower(
    _ x: ValueID, as role: KernelRole, at place: LoweringPlace, into program: inout ProgramBuilder
  ) throws(LoweringError) -> ValueID {
    guard role == .dense else {
      throw LoweringError.unsupported(
        origin: place.path, reason: "a tensorised form serves Dense layers only")
    }
    var value = try program.append(.reshape(mapShape), x, origin: place.path)
    let modes = [("height_factor", heightFactor), ("width_factor", widthFactor)]
    for (axis, (name, factor)) in modes.enumerated() {
      let id = KernelLowering(place: place, component: name).declare(factor.shape, in: &program)
      value = try program.append(.modeProduct(id, axis: axis), value, origin: place.path)
    }
    if let channelFactor {
      let id = KernelLowering(place: place, component: "channel_factor").declare(
        channelFactor.shape, in: &program)
      value = try program.append(.modeProduct(id, axis: 2), value, origin: place.path)
    }
    value = try program.append(.reshape([left.shape[0]]), value, origin: place.path)
    for (name, factor) in [("left", left), ("right", right)] {
      let id = KernelLowering(place: place, component: name).declare(factor.shape, in: &program)
      value = try program.append(.matmul(id), value, origin: place.path)
    }
    return value
  }
}
