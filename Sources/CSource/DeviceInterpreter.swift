import Programs
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Runs a C file's steps in Swift, number for number: to measure int8 accuracy, to write the
/// self-test's expectations and to test the plan.
public struct DeviceInterpreter {
  private let device: DeviceProgram
  private let constants: CSource.Constants
  /// The weights of products in row-major order, by array.
  private var kernels: [Int: [Float]] = [:]

  /// Prepares the steps of an export.
  public init(_ export: CSource, _ constants: CSource.Constants) {
    device = export.device
    self.constants = constants
    for (index, array) in device.arrays.enumerated() {
      guard case .weight(let storage) = array.element else { continue }
      let stored = DeviceInterpreter.numbers(constants.values.numbers[index], storage)
      if case .panels(_, let rows, let columns, let groups, _) = array.content {
        let order = PanelOrder(rows: rows, columns: columns / groups, groups: groups)
        kernels[index] = stored.indices.map { stored[order.place($0)] }
      } else {
        kernels[index] = stored
      }
    }
  }

  /// The memory of one run: floats and codes by value.
  struct Memory {
    var floats: [[Float]]
    var codes: [[Int8]]
  }

  /// The outputs for one example.
  public func run(_ inputs: [[Float]]) -> [[Float]] {
    var memory = Memory(
      floats: device.values.map {
        $0.isQuantized ? [] : [Float](repeating: 0, count: $0.shape.count)
      },
      codes: device.values.map { $0.isQuantized ? [Int8](repeating: 0, count: $0.shape.count) : [] }
    )
    for (index, value) in device.values.enumerated() {
      if case .input(let position) = value.place { memory.floats[index] = inputs[position] }
    }
    for step in device.steps { run(step, &memory) }
    var outputs = [[Float]](repeating: [], count: device.program.outputs.count)
    for (index, value) in device.values.enumerated() {
      // The last value in a place is what the caller sees.
      if case .output(let position) = value.place { outputs[position] = memory.floats[index] }
    }
    return outputs
  }

  // MARK: Constants

  private func floats(_ array: Int?) -> [Float]? {
    guard let array, case .floats(let list) = constants.values.numbers[array] else { return nil }
    return list
  }

  private func codes(_ array: Int) -> [Int8] {
    guard case .codes(let list) = constants.values.numbers[array] else { return [] }
    return list
  }

  private func weights(_ product: DeviceProduct) -> [Float] { kernels[product.weights] ?? [] }

  private static func numbers(_ numbers: ConstantNumbers, _ storage: WeightStorage) -> [Float] {
    switch numbers {
    case .floats(let list): list
    case .codes(let list): list.map { Float($0) }
    case .halves(let list):
      storage == .float16
        ? list.map { Float(Float16(bitPattern: $0)) }
        : list.map { Float(bitPattern: UInt32($0) << 16) }
    case .integers: []
    }
  }

  private func zero(_ value: Int) -> Int { constants.codes[value]?.zero ?? 0 }
  private func scale(_ value: Int) -> Float { Float(constants.codes[value]?.scale ?? 1) }

  private static func code(_ value: Float) -> Int8 {
    let limited = value < -128 ? -128 : value > 127 ? 127 : value
    return Int8((limited < 0 ? limited - 0.5 : limited + 0.5).rounded(.towardZero))
  }

  // MARK: Steps

