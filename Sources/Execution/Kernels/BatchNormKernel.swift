import Programs

/// The parameters of a normalisation over channels.
struct BatchNormParameters: Sendable {
  let gamma: ParameterID?
  let beta: ParameterID?
  let mean: ParameterID
  let variance: ParameterID
  let epsilon: Float
  let momentum: Float
  let channels: Int

  /// γ ÷ √(variance + ε) with the running statistics.
  func runningScale(_ workspace: Workspace) -> [Float] {
    let variance = workspace.parameter(variance)
    let gamma = gamma.map(workspace.parameter)
    return variance.indices.map {
      (gamma?[$0] ?? 1) / (variance[$0] + epsilon).squareRoot()
    }
  }

  /// y = x · scale + shift with the running statistics.
  func runningScaleAndShift(_ workspace: Workspace) -> (scale: [Float], shift: [Float]) {
    let scale = runningScale(workspace)
    var shift = workspace.parameter(mean)
    let beta = beta.map(workspace.parameter)
    for channel in shift.indices {
      shift[channel] = (beta?[channel] ?? 0) - shift[channel] * scale[channel]
    }
    return (scale, shift)
  }
}

/// Batch normalisation with the running statistics: y = x · s + t with s = γ ÷ √(variance + ε).
///
/// dγ = Σ dy · x̂, dβ = Σ dy, dx = dy · s.
struct RunningNormKernel: Kernel {
  let parameters: BatchNormParameters

  var traits: KernelTraits {
    KernelTraits(overwritesOperand: true, gradientReadsOperands: true, overwritesGradient: true)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    let (scale, shift) = parameters.runningScaleAndShift(workspace)
    workspace.transformOperand(step) { $0.multiplyAndAddToRows(scale.span, shift.span) }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    addParameterGradients(step, workspace)
    let scale = parameters.runningScale(workspace)
    workspace.transformGradient(step) { $0.multiplyRows(scale.span) }
  }

  private func addParameterGradients(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let count = step.resultCount * workspace.batch
    let d = workspace.values(gradient)
    if let beta = parameters.beta {
      workspace.addGradient(beta) { $0.addColumnSums(d.span.extracting(0..<count)) }
    }
    guard let gamma = parameters.gamma else { return }
    let x = workspace.values(step.operands[0])
    let mean = workspace.parameter(parameters.mean)
    let variance = workspace.parameter(parameters.variance)
    workspace.addGradient(gamma) { total in
      for channel in 0..<parameters.channels {
        let inverse = 1 / (variance[channel] + parameters.epsilon).squareRoot()
        var sum = 0.0
        for index in stride(from: channel, to: count, by: parameters.channels) {
          sum += Double(d[index] * (x[index] - mean[channel]))
        }
        total[channel] += Float(sum) * inverse
      }
    }
  }
}

