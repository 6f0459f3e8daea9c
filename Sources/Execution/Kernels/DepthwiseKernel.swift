import Programs

/// One filter bank per channel: y[c·m + j] = epilogue(Σ x[c] · w[·, ·, c, j]).
struct DepthwiseKernel: Kernel {
  let kernel: ParameterID
  let window: Window2D
  let multiplier: Int
  let epilogue: Epilogue

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, gradientReadsResult: epilogue.readsResult)
  }

  private var outputs: Int { window.channels * multiplier }

  func forward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    let w = workspace.parameter(kernel)
    let finish = epilogue.bound(workspace)
    let resultCount = step.resultCount
    workspace.write(step.result, count: resultCount * workspace.batch) { y in
      y.fill(0)
      for sample in 0..<workspace.batch {
        let image = x.span.extracting(sample * window.imageCount..<(sample + 1) * window.imageCount)
        var result = y._mutatingExtracting(sample * resultCount..<(sample + 1) * resultCount)
        forEachTap { resultStart, imageStart, tapStart in
          var target = result._mutatingExtracting(resultStart..<resultStart + outputs)
          let tap = w.span.extracting(tapStart..<tapStart + outputs)
          if multiplier == 1 {
            target.addProduct(image.extracting(imageStart..<imageStart + outputs), tap)
          } else {
            for index in target.indices {
              target[index] += image[imageStart + index / multiplier] * tap[index]
            }
          }
        }
        finish.apply(&result)
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let count = step.resultCount * workspace.batch
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
    addKernelGradient(step, workspace, d.span)
    addImageGradient(step, workspace, d.span)
  }

  private func addKernelGradient(_ step: Step, _ workspace: Workspace, _ d: Span<Float>) {
    let x = workspace.values(step.operands[0])
    workspace.addGradient(kernel) { total in
      for sample in 0..<workspace.batch {
        let image = x.span.extracting(sample * window.imageCount..<(sample + 1) * window.imageCount)
        let incoming = d.extracting(sample * step.resultCount..<(sample + 1) * step.resultCount)
        forEachTap { resultStart, imageStart, tapStart in
          var target = total._mutatingExtracting(tapStart..<tapStart + outputs)
          let own = incoming.extracting(resultStart..<resultStart + outputs)
          if multiplier == 1 {
            target.addProduct(image.extracting(imageStart..<imageStart + outputs), own)
          } else {
            for index in target.indices {
              target[index] += image[imageStart + index / multiplier] * own[index]
            }
          }
        }
      }
    }
  }

  private func addImageGradient(_ step: Step, _ workspace: Workspace, _ d: Span<Float>) {
    guard let target = step.operandGradients[0] else { return }
    let w = workspace.parameter(kernel)
    workspace.write(target.slot, count: window.imageCount * workspace.batch) { dx in
      if !target.accumulates { dx.fill(0) }
      for sample in 0..<workspace.batch {
        var image = dx._mutatingExtracting(
          sample * window.imageCount..<(sample + 1) * window.imageCount)
        let incoming = d.extracting(sample * step.resultCount..<(sample + 1) * step.resultCount)
        forEachTap { resultStart, imageStart, tapStart in
          let own = incoming.extracting(resultStart..<resultStart + outputs)
          let tap = w.span.extracting(tapStart..<tapStart + outputs)
          if multiplier == 1 {
            var pixel = image._mutatingExtracting(imageStart..<imageStart + outputs)
            pixel.addProduct(own, tap)
          } else {
            for index in own.indices {
              image[imageStart + index / multiplier] += own[index] * tap[index]
            }
          }
        }
      }
    }
  }

  /// Visits every pair of result position and window entry that lies inside the image, with the
  /// first elements of the result row, the pixel and the kernel's entry.
  @inline(__always)
  private func forEachTap(_ body: (_ result: Int, _ image: Int, _ tap: Int) -> Void) {
    for row in 0..<window.outputHeight {
      for windowRow in window.rows(at: row) {
        let imageRow = row * window.rowStride - window.top + windowRow * window.rowDilation
        for column in 0..<window.outputWidth {
          let first = column * window.columnStride - window.left
          for windowColumn in window.columns(at: column) {
            let imageColumn = first + windowColumn * window.columnDilation
            body(
              (row * window.outputWidth + column) * outputs,
              (imageRow * window.imageWidth + imageColumn) * window.channels,
              (windowRow * window.width + windowColumn) * outputs)
          }
        }
      }
    }
  }
}