  private func run(_ step: DeviceProgram.Step, _ memory: inout Memory) {
    let first = step.operands[0]
    let result = step.result
    let quantized = device.values[result].isQuantized
    switch step.operation {
    case .dense, .convolution, .depthwise, .transposed, .modeProduct: product(step, &memory)
    case .quantize:
      let units = Float(1 / (constants.codes[result]?.scale ?? 1))
      let zero = Float(zero(result))
      memory.codes[result] = memory.floats[first].map { Self.code($0 * units + zero) }
    case .dequantize:
      let (zero, scale) = (zero(first), scale(first))
      memory.floats[result] = memory.codes[first].map { Float(Int($0) - zero) * scale }
    case .lookup(_, let table):
      let table = codes(table)
      memory.codes[result] = memory.codes[first].map { table[Int($0) + 128] }
    case .combine(let kind, let divisor): combine(step, kind, divisor, &memory)
    case .copy(let box, let background):
      if let background {
        if quantized {
          let code = constants.codes[result]?.code(Double(background)) ?? 0
          memory.codes[result] = memory.codes[result].map { _ in code }
        } else {
          memory.floats[result] = memory.floats[result].map { _ in background }
        }
      }
      let box = device.boxes[box]
      if quantized {
        let source = memory.codes[first]
        box.forEach { memory.codes[result][$1] = source[$0] }
      } else {
        let source = memory.floats[first]
        box.forEach { memory.floats[result][$1] = source[$0] }
      }
    case .select(let rows, let width, let indices, _):
      guard case .integers(let list) = constants.values.numbers[indices] else { return }
      let places = (0..<rows).flatMap { row in list.map { row * width + $0 } }
      if quantized {
        memory.codes[result] = places.map { memory.codes[first][$0] }
      } else {
        memory.floats[result] = places.map { memory.floats[first][$0] }
      }
    case .pool(let kind, let window): pool(step, kind, device.windows[window], &memory)
    case .channels(_, let count, let scale, let shift):
      let (scale, shift) = (floats(scale), floats(shift))
      if quantized {
        let zero = zero(first)
        memory.codes[result] = memory.codes[first].enumerated().map { index, code in
          Self.code(
            Float(Int(code) - zero) * (scale?[index % count] ?? 1) + (shift?[index % count] ?? 0))
        }
      } else {
        memory.floats[result] = memory.floats[first].enumerated().map { index, value in
          value * (scale?[index % count] ?? 1) + (shift?[index % count] ?? 0)
        }
      }
    default:
      memory.floats[result] = memory.floats[first]
      inPlace(step.operation, &memory.floats[result])
    }
  }

  /// The operations on floats in place.
  private func inPlace(_ operation: DeviceOperation, _ y: inout [Float]) {
    switch operation {
    case .activation(let function): y = y.map { function.value($0) }
    case .prelu(let alpha, let period):
      let alpha = floats(alpha) ?? []
      y = y.enumerated().map { $1 > 0 ? $1 : alpha[$0 % period] * $1 }
    case .rowwise(let function, let rows, let width):
      for row in 0..<rows {
        let range = row * width..<(row + 1) * width
        let highest = y[range].max() ?? 0
        let sum = y[range].reduce(0.0) { $0 + exp(Double($1 - highest)) }
        for index in range {
          y[index] =
            function == .softmax
            ? Float(exp(Double(y[index] - highest)) / sum)
            : y[index] - highest - Float(log(sum))
        }
      }
    case .layerNorm(let rows, let width, let epsilon, let gamma, let beta):
      let (gamma, beta) = (floats(gamma), floats(beta))
      for row in 0..<rows {
        let range = Array(row * width..<(row + 1) * width)
        normalise(&y, range, epsilon)
        for (index, place) in range.enumerated() {
          y[place] = y[place] * (gamma?[index] ?? 1) + (beta?[index] ?? 0)
        }
      }
    case .groupNorm(let positions, let channels, let groups, let epsilon, let gamma, let beta):
      let (gamma, beta) = (floats(gamma), floats(beta))
      let size = channels / groups
      for group in 0..<groups {
        let own = group * size..<(group + 1) * size
        normalise(&y, (0..<positions).flatMap { p in own.map { p * channels + $0 } }, epsilon)
      }
      for index in y.indices {
        y[index] = y[index] * (gamma?[index % channels] ?? 1) + (beta?[index % channels] ?? 0)
      }
    case .l2Normalize(let rows, let width):
      for row in 0..<rows {
        let range = row * width..<(row + 1) * width
        let sum = y[range].reduce(0.0) { $0 + Double($1) * Double($1) }
        for index in range { y[index] = Float(Double(y[index]) / max(sum, 1e-12).squareRoot()) }
      }
    default: break
    }
  }

