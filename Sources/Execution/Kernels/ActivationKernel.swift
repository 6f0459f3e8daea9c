import Programs

/// An elementwise activation that stands alone; most are fused into the product before them.
struct ActivationKernel: Kernel {
  let function: ActivationFunction

  var traits: KernelTraits {
    let needsResult = function.derivativeNeedsOnlyResult
    return KernelTraits(
      overwritesOperand: true, gradientReadsOperands: !needsResult,
      gradientReadsResult: needsResult, overwritesGradient: true)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    workspace.transformOperand(step) { function.apply(&$0) }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    let source = function.derivativeNeedsOnlyResult ? step.result : step.operands[0]
    let values = workspace.values(source)
    workspace.transformGradient(step) { function.applyDerivative(values.span, to: &$0) }
  }
}

/// Softmax or its logarithm over the last axis.
///
/// y = e^(x − max) ÷ Σ; dx = y · (dy − Σ dy·y), and for the logarithm dx = dy − eʸ · Σ dy.
struct SoftmaxKernel: Kernel {
  let width: Int
  let isLogarithmic: Bool

  var traits: KernelTraits {
    KernelTraits(overwritesOperand: true, gradientReadsResult: true, overwritesGradient: true)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    workspace.transformOperand(step) { rows in
      var start = 0
      while start < rows.count {
        var row = rows._mutatingExtracting(start..<start + width)
        var highest = -Float.infinity
        for index in row.indices { highest = max(highest, row[index]) }
        if isLogarithmic {
          var sum: Float = 0
          for index in row.indices { sum += eToThe(row[index] - highest) }
          let shift = highest + logarithm(sum)
          row.map { $0 - shift }
        } else {
          row.map { eToThe($0 - highest) }
          let sum = total(row.span)
          row.scale(1 / sum)
        }
        start += width
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    let result = workspace.values(step.result)
    workspace.transformGradient(step) { rows in
      var start = 0
      while start < rows.count {
        let y = result.span.extracting(start..<start + width)
        var d = rows._mutatingExtracting(start..<start + width)
        if isLogarithmic {
          let sum = total(d.span)
          d.map(y) { d, y in d - eToThe(y) * sum }
        } else {
          let projection = dot(d.span, y)
          d.map(y) { d, y in y * (d - projection) }
        }
        start += width
      }
    }
  }
}

/// x where x > 0, else α · x, with α repeated along axes where it has extent 1.
struct PReLUKernel: Kernel {
  let alpha: ParameterID
  let repetition: BoxCopy

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, overwritesGradient: true)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    let count = step.resultCount
    let slopes = workspace.parameter(alpha)
    workspace.withScratch(1, count: count) { expanded in
      repetition.copy(slopes.span, to: &expanded)
      let expanded = expanded.span
      workspace.transformOperand(step) { all in
        var start = 0
        while start < all.count {
          var x = all._mutatingExtracting(start..<start + count)
          x.map(expanded) { x, slope in
            let below = slope * x
            return x > 0 ? x : below
          }
          start += count
        }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let count = step.resultCount
    let operand = workspace.values(step.operands[0])
    let incoming = workspace.values(gradient)
    workspace.addGradient(alpha) { total in
      workspace.withScratch(1, count: count) { sums in
        sums.fill(0)
        for sample in 0..<workspace.batch {
          let range = sample * count..<(sample + 1) * count
          let x = operand.span.extracting(range)
          let d = incoming.span.extracting(range)
          for index in sums.indices { sums[index] += x[index] > 0 ? 0 : x[index] * d[index] }
        }
        repetition.addBack(sums.span, to: &total)
      }
    }
    // Now that the incoming gradient has been read it may be overwritten.
    let slopes = workspace.parameter(alpha)
    workspace.withScratch(1, count: count) { expanded in
      repetition.copy(slopes.span, to: &expanded)
      let expanded = expanded.span
      workspace.transformGradient(step) { all in
        var start = 0
        while start < all.count {
          let x = operand.span.extracting(start..<start + count)
          var d = all._mutatingExtracting(start..<start + count)
          for index in d.indices {
            let own = d[index]
            d[index] = x[index] > 0 ? own : own * expanded[index]
          }
          start += count
        }
      }
    }
  }
}
