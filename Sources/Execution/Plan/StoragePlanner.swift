import Programs
import Tensors

/// Assigns storage to values and gradients by lifetime.
///
/// Time runs 0 … n − 1 over the forward steps, n while the caller fills the seeds' gradients, and
/// step i's backward pass is at 2n − i. What is alive at one time never shares storage.
struct StoragePlanner {
  /// One array: when it is in use, and the elements per sample that it must hold.
  private struct Storage {
    var start: Int
    var end: Int
    var count: Int
    var isExternal = false
  }

  private let draft: PlanDraft
  private let steps: [DraftStep]
  private let forever: Int
  private var storages: [Storage] = []
  private var valueStorage: [ValueID: Int] = [:]
  private var gradientStorage: [ValueID: Int] = [:]
  private var valueEnd: [ValueID: Int] = [:]
  private var accumulates: [[Bool]]
  private var needsGradient: Set<ValueID> = []
  private var gradientReaches: Set<ValueID> = []

  init(_ draft: PlanDraft) {
    self.draft = draft
    steps = draft.steps
    forever = 2 * draft.steps.count + 1
    accumulates = draft.steps.map { [Bool](repeating: false, count: $0.operands.count) }
  }

  /// The finished plan.
  static func plan(_ program: Program, _ purpose: ExecutionPlan.Purpose) -> ExecutionPlan {
    var planner = StoragePlanner(PlanDraft(program, purpose))
    planner.findGradientPaths()
    planner.findLastUses()
    planner.placeValues()
    planner.placeGradients()
    return planner.finished()
  }

  private var program: Program { draft.program }
  private var seeds: [ValueID] { draft.purpose.seeds }
  private func backwardTime(_ step: Int) -> Int { 2 * steps.count - step }
  private func count(_ value: ValueID) -> Int { program.shape(of: value).count }

  /// Finds the values that a trainable parameter influences and that influence a seed.
  private mutating func findGradientPaths() {
    guard draft.purpose.isTraining else { return }
    needsGradient = Set(draft.purpose.retainedGradients)
    for step in steps {
      let isFed = step.operands.contains(where: needsGradient.contains)
      if isFed || trains(step) { needsGradient.insert(step.result) }
    }
    gradientReaches = Set(seeds)
    for step in steps.reversed() where gradientReaches.contains(step.result) {
      gradientReaches.formUnion(step.operands)
    }
  }

  /// Whether a step's own parameters, fused ones included, are trained.
  private func trains(_ step: DraftStep) -> Bool {
    var parts: [Operation] = []
    var value = step.result
    // Walk back over what was fused: from the result to the product that reads the operands.
    while let instruction = program.instructions.first(where: { $0.result == value }) {
      parts.append(instruction.operation)
      if instruction.operands == step.operands { break }
      value = instruction.operands[0]
    }
    return parts.contains { part in
      part.parameters.contains { program.parameters[$0.rawValue].isTrainable }
    }
  }

  private func flows(to value: ValueID) -> Bool {
    needsGradient.contains(value) && gradientReaches.contains(value)
  }

  private mutating func findLastUses() {
    for (index, step) in steps.enumerated() {
      let traits = step.kernel.traits
      let runsBackward = flows(to: step.result)
      for operand in step.operands {
        let time = runsBackward && traits.gradientReadsOperands ? backwardTime(index) : index
        valueEnd[operand] = max(valueEnd[operand] ?? 0, time)
      }
      if runsBackward, traits.gradientReadsResult {
        valueEnd[step.result] = max(valueEnd[step.result] ?? 0, backwardTime(index))
      }
    }
    for value in draft.kept { valueEnd[value] = forever }
    // An alias keeps its operand's storage in use.
    for step in steps.reversed() where step.kernel.traits.isAlias {
      let end = max(valueEnd[step.operands[0]] ?? 0, valueEnd[step.result] ?? 0)
      valueEnd[step.operands[0]] = end
    }
  }

  private mutating func placeValues() {
    for input in program.inputs {
      valueStorage[input.value] = storages.count
      storages.append(
        Storage(start: 0, end: forever, count: count(input.value), isExternal: true))
    }
    for (index, step) in steps.enumerated() {
      let end = max(valueEnd[step.result] ?? 0, index)
      let first = valueStorage[step.operands[0]] ?? 0
      if step.kernel.traits.isAlias {
        storages[first].end = max(storages[first].end, end)
        valueStorage[step.result] = first
        continue
      }
      let others = step.operands.dropFirst().compactMap { valueStorage[$0] }
      if step.kernel.traits.overwritesOperand, storages[first].end <= index,
        !storages[first].isExternal, !others.contains(first),
        storages[first].count == count(step.result)
      {
        storages[first].end = end
        valueStorage[step.result] = first
        continue
      }
      valueStorage[step.result] = storages.count
      storages.append(Storage(start: index, end: end, count: count(step.result)))
    }
  }

