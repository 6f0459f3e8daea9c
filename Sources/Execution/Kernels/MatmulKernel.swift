import LinearAlgebra
import Programs

/// y = epilogue(x · w) over the last axis.
///
/// dw = xᵀ · dy, dx = dy · wᵀ, db = Σ dy.
struct MatmulKernel: Kernel {
  let kernel: ParameterID
  let inputs: Int
  let outputs: Int
  let epilogue: Epilogue

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, gradientReadsResult: epilogue.readsResult)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    let count = step.resultCount * workspace.batch
    let x = workspace.values(step.operands[0])
    let w = workspace.parameter(kernel)
    let finish = epilogue.bound(workspace)
    workspace.write(step.result, count: count) { y in
      // A single row is bound by reading the kernel, which sgemm would copy first.
      if count == outputs {
        VectorKernels.multiply(
          row: x.span, by: w.span, rows: inputs, columns: outputs, into: &y)
      } else if VectorKernels.isSparse(
        x.span, rows: count / outputs, inputs: inputs, outputs: outputs)
      {
        VectorKernels.sparseMultiply(
          x.span, by: w.span, rows: count / outputs, inputs: inputs, outputs: outputs, into: &y)
      } else if VectorKernels.isThin(rows: count / outputs, inputs: inputs, outputs: outputs) {
        VectorKernels.thinMultiply(
          x.span, by: w.span, rows: count / outputs, inputs: inputs, outputs: outputs, into: &y)
      } else {
        gemm(
          m: count / outputs, n: outputs, k: inputs, a: x.span, lda: inputs, b: w.span,
          ldb: outputs, c: &y, ldc: outputs)
      }
      finish.apply(&y)
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let count = step.resultCount * workspace.batch
    let rows = count / outputs
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
    workspace.writeGradient(kernel) { total, replaces in
      if VectorKernels.isSparse(x.span, rows: rows, inputs: inputs, outputs: outputs) {
        VectorKernels.sparseGradient(
          x.span, of: d.span, rows: rows, inputs: inputs, outputs: outputs, adds: !replaces,
          into: &total)
        return
      }
      if VectorKernels.isThin(rows: rows, inputs: inputs, outputs: outputs) {
        VectorKernels.thinGradient(
          x.span, of: d.span, rows: rows, inputs: inputs, outputs: outputs, adds: !replaces,
          into: &total)
        return
      }
      gemm(
        transA: true, m: inputs, n: outputs, k: rows, a: x.span, lda: inputs, b: d.span,
        ldb: outputs, beta: replaces ? 0 : 1, c: &total, ldc: outputs)
    }
    guard let target = step.operandGradients[0] else { return }
    let w = workspace.parameter(kernel)
    workspace.write(target.slot, count: rows * inputs) { dx in
      gemm(
        transB: true, m: rows, n: inputs, k: outputs, a: d.span, lda: outputs, b: w.span,
        ldb: outputs, beta: target.accumulates ? 1 : 0, c: &dx, ldc: inputs)
    }
  }
}
