import Programs

extension DeviceOperation {
  /// Whether the result may take the place of operand 0.
  var overwritesOperand: Bool {
    switch self {
    case .channels, .activation, .lookup, .rowwise, .prelu, .combine, .layerNorm, .groupNorm,
      .l2Normalize:
      true
    default: false
    }
  }
}

extension DeviceProgram {
  /// Decides where every value lies: in place where that is allowed, the rest by lifetime.
  mutating func planMemory() {
    var first = [Int](repeating: Int.max, count: values.count)
    var last = [Int](repeating: -1, count: values.count)
    for (index, step) in steps.enumerated() {
      first[step.result] = min(first[step.result], index)
      last[step.result] = max(last[step.result], index)
      for operand in step.operands { last[operand] = index }
    }
    for (index, value) in values.enumerated() {
      if case .output = value.place { last[index] = steps.count }
    }
    // Values that share their memory, by the first of them.
    var owner = Array(values.indices)
    for (index, step) in steps.enumerated() where step.operation.overwritesOperand {
      let operand = step.operands[0]
      guard last[operand] == index, case .arena = values[operand].place,
        values[operand].byteCount == values[step.result].byteCount,
        !step.operands.dropFirst().contains(operand)
      else { continue }
      owner[step.result] = owner[operand]
    }
    var outputs: [Int: Place] = [:]
    for (index, value) in values.enumerated() {
      if case .output = value.place { outputs[owner[index]] = value.place }
    }
    var buffers: [BufferLayout.Buffer] = []
    var owners: [Int] = []
    for index in values.indices where owner[index] == index && last[index] >= 0 {
      guard case .arena = values[index].place, outputs[index] == nil else { continue }
      let members = values.indices.filter { owner[$0] == index }
      let start = members.map { first[$0] }.min() ?? 0
      let end = members.map { last[$0] }.max() ?? 0
      owners.append(index)
      buffers.append(
        BufferLayout.Buffer(
          byteCount: (values[index].byteCount + 3) / 4 * 4, lifetime: start...max(start, end)))
    }
    let layout = BufferLayout(buffers, alignment: 4)
    arenaByteCount = layout.byteCount
    let offsets = Dictionary(uniqueKeysWithValues: zip(owners, layout.offsets))
    for index in values.indices {
      guard case .arena = values[index].place else { continue }
      if let output = outputs[owner[index]] {
        values[index].place = output
      } else if let offset = offsets[owner[index]] {
        values[index].place = .arena(offset)
      }
    }
  }
}
