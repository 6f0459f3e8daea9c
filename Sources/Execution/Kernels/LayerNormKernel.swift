import Programs

/// Normalises runs of each sample: y = x̂ · γ + β with x̂ = (x − μ) ÷ √(σ² + ε).
///
/// A layer norm has one run per row; a group norm one per group of channels, spread over all
/// positions. With g = dy · γ: dx = i · (g − mean(g) − x̂ · mean(g · x̂)).
struct LayerNormKernel: Kernel {
  let gamma: ParameterID?
  let beta: ParameterID?
  let epsilon: Float
  /// Runs per sample that follow one another, each of `positions` rows.
  let runs: Int
  /// Rows that a run has a part of.
  let positions: Int
  /// Parts of a row, each belonging to its own run.
  let groups: Int
  /// Elements of a run in one row.
  let width: Int

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, overwritesGradient: true)
  }

  private var count: Double { Double(positions * width) }
  private var rowCount: Int { groups * width }

  func forward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    let gamma = gamma.map(workspace.parameter)
    let beta = beta.map(workspace.parameter)
    workspace.write(step.result, count: step.resultCount * workspace.batch) { y in
      forEachRun(workspace.batch) { start, group in
        let (mean, inverse) = statistics(x.span, start)
        for position in 0..<positions {
          let first = start + position * rowCount
          var target = y._mutatingExtracting(first..<first + width)
          let source = x.span.extracting(first..<first + width)
          for index in target.indices { target[index] = (source[index] - mean) * inverse }
          if let gamma {
            target.multiply(gamma.span.extracting(group * width..<(group + 1) * width))
          }
          if let beta { target.add(beta.span.extracting(group * width..<(group + 1) * width)) }
        }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    addParameterGradients(step, workspace)
    let x = workspace.values(step.operands[0])
    let gamma = gamma.map(workspace.parameter)
    workspace.transformGradient(step) { d in
      forEachRun(workspace.batch) { start, group in
        let (mean, inverse) = statistics(x.span, start)
        var sum = 0.0
        var projection = 0.0
        for position in 0..<positions {
          let first = start + position * rowCount
          var own = d._mutatingExtracting(first..<first + width)
          if let gamma {
            own.multiply(gamma.span.extracting(group * width..<(group + 1) * width))
          }
          let value = x.span.extracting(first..<first + width)
          for index in own.indices {
            sum += Double(own[index])
            projection += Double(own[index] * (value[index] - mean))
          }
        }
        let toMean = Float(sum / count)
        let toSlope = Float(projection / count) * inverse * inverse
        for position in 0..<positions {
          let first = start + position * rowCount
          var own = d._mutatingExtracting(first..<first + width)
          let value = x.span.extracting(first..<first + width)
          for index in own.indices {
            own[index] = inverse * (own[index] - toMean - (value[index] - mean) * toSlope)
          }
        }
      }
    }
  }

  private func addParameterGradients(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let d = workspace.values(gradient)
    let x = workspace.values(step.operands[0])
    if let beta {
      workspace.addGradient(beta) { total in
        forEachPart(workspace.batch) { first, group in
          var part = total._mutatingExtracting(group * width..<(group + 1) * width)
          part.add(d.span.extracting(first..<first + width))
        }
      }
    }
    guard let gamma else { return }
    workspace.addGradient(gamma) { total in
      forEachRun(workspace.batch) { start, group in
        let (mean, inverse) = statistics(x.span, start)
        var part = total._mutatingExtracting(group * width..<(group + 1) * width)
        for position in 0..<positions {
          let first = start + position * rowCount
          let own = d.span.extracting(first..<first + width)
          let value = x.span.extracting(first..<first + width)
          for index in part.indices {
            part[index] += own[index] * (value[index] - mean) * inverse
          }
        }
      }
    }
  }

  private func statistics(_ x: Span<Float>, _ start: Int) -> (mean: Float, inverse: Float) {
    var sum = 0.0
    for position in 0..<positions {
      let first = start + position * rowCount
      let row = x.extracting(first..<first + width)
      for index in row.indices { sum += Double(row[index]) }
    }
    let mean = sum / count
    var squares = 0.0
    for position in 0..<positions {
      let first = start + position * rowCount
      let row = x.extracting(first..<first + width)
      for index in row.indices {
        let difference = Double(row[index]) - mean
        squares += difference * difference
      }
    }
    return (Float(mean), Float(1 / (squares / count + Double(epsilon)).squareRoot()))
  }

  /// Visits every run with its first element and its group.
  @inline(__always)
  private func forEachRun(_ batch: Int, _ body: (_ start: Int, _ group: Int) -> Void) {
    for block in 0..<batch * runs {
      for group in 0..<groups { body(block * positions * rowCount + group * width, group) }
    }
  }

  /// Visits every row of every run.
  @inline(__always)
  private func forEachPart(_ batch: Int, _ body: (_ first: Int, _ group: Int) -> Void) {
    forEachRun(batch) { start, group in
      for position in 0..<positions { body(start + position * rowCount, group) }
    }
  }
}

/// x ÷ √max(Σ x², 1e-12) over the last axis.
///
/// dx = i · (dy − y · Σ dy · y) where the sum is above the floor, else i · dy.
struct L2NormalizeKernel: Kernel {
  let width: Int

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, overwritesGradient: true)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    workspace.transformOperand(step) { rows in
      var start = 0
      while start < rows.count {
        var row = rows._mutatingExtracting(start..<start + width)
        let squares = dot(row.span, row.span)
        row.scale(1 / max(squares, 1e-12).squareRoot())
        start += width
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    workspace.transformGradient(step) { rows in
      var start = 0
      while start < rows.count {
        var d = rows._mutatingExtracting(start..<start + width)
        let value = x.span.extracting(start..<start + width)
        let squares = dot(value, value)
        let inverse = 1 / max(squares, 1e-12).squareRoot()
        if squares > 1e-12 { d.add(value, times: -dot(d.span, value) / squares) }
        d.scale(inverse)
        start += width
      }
    }
  }
}