  private mutating func placeGradients() {
    guard draft.purpose.isTraining else { return }
    var contributions: [ValueID: Int] = [:]
    for step in steps where flows(to: step.result) {
      for operand in step.operands { contributions[operand, default: 0] += 1 }
    }
    for seed in Set(seeds) { contributions[seed, default: 0] += 1 }
    let keptGradients = Set(draft.purpose.retainedGradients)
    for seed in seeds where gradientStorage[seed] == nil {
      gradientStorage[seed] = storages.count
      storages.append(Storage(start: steps.count, end: steps.count, count: count(seed)))
    }
    for (index, step) in steps.enumerated().reversed() where flows(to: step.result) {
      guard let own = gradientStorage[step.result] else { continue }
      let time = backwardTime(index)
      storages[own].end = max(
        storages[own].end, keptGradients.contains(step.result) ? forever : time)
      for (position, operand) in step.operands.enumerated() where flows(to: operand) {
        if let existing = gradientStorage[operand] {
          accumulates[index][position] = true
          storages[existing].end = max(storages[existing].end, time)
        } else if position == 0, step.kernel.traits.overwritesGradient,
          contributions[operand] == 1, storages[own].end == time,
          !step.operands.dropFirst().contains(operand), count(operand) == storages[own].count
        {
          gradientStorage[operand] = own
        } else {
          gradientStorage[operand] = storages.count
          storages.append(Storage(start: time, end: time, count: count(operand)))
        }
        if keptGradients.contains(operand), let storage = gradientStorage[operand] {
          storages[storage].end = forever
        }
      }
    }
  }

  /// Packs storages into slots: each takes the best-fitting slot that is free at its start.
  private func packed() -> (slot: [Int], counts: [Int]) {
    var slot = [Int](repeating: -1, count: storages.count)
    var counts: [Int] = []
    var busyUntil: [Int] = []
    let order = storages.indices.sorted {
      (storages[$0].start, $0) < (storages[$1].start, $1)
    }
    for index in order {
      let storage = storages[index]
      let free = counts.indices.filter { busyUntil[$0] < storage.start }
      let fitting = free.filter { counts[$0] >= storage.count }
        .min { (counts[$0], $0) < (counts[$1], $1) }
      let largest = free.max { (counts[$0], $0) < (counts[$1], $1) }
      if !storage.isExternal, let chosen = fitting ?? largest {
        counts[chosen] = max(counts[chosen], storage.count)
        busyUntil[chosen] = storage.end
        slot[index] = chosen
      } else {
        slot[index] = counts.count
        counts.append(storage.count)
        busyUntil.append(storage.end)
      }
    }
    return (slot, counts)
  }

  private func finished() -> ExecutionPlan {
    let (slot, counts) = packed()
    let final = steps.enumerated().map { index, step in
      Step(
        kernel: step.kernel, origin: step.origin, index: index,
        operands: step.operands.map { slot[valueStorage[$0] ?? 0] },
        operandCounts: step.operands.map(count), result: slot[valueStorage[step.result] ?? 0],
        resultCount: count(step.result),
        resultGradient: flows(to: step.result)
          ? gradientStorage[step.result].map { slot[$0] } : nil,
        operandGradients: step.operands.enumerated().map { position, operand in
          guard flows(to: step.result), flows(to: operand), let storage = gradientStorage[operand]
          else { return nil }
          return GradientTarget(slot: slot[storage], accumulates: accumulates[index][position])
        })
    }
    let keptGradients = Set(seeds + draft.purpose.retainedGradients)
    return ExecutionPlan(
      program: program, purpose: draft.purpose, steps: final, slotCounts: counts,
      inputSlots: program.inputs.map { slot[valueStorage[$0.value] ?? 0] },
      valueSlots: Dictionary(
        uniqueKeysWithValues: draft.kept.compactMap { value in
          valueStorage[value].map { (value, slot[$0]) }
        }),
      gradientSlots: Dictionary(
        uniqueKeysWithValues: keptGradients.compactMap { value in
          gradientStorage[value].map { (value, slot[$0]) }
        }))
  }
}
