import Programs

/// What follows a product at once, while its rows are still in the cache: bias, at inference
/// batch normalisation, and activation.
struct Epilogue: Sendable {
  var bias: ParameterID?
  var norm: BatchNormParameters?
  var activation: ActivationFunction?

  /// Whether the derivative reads the result.
  var readsResult: Bool { activation != nil && activation != .linear }

  /// The epilogue with the values of a run.
  func bound(_ workspace: Workspace) -> Bound {
    let bias = bias.map(workspace.parameter)
    guard let norm else { return Bound(scale: nil, shift: bias, activation: activation) }
    var (scale, shift) = norm.runningScaleAndShift(workspace)
    if let bias {
      for channel in shift.indices { shift[channel] += bias[channel] * scale[channel] }
    }
    return Bound(scale: scale, shift: shift, activation: activation)
  }

  /// Turns the gradient of finished rows into that of the bare product, in place.
  ///
  /// Batch normalisation is never fused where gradients flow.
  @inline(__always)
  func applyDerivative(result: Span<Float>, to d: inout MutableSpan<Float>) {
    activation?.applyDerivative(result, to: &d)
  }

  /// Turns dy into the gradient of the bare product, sample by sample, and sums the bias's.
  func finishGradient(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let resultCount = step.resultCount
    let result = workspace.values(step.result)
    workspace.write(gradient, count: resultCount * workspace.batch) { d in
      func finish(_ total: inout MutableSpan<Float>, addsBias: Bool) {
        for sample in 0..<workspace.batch {
          let range = sample * resultCount..<(sample + 1) * resultCount
          var part = d._mutatingExtracting(range)
          if readsResult { applyDerivative(result: result.span.extracting(range), to: &part) }
          if addsBias { total.addColumnSums(part.span) }
        }
      }
      if let bias, workspace.wantsGradient(bias) {
        workspace.addGradient(bias) { finish(&$0, addsBias: true) }
      } else if readsResult {
        workspace.withScratch(1, count: 0) { finish(&$0, addsBias: false) }
      }
    }
  }

  /// An epilogue with its values: y = activation(x · scale + shift).
  struct Bound {
    let scale: [Float]?
    let shift: [Float]?
    let activation: ActivationFunction?

    /// Finishes rows of results in place.
    @inline(__always)
    func apply(_ rows: inout MutableSpan<Float>) {
      if let scale, let shift {
        rows.multiplyAndAddToRows(scale.span, shift.span)
      } else if let shift {
        if activation == .relu() {
          rows.addToRowsAndClip(shift.span)
          return
        }
        rows.addToRows(shift.span)
      }
      activation?.apply(&rows)
    }
  }
}