/// Batch normalisation with the batch's own statistics.
///
/// x̂ = (x − μ) · i with i = 1 ÷ √(σ² + ε); dx = γ · i · (dy − mean(dy) − x̂ · mean(dy · x̂)). New
/// running statistics, with the population variance, are left in the workspace.
struct BatchNormKernel: Kernel {
  let parameters: BatchNormParameters

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, overwritesGradient: true)
  }

  private var channels: Int { parameters.channels }

  func forward(_ step: Step, _ workspace: Workspace) {
    let count = step.resultCount * workspace.batch
    let x = workspace.values(step.operands[0])
    let rows = count / channels
    let mean = columnMeans(x.span.extracting(0..<count)) { x, _ in x }
    let means = mean.map { Float($0) }
    let variance = columnMeans(x.span.extracting(0..<count)) { x, channel in
      let difference = x - means[channel]
      return difference * difference
    }
    let inverse = variance.map { Float(1 / ($0 + Double(parameters.epsilon)).squareRoot()) }
    updateRunningStatistics(workspace, mean, variance)
    workspace.auxiliary[step.index] = means + inverse
    let gamma = parameters.gamma.map(workspace.parameter)
    let beta = parameters.beta.map(workspace.parameter)
    let scale = inverse.indices.map { inverse[$0] * (gamma?[$0] ?? 1) }
    let shift = inverse.indices.map { (beta?[$0] ?? 0) - means[$0] * scale[$0] }
    workspace.write(step.result, count: count) { y in
      for row in 0..<rows {
        let range = row * channels..<(row + 1) * channels
        var target = y._mutatingExtracting(range)
        let source = x.span.extracting(range)
        let scale = scale.span.extracting(0..<channels)
        let shift = shift.span.extracting(0..<channels)
        for index in target.indices { target[index] = source[index] * scale[index] + shift[index] }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    let (toMean, toSlope) = addParameterGradients(step, workspace)
    let x = workspace.values(step.operands[0])
    let inverse = workspace.auxiliary[step.index].suffix(channels)
    let means = workspace.auxiliary[step.index].prefix(channels)
    let gamma = parameters.gamma.map(workspace.parameter)
    // dx = a · dy + b · x + c, channel by channel.
    let a = inverse.indices.map { inverse[$0] * (gamma?[$0 - channels] ?? 1) }
    let b = a.indices.map { -a[$0] * toSlope[$0] * inverse[channels + $0] }
    let c = a.indices.map { -a[$0] * toMean[$0] - b[$0] * means[$0] }
    workspace.transformGradient(step) { d in
      var start = 0
      while start < d.count {
        var row = d._mutatingExtracting(start..<start + channels)
        let source = x.span.extracting(start..<start + channels)
        let a = a.span.extracting(0..<channels)
        let b = b.span.extracting(0..<channels)
        let c = c.span.extracting(0..<channels)
        for index in row.indices {
          row[index] = a[index] * row[index] + (b[index] * source[index] + c[index])
        }
        start += channels
      }
    }
  }

  /// Adds dβ and dγ; returns mean(dy) and mean(dy · x̂).
  private func addParameterGradients(
    _ step: Step, _ workspace: Workspace
  ) -> (toMean: [Float], toSlope: [Float]) {
    guard let gradient = step.resultGradient else {
      let none = [Float](repeating: 0, count: channels)
      return (none, none)
    }
    let count = step.resultCount * workspace.batch
    let rows = Double(count / channels)
    let d = workspace.values(gradient)
    let x = workspace.values(step.operands[0])
    let statistics = workspace.auxiliary[step.index]
    let toMean = columnMeans(d.span.extracting(0..<count)) { d, _ in d }
    var sums = [Double](repeating: 0, count: channels)
    var part = [Float](repeating: 0, count: channels)
    var start = 0
    while start < count {
      let end = min(start + 256 * channels, count)
      addProducts(
        d.span.extracting(start..<end), x.span.extracting(start..<end), statistics.span, &part)
      for channel in sums.indices {
        sums[channel] += Double(part[channel])
        part[channel] = 0
      }
      start = end
    }
    let toSlope = sums.indices.map { sums[$0] * Double(statistics[channels + $0]) / rows }
    if let beta = parameters.beta {
      workspace.addGradient(beta) { total in
        for channel in total.indices { total[channel] += Float(toMean[channel] * rows) }
      }
    }
    if let gamma = parameters.gamma {
      workspace.addGradient(gamma) { total in
        for channel in total.indices { total[channel] += Float(toSlope[channel] * rows) }
      }
    }
    return (toMean.map { Float($0) }, toSlope.map { Float($0) })
  }

  /// part ← part + Σ d · (x − μ) over rows.
  private func addProducts(
    _ d: Span<Float>, _ x: Span<Float>, _ means: Span<Float>, _ part: inout [Float]
  ) {
    var sums = part.mutableSpan
    let means = means.extracting(0..<channels)
    var start = 0
    while start < d.count {
      let own = d.extracting(start..<start + channels)
      let value = x.extracting(start..<start + channels)
      for index in sums.indices { sums[index] += own[index] * (value[index] - means[index]) }
      start += channels
    }
  }

  /// The mean over rows of a function of each element; Float within 256 rows, Double across.
  @inline(__always)
  private func columnMeans(
    _ values: Span<Float>, _ function: (Float, Int) -> Float
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: channels)
    var part = [Float](repeating: 0, count: channels)
    var start = 0
    while start < values.count {
      let end = min(start + 256 * channels, values.count)
      var span = part.mutableSpan
      span.fill(0)
      while start < end {
        let row = values.extracting(start..<start + channels)
        for index in span.indices { span[index] += function(row[index], index) }
        start += channels
      }
      for channel in sums.indices { sums[channel] += Double(part[channel]) }
    }
    let rows = Double(values.count / channels)
    return sums.map { $0 / rows }
  }

  private func updateRunningStatistics(
    _ workspace: Workspace, _ mean: [Double], _ variance: [Double]
  ) {
    let momentum = Double(parameters.momentum)
    for (id, batch) in [(parameters.mean, mean), (parameters.variance, variance)] {
      // A layer that is used twice moves its statistics twice.
      let old = workspace.stateUpdates[id] ?? workspace.parameter(id)
      workspace.stateUpdates[id] = old.indices.map {
        Float(momentum * Double(old[$0]) + (1 - momentum) * batch[$0])
      }
    }
  }
}
