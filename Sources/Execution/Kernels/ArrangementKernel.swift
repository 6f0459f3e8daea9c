import Programs

/// Moves elements without changing them: padding, cropping, transposing, joining, repeating.
///
/// The gradient moves them back, adding where an element was repeated.
struct ArrangementKernel: Kernel {
  /// Where each operand's elements go, per sample.
  let copies: [BoxCopy]
  /// What the elements that no operand fills hold; nil where all are filled.
  let background: Float?

  var traits: KernelTraits { KernelTraits() }

  func forward(_ step: Step, _ workspace: Workspace) {
    let count = step.resultCount
    for (operand, copy) in copies.enumerated() {
      let own = step.operandCounts[operand]
      let values = workspace.values(step.operands[operand])
      workspace.write(step.result, count: count * workspace.batch) { y in
        if operand == 0, let background { y.fill(background) }
        for sample in 0..<workspace.batch {
          var part = y._mutatingExtracting(sample * count..<(sample + 1) * count)
          copy.copy(values.span.extracting(sample * own..<(sample + 1) * own), to: &part)
        }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let count = step.resultCount
    let d = workspace.values(gradient)
    for (operand, copy) in copies.enumerated() {
      let own = step.operandCounts[operand]
      workspace.writeOperandGradient(step, operand) { dx in
        dx.fill(0)
        for sample in 0..<workspace.batch {
          var part = dx._mutatingExtracting(sample * own..<(sample + 1) * own)
          copy.addBack(d.span.extracting(sample * count..<(sample + 1) * count), to: &part)
        }
      }
    }
  }
}

/// Picks entries of the last axis.
struct SelectionKernel: Kernel {
  let indices: [Int]
  let width: Int

  var traits: KernelTraits { KernelTraits() }

  func forward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    workspace.write(step.result, count: step.resultCount * workspace.batch) { y in
      let rows = y.count / indices.count
      for row in 0..<rows {
        let source = x.span.extracting(row * width..<(row + 1) * width)
        var target = y._mutatingExtracting(row * indices.count..<(row + 1) * indices.count)
        for (position, index) in indices.enumerated() { target[position] = source[index] }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let d = workspace.values(gradient)
    workspace.writeOperandGradient(step, 0) { dx in
      dx.fill(0)
      let rows = dx.count / width
      for row in 0..<rows {
        let source = d.span.extracting(row * indices.count..<(row + 1) * indices.count)
        var target = dx._mutatingExtracting(row * width..<(row + 1) * width)
        for (position, index) in indices.enumerated() { target[index] += source[position] }
      }
    }
  }
}

/// Rows of a table looked up by the operand's values, which have no gradient.
struct EmbeddingKernel: Kernel {
  let table: ParameterID
  let entries: Int
  let width: Int

  var traits: KernelTraits { KernelTraits(gradientReadsOperands: true) }

  func forward(_ step: Step, _ workspace: Workspace) throws(ExecutionError) {
    let x = workspace.values(step.operands[0])
    let rows = workspace.parameter(table)
    try workspace.write(step.result, count: step.resultCount * workspace.batch) {
      (y) throws(ExecutionError) in
      for position in 0..<y.count / width {
        // Keras truncates to an integer.
        let value = x[position].rounded(.towardZero)
        guard value >= 0, value < Float(entries) else {
          throw .entry(origin: step.origin, expected: entries, found: x[position])
        }
        let first = Int(value) * width
        var target = y._mutatingExtracting(position * width..<(position + 1) * width)
        target.copy(rows.span.extracting(first..<first + width))
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let x = workspace.values(step.operands[0])
    let d = workspace.values(gradient)
    workspace.addGradient(table) { total in
      for position in 0..<step.resultCount * workspace.batch / width {
        let first = Int(x[position]) * width
        var row = total._mutatingExtracting(first..<first + width)
        row.add(d.span.extracting(position * width..<(position + 1) * width))
      }
    }
    workspace.writeOperandGradient(step, 0) { $0.fill(0) }
  }
}
