import Programs

/// Which int8 values share one scale, and what that means for clips.
///
/// A clip of int8 costs nothing where the range of the codes is the clip: relu's codes start at 0.
/// A scale group has the range of all its values together, which may reach beyond that.
extension DeviceLowering {
  /// Joins the values that take over each other's codes.
  ///
  /// Done before anything is lowered, for a clip depends on values that are made after it.
  mutating func findScaleGroups() {
    for entry in draft.entries where keepsCodes(entry) {
      for operand in entry.instruction.operands { join(operand, entry.result) }
    }
    func widen(_ value: ValueID, by bounds: ClosedRange<Float>) {
      let group = device.scaleGroup(of: draft.root(value))
      let old = scaleBounds[group] ?? bounds
      scaleBounds[group] =
        min(old.lowerBound, bounds.lowerBound)...max(old.upperBound, bounds.upperBound)
    }
    let unlimited = -Float.infinity...Float.infinity
    for input in device.program.inputs { widen(input.value, by: unlimited) }
    for entry in draft.entries {
      if !keepsCodes(entry) {
        widen(entry.result, by: entry.bounds ?? unlimited)
      } else if case .pad(_, let value) = entry.instruction.operation, value.isFinite {
        widen(entry.result, by: value...value)
      }
    }
  }

  /// Whether the codes of an int8 entry's result are codes of its operands, or between them.
  private func keepsCodes(_ entry: ProgramDraft.Entry) -> Bool {
    guard entry.isQuantized else { return false }
    switch entry.instruction.operation {
    case .pool2D, .globalPool, .concatenate, .pad, .crop, .upsample, .repeatVector, .transpose,
      .selectLast:
      return true
    case .elementwise: return entry.instruction.operands.count == 1
    default: return false
    }
  }

  private mutating func join(_ left: ValueID, _ right: ValueID) {
    let roots = (device.scaleGroup(of: draft.root(left)), device.scaleGroup(of: draft.root(right)))
    if roots.0 != roots.1 { device.scaleGroups[roots.1] = roots.0 }
  }

  /// Appends the clip of an entry, unless the range of its int8 result is that clip.
  mutating func clip(_ entry: ProgramDraft.Entry, _ value: Int) {
    guard let function = entry.clipping else { return }
    let origin = entry.instruction.origin
    let quantized = device.values[value].isQuantized
    if quantized, let bounds = entry.bounds,
      scaleBounds[device.scaleGroup(of: draft.root(entry.result))] == bounds
    {
      return
    }
    let result = newValue(device.values[value].shape, quantized: quantized, source: entry.result)
    if quantized {
      lookup(function, origin, value, result)
    } else {
      append(.activation(function), origin, [value], result)
    }
    replaceResult(of: entry, by: result)
  }
}

extension ProgramDraft.Entry {
  /// What a clip leaves: 0 … maximum; nil where the result is not clipped.
  fileprivate var bounds: ClosedRange<Float>? {
    var function = clipping
    if case .activation(let own) = instruction.operation, own.isClipping { function = own }
    guard case .relu(let maximum, _, _) = function else { return nil }
    return 0...(maximum ?? .infinity)
  }
}
