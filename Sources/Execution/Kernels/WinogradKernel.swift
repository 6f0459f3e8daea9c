import Programs

/// A convolution with a dense 3×3 window by minimal filtering: y = epilogue(x ⊛ w).
///
/// dx is the filtering of dy with the turned kernel, dw the transform's adjoint, db = Σ dy.
struct WinogradKernel: Kernel {
  let kernel: ParameterID
  let winograd: Winograd
  let epilogue: Epilogue

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, gradientReadsResult: epilogue.readsResult)
  }

  var scratchCount: Int {
    // The transformed kernel stays with the step, its gradient passes through scratch space.
    saturating(
      saturating(0, max(winograd.scratchCount, winograd.turned.scratchCount), 1),
      winograd.kernelCount, 2)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    let finish = epilogue.bound(workspace)
    prepareKernel(step, workspace, scale: finish.scale)
    let u = workspace.auxiliary[step.index]
    let x = workspace.values(step.operands[0])
    let clips = finish.activation == .relu()
    workspace.withScratch(1, count: winograd.scratchCount) { scratch in
      workspace.write(step.result, count: step.resultCount * workspace.batch) { y in
        winograd.multiply(
          x.span, by: u.span, bias: finish.shift?.span, clips: clips, batch: workspace.batch,
          scratch: &scratch, into: &y)
        if !clips { finish.activation?.apply(&y) }
      }
    }
  }

  /// Leaves the transformed kernel, scaled by output channel, in the step's place.
  private func prepareKernel(_ step: Step, _ workspace: Workspace, scale: [Float]?) {
    var u: [Float] = []
    swap(&u, &workspace.auxiliary[step.index])
    defer { swap(&u, &workspace.auxiliary[step.index]) }
    if workspace.keepsParameters, !u.isEmpty { return }
    if u.isEmpty { u = [Float](repeating: 0, count: winograd.kernelCount) }
    let w = workspace.parameter(kernel)
    var span = u.mutableSpan
    winograd.transform(w.span, into: &span)
    if let scale { span.multiplyRows(scale.span) }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    epilogue.finishGradient(step, workspace)
    let d = workspace.values(gradient)
    let x = workspace.values(step.operands[0])
    workspace.writeGradient(kernel) { total, replaces in
      workspace.withScratch(1, count: winograd.scratchCount) { scratch in
        workspace.withScratch(2, count: winograd.kernelCount) { u in
          winograd.kernelGradient(
            x.span, d.span, batch: workspace.batch, scratch: &scratch, transformed: &u,
            adds: !replaces, into: &total)
        }
      }
    }
    let turned = winograd.turned
    let w = workspace.parameter(kernel)
    workspace.writeOperandGradient(step, 0) { dx in
      workspace.withScratch(1, count: turned.scratchCount) { scratch in
        workspace.withScratch(2, count: turned.kernelCount) { u in
          turned.transformTurned(w.span, into: &u)
          turned.multiply(
            d.span, by: u.span, bias: nil, clips: false, batch: workspace.batch,
            scratch: &scratch, into: &dx)
        }
      }
    }
  }
}
