import Programs
import Tensors

/// A program compiled for one purpose: kernels in order, and where every value is stored.
///
/// Bias and activation are fused into the product before them; values share storage where their
/// lifetimes allow. Building a plan touches no values.
struct ExecutionPlan: Sendable {
  /// What a plan must be able to do.
  struct Purpose: Sendable {
    /// Whether dropout and batch statistics are in force and gradients are computed.
    var isTraining: Bool
    /// The values whose gradients the caller supplies.
    var seeds: [ValueID] = []
    /// Values to keep besides the outputs and seeds.
    var retained: [ValueID] = []
    /// Values whose gradients to keep.
    var retainedGradients: [ValueID] = []
  }

  let program: Program
  let purpose: Purpose
  /// The kernels in forward order.
  let steps: [Step]
  /// Elements per sample of every storage.
  let slotCounts: [Int]
  /// The storages that hold the caller's inputs.
  let inputSlots: [Int]
  /// The storage of each kept value.
  let valueSlots: [ValueID: Int]
  /// The storage of each kept gradient; seeds are among them.
  let gradientSlots: [ValueID: Int]

  /// Bytes of all storages for one sample.
  var bytesPerSample: Int { slotCounts.reduce(0) { saturating($0, $1, 4) } }
}

/// One kernel before storage is assigned, by values.
struct DraftStep {
  var kernel: any Kernel
  var origin: String
  var operands: [ValueID]
  var result: ValueID
}

/// Fuses and prunes a program's instructions into kernels.
struct PlanDraft {
  let program: Program
  let purpose: ExecutionPlan.Purpose
  /// Values that must exist under their own name.
  let kept: Set<ValueID>
  private(set) var steps: [DraftStep] = []

  init(_ program: Program, _ purpose: ExecutionPlan.Purpose) {
    self.program = program
    self.purpose = purpose
    kept = Set(program.outputs + purpose.seeds + purpose.retained + purpose.retainedGradients)
    let needed = neededInstructions()
    let readers = readers(among: needed)
    let selection = KernelSelection(program: program, isTraining: purpose.isTraining)
    var fused: Set<Int> = []
    for index in needed where !fused.contains(index) {
      let instruction = program.instructions[index]
      var epilogue = Epilogue()
      var last = instruction
      if isProduct(instruction) {
        while let next = soleReader(of: last.result, readers),
          absorb(program.instructions[next], into: &epilogue)
        {
          fused.insert(next)
          last = program.instructions[next]
        }
      }
      steps.append(
        DraftStep(
          kernel: selection.kernel(for: instruction, epilogue: epilogue),
          origin: instruction.origin, operands: instruction.operands, result: last.result))
    }
  }

  /// The instructions that some kept value depends on, in order.
  private func neededInstructions() -> [Int] {
    var wanted = kept
    var needed: [Int] = []
    for index in program.instructions.indices.reversed()
    where wanted.contains(program.instructions[index].result) {
      needed.append(index)
      wanted.formUnion(program.instructions[index].operands)
    }
    return needed.reversed()
  }

  private func readers(among needed: [Int]) -> [ValueID: [Int]] {
    var readers: [ValueID: [Int]] = [:]
    for index in needed {
      for operand in program.instructions[index].operands {
        readers[operand, default: []].append(index)
      }
    }
    return readers
  }

  private func soleReader(of value: ValueID, _ readers: [ValueID: [Int]]) -> Int? {
    guard !kept.contains(value), let all = readers[value], all.count == 1 else { return nil }
    return all[0]
  }

  private func isProduct(_ instruction: Instruction) -> Bool {
    switch instruction.operation {
    case .matmul, .conv2D, .depthwiseConv2D, .convTranspose2D: true
    case .modeProduct(_, let axis):
      axis == program.shape(of: instruction.operands[0]).order - 1
    default: false
    }
  }

  private func absorb(_ next: Instruction, into epilogue: inout Epilogue) -> Bool {
    guard epilogue.activation == nil else { return false }
    switch next.operation {
    case .addBias(let id) where epilogue.bias == nil && epilogue.norm == nil:
      epilogue.bias = id
      return true
    case .batchNorm(let gamma, let beta, let mean, let variance, let epsilon, let momentum):
      guard !purpose.isTraining, epilogue.norm == nil else { return false }
      epilogue.norm = BatchNormParameters(
        gamma: gamma, beta: beta, mean: mean, variance: variance, epsilon: epsilon,
        momentum: momentum ?? 1, channels: next.shape.last)
      return true
    case .activation(let function):
      // A fused derivative overwrites the result's gradient.
      guard !function.isRowwise, !purpose.retainedGradients.contains(next.result),
        !purpose.isTraining || function.derivativeNeedsOnlyResult
      else { return false }
      epilogue.activation = function
      return true
    default: return false
    }
  }
}
