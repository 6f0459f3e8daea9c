import Programs

/// Combines operands of one shape, or of extent 1 along repeated axes.
///
/// The gradient of a maximum or minimum goes to the first operand that attains it.
struct ElementwiseKernel: Kernel {
  let kind: ElementwiseKind
  /// How each operand is repeated; nil for one of the result's shape.
  let repetitions: [BoxCopy?]

  var traits: KernelTraits {
    let isLinear = kind == .add || kind == .subtract || kind == .average
    return KernelTraits(
      overwritesOperand: isLinear && repetitions[0] == nil,
      gradientReadsOperands: !isLinear, overwritesGradient: false)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    let count = step.resultCount * workspace.batch
    if repetitions[0] != nil {
      withOperand(0, step, workspace) { first in
        workspace.write(step.result, count: count) { $0.copy(first) }
      }
    } else {
      workspace.transformOperand(step) { _ in }
    }
    for operand in step.operands.indices.dropFirst() {
      withOperand(operand, step, workspace) { other in
        workspace.write(step.result, count: count) { y in combine(&y, with: other) }
      }
    }
    if kind == .average, step.operands.count > 1 {
      workspace.write(step.result, count: count) { $0.scale(1 / Float(step.operands.count)) }
    }
  }

  @inline(__always)
  private func combine(_ y: inout MutableSpan<Float>, with other: Span<Float>) {
    switch kind {
    case .add, .average: y.add(other)
    case .subtract: y.map(other) { $0 - $1 }
    case .multiply: y.multiply(other)
    case .maximum: y.map(other) { $1 > $0 ? $1 : $0 }
    case .minimum: y.map(other) { $1 < $0 ? $1 : $0 }
    }
  }

  /// Lends the elements of an operand, repeated to the result's shape.
  @inline(__always)
  private func withOperand(
    _ operand: Int, _ step: Step, _ workspace: Workspace, level: Int = 1,
    _ body: (Span<Float>) -> Void
  ) {
    let count = step.resultCount
    let values = workspace.values(step.operands[operand])
    guard let repetition = repetitions[operand] else {
      body(values.span.extracting(0..<count * workspace.batch))
      return
    }
    let own = step.operandCounts[operand]
    workspace.withScratch(level, count: count * workspace.batch) { expanded in
      for sample in 0..<workspace.batch {
        var part = expanded._mutatingExtracting(sample * count..<(sample + 1) * count)
        repetition.copy(values.span.extracting(sample * own..<(sample + 1) * own), to: &part)
      }
      body(expanded.span)
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let count = step.resultCount
    let all = count * workspace.batch
    let d = workspace.values(gradient)
    for operand in step.operands.indices where step.operandGradients[operand] != nil {
      guard let repetition = repetitions[operand] else {
        workspace.writeOperandGradient(step, operand) { dx in
          dx.copy(d.span.extracting(0..<all))
          differentiate(operand, step, workspace, &dx)
        }
        continue
      }
      let own = step.operandCounts[operand]
      workspace.writeOperandGradient(step, operand) { dx in
        dx.fill(0)
        var full = [Float](repeating: 0, count: all)
        var span = full.mutableSpan
        span.copy(d.span.extracting(0..<all))
        differentiate(operand, step, workspace, &span)
        for sample in 0..<workspace.batch {
          var part = dx._mutatingExtracting(sample * own..<(sample + 1) * own)
          repetition.addBack(
            full.span.extracting(sample * count..<(sample + 1) * count), to: &part)
        }
      }
    }
  }

  /// Multiplies the incoming gradient by the derivative in one operand.
  private func differentiate(
    _ operand: Int, _ step: Step, _ workspace: Workspace, _ d: inout MutableSpan<Float>
  ) {
    switch kind {
    case .add: break
    case .subtract: if operand == 1 { d.scale(-1) }
    case .average: d.scale(1 / Float(step.operands.count))
    case .multiply:
      for other in step.operands.indices where other != operand {
        withOperand(other, step, workspace) { d.multiply($0) }
      }
    case .maximum, .minimum:
      // An operand wins against earlier ones strictly, against later ones also when equal.
      withOperand(operand, step, workspace, level: 2) { own in
        for other in step.operands.indices where other != operand {
          let isEarlier = other < operand
          withOperand(other, step, workspace) { rival in
            for index in d.indices {
              let (a, b) =
                kind == .maximum ? (own[index], rival[index]) : (rival[index], own[index])
              let wins = isEarlier ? a > b : a >= b
              let value = d[index]
              d[index] = wins ? value : 0
            }
          }
        }
      }
    }
  }
}
