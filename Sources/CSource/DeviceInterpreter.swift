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
  let device: DeviceProgram
  let constants: CSource.Constants
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
  ///
  /// One array an input, in the program's order, each with the row-major elements of the input's
  /// shape; a wrong count traps. The outputs come back alike.
  public func run(_ inputs: [[Float]]) -> [[Float]] {
    precondition(
      inputs.map(\.count) == device.program.inputs.map(\.shape.count), "one array an input")
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

  func floats(_ array: Int?) -> [Float]? {
    guard let array, case .floats(let list) = constants.values.numbers[array] else { return nil }
    return list
  }

  private func codes(_ array: Int) -> [Int8] {
    guard case .codes(let list) = constants.values.numbers[array] else { return [] }
    return list
  }

  func weights(_ product: DeviceProduct) -> [Float] { kernels[product.weights] ?? [] }

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

  func zero(_ value: Int) -> Int { constants.codes[value]?.zero ?? 0 }
  private func scale(_ value: Int) -> Float { Float(constants.codes[value]?.scale ?? 1) }

  /// The nearest code, as C's `to_code` finds it: −128 for NaN.
  static func code(_ value: Float) -> Int8 {
    let limited = value > -128 ? min(value, 127) : -128
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
}
