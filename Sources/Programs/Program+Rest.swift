extension Program {
  /// The values that instructions from `position` on read of what stands before them.
  private func crossing(_ position: Int) -> Set<ValueID> {
    let later = instructions[position...]
    let made = Set(later.map(\.result))
    return Set(later.flatMap(\.operands) + outputs).subtracting(made)
  }

  /// The last position at or before `limit` that a single value crosses, and that value; nil if
  /// there is none.
  ///
  /// Whatever is changed after it, the value stays the same and need be computed only once.
  public func narrowPosition(upTo limit: Int) -> (position: Int, value: ValueID)? {
    for position in stride(from: min(limit, instructions.count - 1), through: 0, by: -1) {
      let crossing = crossing(position)
      if crossing.count == 1, let value = crossing.first { return (position, value) }
    }
    return nil
  }

  /// The instructions before a position, with one of their values as the output.
  public func beginning(upTo position: Int, output: ValueID) -> Program {
    Program(
      inputs: inputs, instructions: Array(instructions[..<position]), outputs: [output],
      parameters: parameters, shapes: shapes)
  }

  /// The instructions from a position on, with the value that crosses it as the input.
  public func rest(from position: Int, input: ValueID) -> Program {
    precondition(crossing(position) == [input], "one value crosses the position")
    return Program(
      inputs: [Input(name: "value \(input.rawValue)", value: input, shape: shape(of: input))],
      instructions: Array(instructions[position...]), outputs: outputs, parameters: parameters,
      shapes: shapes)
  }
}
