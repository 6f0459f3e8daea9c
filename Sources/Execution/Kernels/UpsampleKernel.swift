import Programs

/// Enlarges an image by whole factors with bilinear weights between half-pixel centres.
///
/// Beyond the outermost centres the edge is repeated, as TensorFlow's resize does.
struct BilinearUpsampleKernel: Kernel {
  let height: Int
  let width: Int
  let channels: Int
  let heightFactor: Int
  let widthFactor: Int

  var traits: KernelTraits { KernelTraits() }

  func forward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    let imageCount = height * width * channels
    workspace.write(step.result, count: step.resultCount * workspace.batch) { y in
      y.fill(0)
      for sample in 0..<workspace.batch {
        let image = x.span.extracting(sample * imageCount..<(sample + 1) * imageCount)
        var result = y._mutatingExtracting(
          sample * step.resultCount..<(sample + 1) * step.resultCount)
        forEachTap { target, source, weight in
          var pixel = result._mutatingExtracting(target..<target + channels)
          pixel.add(image.extracting(source..<source + channels), times: weight)
        }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let d = workspace.values(gradient)
    let imageCount = height * width * channels
    workspace.writeOperandGradient(step, 0) { dx in
      dx.fill(0)
      for sample in 0..<workspace.batch {
        let incoming = d.span.extracting(
          sample * step.resultCount..<(sample + 1) * step.resultCount)
        var image = dx._mutatingExtracting(sample * imageCount..<(sample + 1) * imageCount)
        forEachTap { target, source, weight in
          var pixel = image._mutatingExtracting(source..<source + channels)
          pixel.add(incoming.extracting(target..<target + channels), times: weight)
        }
      }
    }
  }

  /// Visits the up to four source pixels of every result pixel.
  @inline(__always)
  private func forEachTap(_ body: (_ target: Int, _ source: Int, _ weight: Float) -> Void) {
    for row in 0..<height * heightFactor {
      let rows = taps(row, factor: heightFactor, extent: height)
      for column in 0..<width * widthFactor {
        let columns = taps(column, factor: widthFactor, extent: width)
        let target = (row * width * widthFactor + column) * channels
        for (y, rowWeight) in [(rows.low, 1 - rows.share), (rows.high, rows.share)]
        where rowWeight != 0 {
          for (x, weight) in [(columns.low, 1 - columns.share), (columns.high, columns.share)]
          where weight != 0 {
            body(target, (y * width + x) * channels, rowWeight * weight)
          }
        }
      }
    }
  }

  private func taps(
    _ position: Int, factor: Int, extent: Int
  ) -> (low: Int, high: Int, share: Float) {
    let centre = max((Float(position) + 0.5) / Float(factor) - 0.5, 0)
    let low = min(Int(centre), extent - 1)
    return (low, min(low + 1, extent - 1), centre - Float(low))
  }
}
