import Programs

/// x + b or x · s over the last axis, standing alone.
struct ChannelKernel: Kernel {
  let parameter: ParameterID
  let channels: Int
  let multiplies: Bool

  var traits: KernelTraits {
    KernelTraits(
      overwritesOperand: !multiplies, gradientReadsOperands: multiplies, overwritesGradient: true)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    let row = workspace.parameter(parameter)
    workspace.transformOperand(step) { x in
      if multiplies { x.multiplyRows(row.span) } else { x.addToRows(row.span) }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let count = step.resultCount * workspace.batch
    let d = workspace.values(gradient)
    if multiplies {
      let x = workspace.values(step.operands[0])
      workspace.addGradient(parameter) { total in
        var start = 0
        while start < count {
          total.addProduct(
            d.span.extracting(start..<start + channels), x.span.extracting(start..<start + channels)
          )
          start += channels
        }
      }
      backwardScaled(step, workspace)
      return
    }
    workspace.addGradient(parameter) { $0.addColumnSums(d.span.extracting(0..<count)) }
    backwardUnchanged(step, workspace)
  }

  // The array read above must be let go before its slot is overwritten, or it would be copied.
  private func backwardScaled(_ step: Step, _ workspace: Workspace) {
    let row = workspace.parameter(parameter)
    workspace.transformGradient(step) { $0.multiplyRows(row.span) }
  }

  private func backwardUnchanged(_ step: Step, _ workspace: Workspace) {
    workspace.transformGradient(step) { _ in }
  }
}

/// x · scale + offset with constants, over the last axis.
struct AffineKernel: Kernel {
  /// One value, or one per channel.
  let scale: [Float]
  let offset: [Float]

  var traits: KernelTraits { KernelTraits(overwritesOperand: true, overwritesGradient: true) }

  func forward(_ step: Step, _ workspace: Workspace) {
    workspace.transformOperand(step) { x in
      if scale.count == 1, offset.count == 1 {
        let (factor, shift) = (scale[0], offset[0])
        x.map { $0 * factor + shift }
        return
      }
      multiply(&x)
      if offset.count == 1 {
        let shift = offset[0]
        x.map { $0 + shift }
      } else {
        x.addToRows(offset.span)
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    workspace.transformGradient(step) { multiply(&$0) }
  }

  private func multiply(_ x: inout MutableSpan<Float>) {
    if scale.count == 1 { x.scale(scale[0]) } else { x.multiplyRows(scale.span) }
  }
}

/// Nothing but another shape, or nothing at all: the result lies where the operand does.
struct IdentityKernel: Kernel {
  var traits: KernelTraits {
    KernelTraits(isAlias: true, overwritesGradient: true)
  }

  func forward(_ step: Step, _ workspace: Workspace) {}

  func backward(_ step: Step, _ workspace: Workspace) {
    workspace.transformGradient(step) { _ in }
  }
}
