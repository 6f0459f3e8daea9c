import Programs
import Tensors

/// The buffers of one executor, allocated once and reused on every run.
///
/// A kernel takes the array that it writes out of its place and puts it back, so that arrays stay
/// uniquely owned and every access is checked.
final class Workspace {
  private var slots: [[Float]]
  private var scratch: [[Float]] = [[], [], []]
  private var isFresh: [Bool]

  /// Whether every run has the same parameters, so that what is made of them may be kept.
  var keepsParameters = false
  /// The convolution library's objects by step and batch; nil where it has no fast code.
  var libraryConvolutions: [Int: [(batch: Int, made: LibraryConvolution?)]] = [:]
  /// The values of the run under way; empty between runs, so that their owner may change them.
  var parameters: [Tensor] = []
  /// The gradient of every trainable parameter; empty arrays for the others.
  private(set) var gradients: [[Float]]
  /// What a step's forward pass leaves for its backward pass.
  var auxiliary: [[Float]]
  /// The samples of the run under way.
  var batch = 0
  /// What dropout draws from: the run's seed and the position of sample 0 in the whole batch.
  var seed: UInt64 = 0
  /// The position of this workspace's first sample in the whole batch.
  var firstSample = 0
  /// New running statistics by parameter.
  var stateUpdates: [ParameterID: [Float]] = [:]

  private let slotCounts: [Int]
  private let external: Set<Int>
  private let scratchCount: Int
  private let capacity: Int
  private var isAllocated = false

  /// Prepares for `slotCounts[i]` elements per sample in slot i, without allocating them.
  ///
  /// Slots that are `external` hold the caller's arrays.
  init(
    slotCounts: [Int], external: Set<Int>, stepCount: Int, scratchCount: Int, capacity: Int,
    declarations: [ParameterDeclaration], wantsGradients: Bool
  ) {
    self.slotCounts = slotCounts
    self.external = external
    self.scratchCount = scratchCount
    self.capacity = capacity
    slots = [[Float]](repeating: [], count: slotCounts.count)
    gradients = declarations.map { declaration in
      wantsGradients && declaration.isTrainable
        ? [Float](repeating: 0, count: declaration.shape.count) : []
    }
    isFresh = [Bool](repeating: false, count: declarations.count)
    auxiliary = [[Float]](repeating: [], count: stepCount)
  }

  /// Allocates all buffers before the first run.
  ///
  /// - Throws: `.memory` if this machine has less than the activations take.
  func allocate() throws(ExecutionError) {
    guard !isAllocated else { return }
    let needed = slotCounts.reduce(saturating(0, scratchCount, 8)) {
      saturating($0, $1, saturating(0, capacity, 4))
    }
    // The other half is for parameters, data and other programs.
    let available = physicalMemory / 2
    guard needed <= available else { throw .memory(available: available, needed: needed) }
    for index in slotCounts.indices where !external.contains(index) {
      slots[index] = [Float](repeating: 0, count: slotCounts[index] * capacity)
    }
    isAllocated = true
  }

  /// The values of a slot; what lies beyond the batch is stale.
  func values(_ slot: Int) -> [Float] { slots[slot] }

  /// The values of a parameter.
  func parameter(_ id: ParameterID) -> [Float] { parameters[id.rawValue].elements }

  /// Replaces a slot's array by the caller's, which is never written.
  func bind(_ slot: Int, to values: [Float]) { slots[slot] = values }

  /// Lets go of the caller's array.
  func unbind(_ slot: Int) { slots[slot] = [] }

