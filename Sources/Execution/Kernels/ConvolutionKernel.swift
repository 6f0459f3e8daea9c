import LinearAlgebra
import Programs

/// A convolution by gathered patches and sgemm: y = epilogue(patches(x) · w), image by image.
///
/// dw = patches(x)ᵀ · dy, dx = scatter(dy · wᵀ), db = Σ dy. This file is the seam at which a
/// convolution library can take over; it must pass the same tests.
struct ConvolutionKernel: Kernel {
  let kernel: ParameterID
  let window: Window2D
  let groups: Int
  let outputs: Int
  let epilogue: Epilogue

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, gradientReadsResult: epilogue.readsResult)
  }

  /// Channels that one group reads.
  private var groupInputs: Int { window.channels / groups }
  /// Channels that one group makes.
  private var groupOutputs: Int { outputs / groups }
  /// Entries of one patch of one group.
  private var patchCount: Int { window.height * window.width * groupInputs }

  private func channels(of group: Int) -> Range<Int> {
    group * groupInputs..<(group + 1) * groupInputs
  }

  /// Result rows per block, so that a block of patches stays in the second-level cache.
  private var blockRows: Int {
    max(1, min(window.outputHeight, Self.blockElements / (window.outputWidth * patchCount)))
  }

  /// 96 Ki elements, 384 KiB: patches, their kernel and their results share 1 MiB.
  private static let blockElements = 96 * 1024

  func forward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    let w = workspace.parameter(kernel)
    let bias = epilogue.bias.map(workspace.parameter)
    let imageCount = window.imageCount
    let resultCount = step.resultCount
    workspace.withScratch(1, count: blockRows * window.outputWidth * patchCount) { patches in
      workspace.write(step.result, count: resultCount * workspace.batch) { y in
        for sample in 0..<workspace.batch {
          let image = x.span.extracting(sample * imageCount..<(sample + 1) * imageCount)
          var result = y._mutatingExtracting(sample * resultCount..<(sample + 1) * resultCount)
          forEachBlock { rows in
            multiply(image, w.span, rows, &patches, into: &result)
            let line = window.outputWidth * outputs
            var finished = result._mutatingExtracting(
              rows.lowerBound * line..<rows.upperBound * line)
            epilogue.apply(&finished, bias: bias?.span)
          }
        }
      }
    }
  }

  private func multiply(
    _ image: Span<Float>, _ w: Span<Float>, _ rows: Range<Int>,
    _ patches: inout MutableSpan<Float>, into result: inout MutableSpan<Float>
  ) {
    let positions = rows.count * window.outputWidth
    for group in 0..<groups {
      window.gather(image, rows: rows, group: channels(of: group), into: &patches)
      gemm(
        m: positions, n: groupOutputs, k: patchCount, a: patches.span, lda: patchCount,
        b: w.extracting(group * groupOutputs..<w.count), ldb: outputs, c: &result,
        at: rows.lowerBound * window.outputWidth * outputs + group * groupOutputs, ldc: outputs)
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let resultCount = step.resultCount
    if epilogue.readsResult {
      let result = workspace.values(step.result)
      workspace.write(gradient, count: resultCount * workspace.batch) {
        epilogue.applyDerivative(result: result.span, to: &$0)
      }
    }
    let d = workspace.values(gradient)
    if let bias = epilogue.bias {
      workspace.addGradient(bias) { total in
        for sample in 0..<workspace.batch {
          total.addColumnSums(d.span.extracting(sample * resultCount..<(sample + 1) * resultCount))
        }
      }
    }
    addKernelGradient(step, workspace, d.span)
    addImageGradient(step, workspace, d.span)
  }

  private func addKernelGradient(_ step: Step, _ workspace: Workspace, _ d: Span<Float>) {
    let x = workspace.values(step.operands[0])
    let imageCount = window.imageCount
    let line = window.outputWidth * outputs
    workspace.addGradient(kernel) { total in
      workspace.withScratch(1, count: blockRows * window.outputWidth * patchCount) { patches in
        for sample in 0..<workspace.batch {
          let image = x.span.extracting(sample * imageCount..<(sample + 1) * imageCount)
          let base = sample * step.resultCount
          forEachBlock { rows in
            for group in 0..<groups {
              window.gather(image, rows: rows, group: channels(of: group), into: &patches)
              gemm(
                transA: true, m: patchCount, n: groupOutputs, k: rows.count * window.outputWidth,
                a: patches.span, lda: patchCount,
                b: d.extracting(base + rows.lowerBound * line + group * groupOutputs..<d.count),
                ldb: outputs, beta: 1, c: &total, at: group * groupOutputs, ldc: outputs)
            }
          }
        }
      }
    }
  }

  private func addImageGradient(_ step: Step, _ workspace: Workspace, _ d: Span<Float>) {
    guard let target = step.operandGradients[0] else { return }
    let w = workspace.parameter(kernel)
    let imageCount = window.imageCount
    let line = window.outputWidth * outputs
    workspace.withScratch(1, count: blockRows * window.outputWidth * patchCount) { patches in
      workspace.write(target.slot, count: imageCount * workspace.batch) { dx in
        if !target.accumulates { dx.fill(0) }
        for sample in 0..<workspace.batch {
          var image = dx._mutatingExtracting(sample * imageCount..<(sample + 1) * imageCount)
          let base = sample * step.resultCount
          forEachBlock { rows in
            for group in 0..<groups {
              gemm(
                transB: true, m: rows.count * window.outputWidth, n: patchCount, k: groupOutputs,
                a: d.extracting(base + rows.lowerBound * line + group * groupOutputs..<d.count),
                lda: outputs, b: w.span.extracting(group * groupOutputs..<w.count), ldb: outputs,
                c: &patches, ldc: patchCount)
              window.scatter(
                patches.span, rows: rows, group: channels(of: group), into: &image)
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private func forEachBlock(_ body: (Range<Int>) -> Void) {
    var row = 0
    while row < window.outputHeight {
      let end = min(row + blockRows, window.outputHeight)
      body(row..<end)
      row = end
    }
  }
}