  private func normalise(_ y: inout [Float], _ places: [Int], _ epsilon: Float) {
    let mean = places.reduce(0.0) { $0 + Double(y[$1]) } / Double(places.count)
    let variance =
      places.reduce(0.0) { $0 + (Double(y[$1]) - mean) * (Double(y[$1]) - mean) }
      / Double(places.count)
    for place in places {
      y[place] = Float((Double(y[place]) - mean) / (variance + Double(epsilon)).squareRoot())
    }
  }

  private func combine(
    _ step: DeviceProgram.Step, _ kind: ElementwiseKind, _ divisor: Int, _ memory: inout Memory
  ) {
    func merge(_ a: Float, _ b: Float) -> Float {
      switch kind {
      case .add, .average: a + b
      case .subtract: a - b
      case .multiply: a * b
      case .maximum: max(a, b)
      case .minimum: min(a, b)
      }
    }
    let (first, second, result) = (step.operands[0], step.operands[1], step.result)
    if device.values[result].isQuantized {
      let units = Float(1 / ((constants.codes[result]?.scale ?? 1) * Double(divisor)))
      let (zeroA, zeroB, zero) = (zero(first), zero(second), Float(zero(result)))
      let (scaleA, scaleB) = (scale(first), scale(second))
      memory.codes[result] = zip(memory.codes[first], memory.codes[second]).map { a, b in
        Self.code(
          merge(Float(Int(a) - zeroA) * scaleA, Float(Int(b) - zeroB) * scaleB) * units + zero)
      }
    } else {
      memory.floats[result] = zip(memory.floats[first], memory.floats[second]).map {
        merge($0, $1) / Float(divisor)
      }
    }
  }

  private func pool(
    _ step: DeviceProgram.Step, _ kind: PoolingKind, _ window: DeviceWindow,
    _ memory: inout Memory
  ) {
    let quantized = device.values[step.result].isQuantized
    let first = step.operands[0]
    window.forEachPosition { position, pixels in
      for channel in 0..<window.channels {
        let target = position * window.channels + channel
        let places = pixels.map { $0.pixel * window.channels + channel }
        if quantized {
          let codes = places.map { memory.codes[first][$0] }
          memory.codes[step.result][target] =
            kind == .max
            ? codes.max() ?? 0
            : Self.code(Float(codes.reduce(0) { $0 + Int($1) }) / Float(codes.count))
        } else {
          let values = places.map { memory.floats[first][$0] }
          memory.floats[step.result][target] =
            kind == .max
            ? values.max() ?? 0 : values.reduce(0, +) / Float(max(values.count, 1))
        }
      }
    }
  }

  // MARK: Products

  /// Sums of a product, one for every result, over floats or codes less their zero point.
  private func product(_ step: DeviceProgram.Step, _ memory: inout Memory) {
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

  private func sums(
    _ operation: DeviceOperation, _ x: [Float]
  ) -> (sums: [Double], product: DeviceProduct, width: Int) {
    switch operation {
    case .dense(let product, let rows):
      let w = weights(product)
      var sums = [Double](repeating: 0, count: rows * product.outputs)
      for input in 0..<product.inputs {
        for output in 0..<product.outputs {
          let weight = Double(w[input * product.outputs + output])
          for row in 0..<rows {
            sums[row * product.outputs + output] += Double(x[row * product.inputs + input]) * weight
          }
        }
      }
      return (sums, product, product.outputs)
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
      let w = weights(product)
      var sums = [Double](repeating: 0, count: before * product.outputs * after)
      for outer in 0..<before {
        for input in 0..<product.inputs {
          for output in 0..<product.outputs {
            let weight = Double(w[input * product.outputs + output])
            for inner in 0..<after {
              sums[(outer * product.outputs + output) * after + inner] +=
                weight * Double(x[(outer * product.inputs + input) * after + inner])
            }
          }
        }
      }
      return (sums, product, product.outputs)
    default: preconditionFailure("no product")
    }
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