  /// Lets `body` write the first `count` elements of a slot.
  @inline(__always)
  func write<Failure: Error>(
    _ slot: Int, count: Int, _ body: (inout MutableSpan<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    var array: [Float] = []
    swap(&array, &slots[slot])
    if array.count < count {
      array.append(contentsOf: repeatElement(0, count: count - array.count))
    }
    defer { swap(&array, &slots[slot]) }
    var whole = array.mutableSpan
    var span = whole._mutatingExtracting(0..<count)
    try body(&span)
  }

  /// Lets `body` write the first `count` elements of a slot and returns its result.
  func writing<Result>(
    _ slot: Int, count: Int, _ body: (inout MutableSpan<Float>) -> Result
  ) -> Result {
    var array: [Float] = []
    swap(&array, &slots[slot])
    defer { swap(&array, &slots[slot]) }
    var whole = array.mutableSpan
    var span = whole._mutatingExtracting(0..<count)
    return body(&span)
  }

  /// Lets `body` use scratch space that keeps its size between runs; levels 0 to 2 are distinct.
  @inline(__always)
  func withScratch(_ level: Int, count: Int, _ body: (inout MutableSpan<Float>) -> Void) {
    var array: [Float] = []
    swap(&array, &scratch[level])
    if array.count < count { array = [Float](repeating: 0, count: count) }
    defer { swap(&array, &scratch[level]) }
    var whole = array.mutableSpan
    var span = whole._mutatingExtracting(0..<count)
    body(&span)
  }

  // MARK: Gradients

  /// Forgets all parameter gradients; the next write of each replaces it.
  func startGradients() {
    for index in isFresh.indices { isFresh[index] = true }
  }

  /// Zeroes the gradients that no step has written.
  func finishGradients() {
    for index in isFresh.indices where isFresh[index] {
      addGradient(ParameterID(rawValue: index)) { _ in }
    }
  }

  /// Whether an optimiser wants this parameter's gradient.
  func wantsGradient(_ id: ParameterID) -> Bool { !gradients[id.rawValue].isEmpty }

  /// Lets `body` add to a parameter's gradient; where the flag is true what it holds is stale and
  /// must be replaced.
  @inline(__always)
  func writeGradient(
    _ id: ParameterID, _ body: (inout MutableSpan<Float>, Bool) -> Void
  ) {
    guard wantsGradient(id) else { return }
    let replaces = isFresh[id.rawValue]
    isFresh[id.rawValue] = false
    var array: [Float] = []
    swap(&array, &gradients[id.rawValue])
    defer { swap(&array, &gradients[id.rawValue]) }
    var span = array.mutableSpan
    body(&span, replaces)
  }

  /// Lets `body` add to a parameter's gradient, zeroed before its first use.
  @inline(__always)
  func addGradient(_ id: ParameterID, _ body: (inout MutableSpan<Float>) -> Void) {
    writeGradient(id) { span, replaces in
      if replaces { span.fill(0) }
      body(&span)
    }
  }

  /// Lets `body` write an operand's gradient, from nothing: sums are made behind its back.
  @inline(__always)
  func writeOperandGradient(
    _ step: Step, _ operand: Int, _ body: (inout MutableSpan<Float>) -> Void
  ) {
    guard let target = step.operandGradients[operand] else { return }
    let count = step.operandCounts[operand] * batch
    guard target.accumulates else {
      write(target.slot, count: count, body)
      return
    }
    withScratch(0, count: count) { part in
      body(&part)
      let part = part.span
      write(target.slot, count: count) { $0.add(part) }
    }
  }

  /// Lets `body` turn the result's gradient into operand 0's, in place.
  @inline(__always)
  func transformGradient(_ step: Step, _ body: (inout MutableSpan<Float>) -> Void) {
    guard let target = step.operandGradients[0], let source = step.resultGradient else { return }
    let count = step.resultCount * batch
    if target.slot == source {
      write(source, count: count, body)
      return
    }
    let incoming = values(source)
    writeOperandGradient(step, 0) { span in
      span.copy(incoming.span.extracting(0..<count))
      body(&span)
    }
  }

  /// Lets `body` turn operand 0 into the result, in place.
  @inline(__always)
  func transformOperand<Failure: Error>(
    _ step: Step, _ body: (inout MutableSpan<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    let count = step.resultCount * batch
    if step.operands[0] == step.result {
      try write(step.result, count: count, body)
      return
    }
    let operand = values(step.operands[0])
    try write(step.result, count: count) { (span) throws(Failure) in
      span.copy(operand.span.extracting(0..<count))
      try body(&span)
    }
  }
}
