import Models
import Tensors

extension Tensor {
  /// The slices at `positions` along an axis.
  func selecting(_ positions: [Int], axis: Int) -> Tensor {
    let before = shape.extents[..<axis].reduce(1, *)
    let after = shape.extents[(axis + 1)...].reduce(1, *)
    let extent = shape[axis]
    var result: [Float] = []
    result.reserveCapacity(before * positions.count * after)
    for block in 0..<before {
      for position in positions {
        let start = (block * extent + position) * after
        result.append(contentsOf: elements[start..<start + after])
      }
    }
    var extents = shape.extents
    extents[axis] = positions.count
    return Tensor(shape: Shape(extents), elements: result)
  }
}

extension Weight {
  /// The weight without all outputs but those at `positions`; its error is no longer known.
  func keepingOutputs(_ positions: [Int]) throws -> Weight {
    let shape = Shape(denseShape.extents.dropLast() + [positions.count])
    switch self {
    case .dense(let form):
      return Weight(try selected(form.parameter, positions, form.parameter.shape.order - 1))
    case .lowRank(let form):
      return .lowRank(
        try LowRankForm(
          denseShape: shape, left: form.left,
          right: try selected(form.right, positions, form.right.shape.order - 1),
          record: stale(form.record)))
    case .tucker2(let form):
      return .tucker2(
        try Tucker2Form(
          denseShape: shape, inputFactor: form.inputFactor, core: form.core,
          outputFactor: try selected(
            form.outputFactor, positions, form.outputFactor.shape.order - 1),
          record: stale(form.record)))
    case .tensorised(let form):
      let components = try form.components.map { component in
        component.name == "right"
          ? Component("right", try selected(component.parameter, positions, 1)) : component
      }
      return try Weight(
        kind: .tensorised, denseShape: shape, components: components,
        record: stale(form.record))
    }
  }

  /// The weight without all input channels but those at `positions`, which repeat `repeats` times.
  ///
  /// nil for a form that cannot lose single inputs.
  func keepingInputs(_ positions: [Int], repeats: Int) throws -> Weight? {
    let axis = denseShape.order - 2
    let channels = denseShape[axis] / max(repeats, 1)
    let rows = (0..<repeats).flatMap { block in positions.map { block * channels + $0 } }
    var extents = denseShape.extents
    extents[axis] = rows.count
    let shape = Shape(extents)
    switch self {
    case .dense(let form): return Weight(try selected(form.parameter, rows, axis))
    case .lowRank(let form):
      return .lowRank(
        try LowRankForm(
          denseShape: shape, left: try selected(form.left, rows, axis), right: form.right,
          record: stale(form.record)))
    case .tucker2(let form):
      return .tucker2(
        try Tucker2Form(
          denseShape: shape, inputFactor: try selected(form.inputFactor, rows, axis),
          core: form.core, outputFactor: form.outputFactor, record: stale(form.record)))
    case .tensorised: return nil
    }
  }

  private func selected(
    _ parameter: Parameter, _ positions: [Int], _ axis: Int
  ) throws -> Parameter {
    let tensor = try parameter.tensor().selecting(positions, axis: axis)
    let type = parameter.scalarType.isFloatingPoint ? parameter.scalarType : .float32
    var result = Parameter(tensor, as: type)
    result.isMasked = parameter.isMasked
    return result
  }

  /// What is still true of a factorisation after channels went: nothing about its spectrum.
  private func stale(_ record: FactorizationRecord) -> FactorizationRecord {
    FactorizationRecord(basis: .weighted, route: record.route.map { "\($0), channels removed" })
  }
}
