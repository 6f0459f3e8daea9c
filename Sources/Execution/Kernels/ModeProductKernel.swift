import LinearAlgebra
import Programs

/// Contracts one axis: y[o, r, i] = Σₑ x[o, e, i] · w[e, r].
///
/// dw = Σₒ xₒ · dyₒᵀ, dxₒ = w · dyₒ. The last axis is `MatmulKernel`'s.
struct ModeProductKernel: Kernel {
  let factor: ParameterID
  /// The product of the extents before the axis, per sample.
  let outer: Int
  let extent: Int
  let rank: Int
  /// The product of the extents after the axis.
  let inner: Int

  /// Whether a block is so small that a call of sgemm costs more than its arithmetic.
  private var usesVectors: Bool { extent * rank * inner <= 64 * 1024 }

  var traits: KernelTraits { KernelTraits(gradientReadsOperands: true) }

  func forward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    let w = workspace.parameter(factor)
    let blocks = outer * workspace.batch
    workspace.write(step.result, count: blocks * rank * inner) { y in
      for block in 0..<blocks {
        let operand = x.span.extracting(block * extent * inner..<(block + 1) * extent * inner)
        if usesVectors {
          var part = y._mutatingExtracting(block * rank * inner..<(block + 1) * rank * inner)
          VectorKernels.modeProduct(
            operand, by: w.span, extent: extent, rank: rank, inner: inner, into: &part)
        } else {
          gemm(
            transA: true, m: rank, n: inner, k: extent, a: w.span, lda: rank, b: operand,
            ldb: inner, c: &y, at: block * rank * inner, ldc: inner)
        }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let d = workspace.values(gradient)
    let x = workspace.values(step.operands[0])
    let blocks = outer * workspace.batch
    workspace.writeGradient(factor) { total, replaces in
      for block in 0..<blocks {
        gemm(
          transB: true, m: extent, n: rank, k: inner,
          a: x.span.extracting(block * extent * inner..<(block + 1) * extent * inner), lda: inner,
          b: d.span.extracting(block * rank * inner..<(block + 1) * rank * inner), ldb: inner,
          beta: block == 0 && replaces ? 0 : 1, c: &total, ldc: rank)
      }
    }
    guard let target = step.operandGradients[0] else { return }
    let w = workspace.parameter(factor)
    if usesVectors, !target.accumulates {
      multiplyBack(d.span, by: w.span, blocks, into: target.slot, workspace)
      return
    }
    workspace.write(target.slot, count: blocks * extent * inner) { dx in
      for block in 0..<blocks {
        gemm(
          m: extent, n: inner, k: rank, a: w.span, lda: rank,
          b: d.span.extracting(block * rank * inner..<(block + 1) * rank * inner), ldb: inner,
          beta: target.accumulates ? 1 : 0, c: &dx, at: block * extent * inner, ldc: inner)
      }
    }
  }

  /// dxₒ = w · dyₒ as a mode product with wᵀ.
  private func multiplyBack(
    _ d: Span<Float>, by w: Span<Float>, _ blocks: Int, into slot: Int, _ workspace: Workspace
  ) {
    workspace.withScratch(1, count: extent * rank) { transposed in
      for e in 0..<extent {
        for r in 0..<rank { transposed[r * extent + e] = w[e * rank + r] }
      }
      let transposed = transposed.span
      workspace.write(slot, count: blocks * extent * inner) { dx in
        for block in 0..<blocks {
          var part = dx._mutatingExtracting(block * extent * inner..<(block + 1) * extent * inner)
          VectorKernels.modeProduct(
            d.extracting(block * rank * inner..<(block + 1) * rank * inner), by: transposed,
            extent: rank, rank: extent, inner: inner, into: &part)
        }
      }
    }
  }
}
