/// The products with kernels.
extension DeviceInterpreter {
  /// Runs a product: sums over floats or codes less their zero point, then scale and shift.
  func product(_ step: DeviceProgram.Step, _ memory: inout Memory) {
    let first = step.operands[0]
    let onCodes = device.values[first].isQuantized
    let zero = zero(first)
    let x: [Float] =
      onCodes ? memory.codes[first].map { Float(Int($0) - zero) } : memory.floats[first]
    let (sums, product, width) = sums(step.operation, x)
    let scale = floats(product.scale)
    let shift = floats(product.shift)
    func channel(_ index: Int) -> Int {
      if case .modeProduct(_, _, let after) = step.operation { return index / after % width }
      return index % width
    }
    let results = sums.enumerated().map { index, sum in
      let own = channel(index)
      guard let scale else { return Float(sum + Double(shift?[own] ?? 0)) }
      return Float(sum) * scale[own] + (shift?[own] ?? 0)
    }
    if device.values[step.result].isQuantized {
      memory.codes[step.result] = results.map(Self.code)
    } else {
      memory.floats[step.result] = results
    }
  }

  /// The sums of a product, row-major, with the constants of the product and its channels.
  private func sums(
    _ operation: DeviceOperation, _ x: [Float]
  ) -> (sums: [Double], product: DeviceProduct, width: Int) {
    switch operation {
    case .dense(let product, let rows):
      // Rows of inputs are a mode product with nothing behind the contracted axis.
      return (modeSums(product, before: rows, after: 1, x), product, product.outputs)
    case .convolution(let product, let window, let groups):
      let window = device.windows[window]
      let w = weights(product)
      let outputs = product.outputs / groups
      let inputs = window.channels / groups
      var sums = [Double](repeating: 0, count: window.height * window.width * product.outputs)
      window.forEachPosition { position, pixels in
        for (tap, pixel) in pixels {
          for channel in 0..<window.channels {
            let value = Double(x[pixel * window.channels + channel])
            let group = channel / inputs
            let row = (tap * inputs + channel % inputs) * product.outputs + group * outputs
            for output in 0..<outputs {
              sums[position * product.outputs + group * outputs + output] +=
                value * Double(w[row + output])
            }
          }
        }
      }
      return (sums, product, product.outputs)
    case .depthwise(let product, let window):
      let window = device.windows[window]
      let w = weights(product)
      let multiplier = window.filters / window.channels
      var sums = [Double](repeating: 0, count: window.height * window.width * window.filters)
      window.forEachPosition { position, pixels in
        for (tap, pixel) in pixels {
          for output in 0..<window.filters {
            sums[position * window.filters + output] +=
              Double(x[pixel * window.channels + output / multiplier])
              * Double(w[tap * window.filters + output])
          }
        }
      }
      return (sums, product, product.outputs)
    case .transposed(let product, let window):
      return (transposedSums(product, device.windows[window], x), product, product.outputs)
    case .modeProduct(let product, let before, let after):
      return (modeSums(product, before: before, after: after, x), product, product.outputs)
    default: preconditionFailure("no product")
    }
  }

  /// y [before × outputs × after] = x [before × inputs × after] contracted with w [inputs × outputs].
  private func modeSums(
    _ product: DeviceProduct, before: Int, after: Int, _ x: [Float]
  ) -> [Double] {
    let w = weights(product)
    var sums = [Double](repeating: 0, count: before * product.outputs * after)
    for outer in 0..<before {
      for input in 0..<product.inputs {
        for inner in 0..<after {
          let value = Double(x[(outer * product.inputs + input) * after + inner])
          for output in 0..<product.outputs {
            sums[(outer * product.outputs + output) * after + inner] +=
              value * Double(w[input * product.outputs + output])
          }
        }
      }
    }
    return sums
  }

  private func transposedSums(
    _ product: DeviceProduct, _ window: DeviceWindow, _ x: [Float]
  ) -> [Double] {
    let w = weights(product)
    var sums = [Double](repeating: 0, count: window.height * window.width * window.filters)
    for pixel in 0..<window.imageHeight * window.imageWidth {
      for tap in 0..<window.kernelHeight * window.kernelWidth {
        let row =
          pixel / window.imageWidth * window.strideY - window.top
          + tap / window.kernelWidth * window.dilationY
        let column =
          pixel % window.imageWidth * window.strideX - window.left
          + tap % window.kernelWidth * window.dilationX
        guard (0..<window.height).contains(row), (0..<window.width).contains(column) else {
          continue
        }
        for output in 0..<window.filters {
          for channel in 0..<window.channels {
            sums[(row * window.width + column) * window.filters + output] +=
              Double(x[pixel * window.channels + channel])
              * Double(w[(tap * window.filters + output) * window.channels + channel])
          }
        }
      }
    }
    return sums
  }
}

extension DeviceWindow {
  /// Visits every result position with the kernel entries and pixels inside the image.
  func forEachPosition(_ body: (_ position: Int, _ pixels: [(tap: Int, pixel: Int)]) -> Void) {
    for row in 0..<height {
      for column in 0..<width {
        var pixels: [(tap: Int, pixel: Int)] = []
        for y in 0..<kernelHeight {
          let imageRow = row * strideY - top + y * dilationY
          guard imageRow >= 0, imageRow < imageHeight else { continue }
          for x in 0..<kernelWidth {
            let imageColumn = column * strideX - left + x * dilationX
            guard imageColumn >= 0, imageColumn < imageWidth else { continue }
            pixels.append((y * kernelWidth + x, imageRow * imageWidth + imageColumn))
          }
        }
        body(row * width + column, pixels)
      }
    }
  }
}

extension DeviceBox {
  /// Visits every element with its two places.
  func forEach(_ body: (_ source: Int, _ target: Int) -> Void) {
    for index in 0..<extents.reduce(1, *) {
      var rest = index
      var source = sourceStart
      var target = targetStart
      for axis in extents.indices.reversed() {
        source += rest % extents[axis] * sourceStrides[axis]
        target += rest % extents[axis] * targetStrides[axis]
        rest /= extents[axis]
      }
      body(source, target)
    }
  }
}
