import Programs
import Tensors

/// A program's instructions with the per-channel maps after products taken together.
struct ProgramDraft {
  /// One instruction and what is done with its result at once.
  struct Entry {
    var instruction: Instruction
    /// For products: the per-channel operations behind them.
    var map: ChannelMap
    /// In int8: a clipping activation, which the result's range may express.
    var clipping: ActivationFunction?
    var result: ValueID
    var isProduct: Bool
    /// Whether it can run on int8 values.
    var canQuantize: Bool
    /// Whether it does.
    var isQuantized = false
  }

  let program: Program
  private(set) var entries: [Entry] = []
  /// The value that holds a value's elements, where it is only another shape of it.
  private(set) var aliases: [ValueID: ValueID] = [:]

  init(_ program: Program, quantized: Bool) {
    self.program = program
    var readers: [ValueID: [Int]] = [:]
    for (index, instruction) in program.instructions.enumerated() {
      for operand in instruction.operands { readers[operand, default: []].append(index) }
    }
    let outputs = Set(program.outputs)
    func soleReader(_ value: ValueID) -> Instruction? {
      guard !outputs.contains(value), let all = readers[value], all.count == 1 else { return nil }
      return program.instructions[all[0]]
    }
    var taken: Set<ValueID> = []
    for instruction in program.instructions where !taken.contains(instruction.result) {
      if ProgramDraft.isAlias(instruction.operation) {
        aliases[instruction.result] = instruction.operands[0]
        continue
      }
      let isProduct = ProgramDraft.isProduct(instruction.operation)
      let startsMap = ChannelMap.holds(instruction.operation)
      var entry = Entry(
        instruction: instruction, map: ChannelMap(channels: instruction.shape.last),
        clipping: nil, result: instruction.result, isProduct: isProduct,
        canQuantize: ProgramDraft.canQuantize(instruction))
      if startsMap { entry.map.operations = [instruction.operation] }
      if isProduct || startsMap, !ProgramDraft.changesOtherAxis(instruction, program) {
        while let next = soleReader(entry.result), ChannelMap.holds(next.operation) {
          entry.map.operations.append(next.operation)
          entry.result = next.result
          taken.insert(next.result)
        }
        if quantized, let next = soleReader(entry.result),
          case .activation(let function) = next.operation, function.isClipping
        {
          entry.clipping = function
          entry.result = next.result
          taken.insert(next.result)
        }
      }
      entries.append(entry)
    }
    if quantized { chooseQuantized() }
  }

  /// The value that holds a value's elements.
  func root(_ value: ValueID) -> ValueID {
    var root = value
    while let next = aliases[root] { root = next }
    return root
  }

  /// Products run on int8, and so does what leads from one to the next.
  private mutating func chooseQuantized() {
    var wanted: Set<ValueID> = []
    for index in entries.indices.reversed() {
      let entry = entries[index]
      entries[index].isQuantized =
        entry.canQuantize && (entry.isProduct || wanted.contains(entry.result))
      if entries[index].isQuantized {
        wanted.formUnion(entry.instruction.operands.map(root))
      }
    }
  }

  private static func isAlias(_ operation: Operation) -> Bool {
    switch operation {
    case .reshape, .dropout, .activation(.linear): true
    default: false
    }
  }

  private static func isProduct(_ operation: Operation) -> Bool {
    switch operation {
    case .matmul, .modeProduct, .conv2D, .depthwiseConv2D, .convTranspose2D: true
    default: false
    }
  }

  /// A mode product over an axis that is not the last: what follows is no map of its results.
  private static func changesOtherAxis(_ instruction: Instruction, _ program: Program) -> Bool {
    guard case .modeProduct(_, let axis) = instruction.operation else { return false }
    return axis != program.shape(of: instruction.operands[0]).order - 1
  }

  private static func canQuantize(_ instruction: Instruction) -> Bool {
    switch instruction.operation {
    // A partial sum could lie outside the result's range.
    case .elementwise: instruction.operands.count <= 2
    case .matmul, .modeProduct, .conv2D, .depthwiseConv2D, .pool2D, .globalPool, .concatenate, .pad,
      .crop, .repeatVector, .transpose, .upsample(_, _, .nearest),
      .selectLast, .addBias, .scale, .affine, .batchNorm:
      true
    case .activation(let function): !function.isRowwise
    default: false
    }
  }
}

extension ActivationFunction {
  /// Whether the function only limits its argument to 0 … maximum.
  var isClipping: Bool {
    if case .relu(let maximum, let slope, let threshold) = self {
      return slope == 0 && threshold == 0 && maximum ?? 0 >= 0
    }
    return false
  }
}
