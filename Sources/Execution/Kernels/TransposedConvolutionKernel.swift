import LinearAlgebra
import Programs

/// The gradient of a convolution with respect to its image, as a layer:
/// y = epilogue(scatter(x · wᵀ)) with w [height·width·outputs × inputs].
///
/// dx = patches(dy) · w, dw = patches(dy)ᵀ · x.
struct TransposedConvolutionKernel: Kernel {
  let kernel: ParameterID
  /// The window of the convolution that would read y.
  let window: Window2D
  let inputs: Int
  let epilogue: Epilogue

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, gradientReadsResult: epilogue.readsResult)
  }

  private var patchCount: Int { window.height * window.width * window.channels }

  var scratchCount: Int { saturating(0, window.positions, patchCount) }

  func forward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    let w = workspace.parameter(kernel)
    let finish = epilogue.bound(workspace)
    let positions = window.positions
    let resultCount = step.resultCount
    workspace.withScratch(1, count: scratchCount) { patches in
      workspace.write(step.result, count: resultCount * workspace.batch) { y in
        y.fill(0)
        for sample in 0..<workspace.batch {
          gemm(
            transB: true, m: positions, n: patchCount, k: inputs,
            a: x.span.extracting(sample * positions * inputs..<(sample + 1) * positions * inputs),
            lda: inputs, b: w.span, ldb: inputs, c: &patches, ldc: patchCount)
          var image = y._mutatingExtracting(sample * resultCount..<(sample + 1) * resultCount)
          window.scatter(
            patches.span, rows: 0..<window.outputHeight, group: 0..<window.channels, into: &image)
          finish.apply(&image)
        }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let resultCount = step.resultCount
    let count = resultCount * workspace.batch
    if epilogue.readsResult {
      let result = workspace.values(step.result)
      workspace.write(gradient, count: count) {
        epilogue.applyDerivative(result: result.span, to: &$0)
      }
    }
    let d = workspace.values(gradient)
    if let bias = epilogue.bias {
      workspace.addGradient(bias) { $0.addColumnSums(d.span.extracting(0..<count)) }
    }
    let x = workspace.values(step.operands[0])
    let positions = window.positions
    workspace.withScratch(1, count: scratchCount) { patches in
      for sample in 0..<workspace.batch {
        window.gather(
          d.span.extracting(sample * resultCount..<(sample + 1) * resultCount),
          rows: 0..<window.outputHeight, group: 0..<window.channels, into: &patches)
        workspace.writeGradient(kernel) { total, replaces in
          gemm(
            transA: true, m: patchCount, n: inputs, k: positions, a: patches.span,
            lda: patchCount,
            b: x.span.extracting(sample * positions * inputs..<(sample + 1) * positions * inputs),
            ldb: inputs, beta: replaces ? 0 : 1, c: &total, ldc: inputs)
        }
        guard let target = step.operandGradients[0] else { continue }
        let w = workspace.parameter(kernel)
        workspace.write(target.slot, count: positions * inputs * workspace.batch) { dx in
          gemm(
            m: positions, n: inputs, k: patchCount, a: patches.span, lda: patchCount, b: w.span,
            ldb: inputs, beta: target.accumulates ? 1 : 0, c: &dx,
            at: sample * positions * inputs, ldc: inputs)
        }
      }
    }
  }
}
