import Programs

/// A convolution by oneDNN: y = epilogue(x ⊛ w), with both backward products.
///
/// Where the library has no fast code for a shape, products over gathered rows serve.
struct LibraryConvolutionKernel: Kernel {
  let kernel: ParameterID
  let window: Window2D
  let groups: Int
  let outputs: Int
  let epilogue: Epilogue
  let fallback: ConvolutionKernel

  var traits: KernelTraits { fallback.traits }
  var scratchCount: Int { fallback.scratchCount }

  /// The objects kept per step: an epoch's last batch is smaller than the others.
  private static let keptCount = 3

  /// The library's object for the batch at hand.
  private func convolution(
    _ step: Step, _ workspace: Workspace, hasBias: Bool, clips: Bool
  ) -> LibraryConvolution? {
    var kept = workspace.libraryConvolutions[step.index] ?? []
    if let found = kept.first(where: { $0.batch == workspace.batch }) { return found.made }
    let made = LibraryConvolution(
      window, groups: groups, outputs: outputs, batch: workspace.batch, hasBias: hasBias,
      clips: clips,
      wantsKernelGradient: step.resultGradient != nil && workspace.wantsGradient(kernel),
      wantsImageGradient: step.operandGradients[0] != nil)
    if kept.count == Self.keptCount { kept.removeFirst() }
    kept.append((workspace.batch, made))
    workspace.libraryConvolutions[step.index] = kept
    return made
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    let finish = epilogue.bound(workspace)
    // A scale stands before bias and activation, which then follow apart.
    let fuses = finish.scale == nil
    let clips = fuses && finish.activation == .relu()
    guard
      let convolution = convolution(
        step, workspace, hasBias: fuses && finish.shift != nil, clips: clips)
    else { return fallback.forward(step, workspace) }
    let x = workspace.values(step.operands[0])
    let w = workspace.parameter(kernel)
    var isDone = false
    workspace.write(step.result, count: step.resultCount * workspace.batch) { y in
      isDone = convolution.multiply(
        x.span, by: w.span, bias: fuses ? finish.shift?.span : nil,
        keepsKernel: workspace.keepsParameters, into: &y)
      if !fuses {
        finish.apply(&y)
      } else if !clips {
        finish.activation?.apply(&y)
      }
    }
    if !isDone { fallback.forward(step, workspace) }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    let made = workspace.libraryConvolutions[step.index]
    guard let gradient = step.resultGradient,
      let convolution = made?.first(where: { $0.batch == workspace.batch })?.made
    else { return fallback.backward(step, workspace) }
    epilogue.finishGradient(step, workspace)
    let d = workspace.values(gradient)
    let x = workspace.values(step.operands[0])
    let w = workspace.parameter(kernel)
    workspace.writeGradient(kernel) { total, replaces in
      if replaces {
        check(convolution.kernelGradient(x.span, d.span, into: &total))
      } else {
        workspace.withScratch(2, count: w.count) { part in
          check(convolution.kernelGradient(x.span, d.span, into: &part))
          total.add(part.span)
        }
      }
    }
    workspace.writeOperandGradient(step, 0) { dx in
      check(convolution.imageGradient(d.span, by: w.span, into: &dx))
    }
  }

  /// The library fails here only where it has no memory left for its own buffers.
  private func check(_ isDone: Bool) {
    precondition(isDone, "oneDNN could not compute a gradient")
  }
}
