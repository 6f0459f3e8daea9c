import Tensors

extension Program: CustomStringConvertible {
  /// One line per input, instruction and output, such as
  /// `%3 = conv2d(%2) conv2/kernel : 8×8×32`.
  public var description: String {
    var lines: [String] = []
    for input in inputs {
      lines.append("%\(input.value.rawValue) = input \(input.name) : \(input.shape)")
    }
    for instruction in instructions {
      let operands = instruction.operands.map { "%\($0.rawValue)" }.joined(separator: ", ")
      let names = instruction.operation.parameters.map { parameters[$0.rawValue].name }
      let suffix = names.isEmpty ? "" : " " + names.joined(separator: ", ")
      lines.append(
        "%\(instruction.result.rawValue) = \(instruction.operation.name)(\(operands))"
          + "\(suffix) : \(instruction.shape)")
    }
    lines.append("output " + outputs.map { "%\($0.rawValue)" }.joined(separator: ", "))
    return lines.joined(separator: "\n")
  }
}
