import Programs

/// A pooling window per channel: the largest value, or the mean of those inside the image.
///
/// The gradient of a maximum goes to its first occurrence in the window, row by row.
struct PoolingKernel: Kernel {
  let kind: PoolingKind
  let window: Window2D

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: kind == .max, gradientReadsResult: kind == .max)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    if kind == .max, window.isTwoByTwo {
      forwardTwoByTwo(step, workspace)
      return
    }
    let x = workspace.values(step.operands[0])
    let channels = window.channels
    workspace.write(step.result, count: step.resultCount * workspace.batch) { y in
      var start = 0
      for sample in 0..<workspace.batch {
        let image = x.span.extracting(sample * window.imageCount..<(sample + 1) * window.imageCount)
        forEachPosition { rows, columns, base in
          var result = y._mutatingExtracting(start..<start + channels)
          start += channels
          result.fill(kind == .max ? -.infinity : 0)
          for row in rows {
            for column in columns {
              let first = (base + row * window.imageWidth + column) * channels
              let pixel = image.extracting(first..<first + channels)
              if kind == .max {
                for index in result.indices {
                  let value = pixel[index]
                  let own = result[index]
                  // Written so that NaN wins.
                  result[index] = value <= own ? own : value
                }
              } else {
                result.add(pixel)
              }
            }
          }
          if kind == .average { result.scale(1 / Float(rows.count * columns.count)) }
        }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    if kind == .max, window.isTwoByTwo {
      backwardTwoByTwo(step, workspace)
      return
    }
    let d = workspace.values(gradient)
    let x = workspace.values(step.operands[0])
    let y = workspace.values(step.result)
    let channels = window.channels
    let imageCount = window.imageCount
    workspace.withScratch(1, count: channels) { open in
      workspace.writeOperandGradient(step, 0) { dx in
        dx.fill(0)
        var start = 0
        for sample in 0..<workspace.batch {
          let image =
            kind == .max
            ? x.span.extracting(sample * imageCount..<(sample + 1) * imageCount) : x.span
          var target = dx._mutatingExtracting(sample * imageCount..<(sample + 1) * imageCount)
          forEachPosition { rows, columns, base in
            let incoming = d.span.extracting(start..<start + channels)
            let highest = kind == .max ? y.span.extracting(start..<start + channels) : incoming
            start += channels
            if kind == .max { open.fill(1) }
            let share = 1 / Float(rows.count * columns.count)
            for row in rows {
              for column in columns {
                let first = (base + row * window.imageWidth + column) * channels
                var pixel = target._mutatingExtracting(first..<first + channels)
                if kind == .max {
                  let value = image.extracting(first..<first + channels)
                  for index in pixel.indices {
                    let hit = value[index] == highest[index] ? open[index] : 0
                    pixel[index] += hit * incoming[index]
                    open[index] -= hit
                  }
                } else {
                  pixel.add(incoming, times: share)
                }
              }
            }
          }
        }
      }
    }
  }

  // MARK: Two by two

  /// The common case: windows tile the image, so every pixel is read and written once.
  private func forwardTwoByTwo(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    let width = window.outputWidth * window.channels
    workspace.write(step.result, count: step.resultCount * workspace.batch) { y in
      forEachRowPair(workspace.batch) { row, image in
        var part = y._mutatingExtracting(row * width..<(row + 1) * width)
        VectorKernels.maxPool(
          x.span.extracting(image), line: image.count / 2, columns: window.outputWidth,
          channels: window.channels, into: &part)
      }
    }
  }

  private func backwardTwoByTwo(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let d = workspace.values(gradient)
    let x = workspace.values(step.operands[0])
    let width = window.outputWidth * window.channels
    workspace.writeOperandGradient(step, 0) { dx in
      if window.imageWidth % 2 != 0 || window.imageHeight % 2 != 0 { dx.fill(0) }
      forEachRowPair(workspace.batch) { row, image in
        var part = dx._mutatingExtracting(image)
        VectorKernels.maxPoolGradient(
          x.span.extracting(image), line: image.count / 2, columns: window.outputWidth,
          channels: window.channels, of: d.span.extracting(row * width..<(row + 1) * width),
          into: &part)
      }
    }
  }

  /// Visits every row of results of a batch with the two image rows that it reads.
  @inline(__always)
  private func forEachRowPair(_ batch: Int, _ body: (_ row: Int, _ image: Range<Int>) -> Void) {
    let line = window.imageWidth * window.channels
    for sample in 0..<batch {
      for row in 0..<window.outputHeight {
        let start = sample * window.imageCount + 2 * row * line
        body(sample * window.outputHeight + row, start..<start + 2 * line)
      }
    }
  }

  /// Visits every result position in order with the window rows and columns inside the image and
  /// the pixel, possibly outside, at which the window starts.
  @inline(__always)
  private func forEachPosition(_ body: (Range<Int>, Range<Int>, Int) -> Void) {
    for row in 0..<window.outputHeight {
      let rows = window.rows(at: row)
      let firstRow = row * window.rowStride - window.top
      for column in 0..<window.outputWidth {
        body(
          rows, window.columns(at: column),
          firstRow * window.imageWidth + column * window.columnStride - window.left)
      }
    }
  }
}

/// The largest value or the mean of each channel over all positions.
struct GlobalPoolingKernel: Kernel {
  let kind: PoolingKind
  let positions: Int
  let channels: Int

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: kind == .max, gradientReadsResult: kind == .max)
  }

  func forward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    workspace.write(step.result, count: channels * workspace.batch) { y in
      for sample in 0..<workspace.batch {
        var result = y._mutatingExtracting(sample * channels..<(sample + 1) * channels)
        result.fill(kind == .max ? -.infinity : 0)
        let first = sample * positions * channels
        if kind == .average {
          result.addColumnSums(x.span.extracting(first..<first + positions * channels))
          result.scale(1 / Float(positions))
        } else {
          for position in 0..<positions {
            let start = first + position * channels
            let pixel = x.span.extracting(start..<start + channels)
            for index in result.indices {
              let value = pixel[index]
              let own = result[index]
              result[index] = value <= own ? own : value
            }
          }
        }
      }
    }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    let d = workspace.values(gradient)
    let x = workspace.values(step.operands[0])
    let y = workspace.values(step.result)
    workspace.withScratch(1, count: channels) { open in
      workspace.writeOperandGradient(step, 0) { dx in
        for sample in 0..<workspace.batch {
          let range = sample * channels..<(sample + 1) * channels
          let incoming = d.span.extracting(range)
          if kind == .max { open.fill(1) }
          for position in 0..<positions {
            let start = (sample * positions + position) * channels
            var pixel = dx._mutatingExtracting(start..<start + channels)
            if kind == .average {
              pixel.fill(0)
              pixel.add(incoming, times: 1 / Float(positions))
            } else {
              let value = x.span.extracting(start..<start + channels)
              let highest = y.span.extracting(range)
              for index in pixel.indices {
                let hit = value[index] == highest[index] ? open[index] : 0
                pixel[index] = hit * incoming[index]
                open[index] -= hit
              }
            }
          }
        }
      }
    }
  }
}
