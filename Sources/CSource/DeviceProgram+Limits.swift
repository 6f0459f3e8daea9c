import Programs
import Tensors

/// What C could not count or spell.
extension DeviceProgram {
  /// Checks the numbers that stand in calls.
  /// - Throws: `CSourceError` naming the layer of one that is not finite.
  func checkConstants() throws(CSourceError) {
    for step in steps {
      guard let bad = step.operation.numbers.first(where: { !$0.isFinite }) else { continue }
      throw CSourceError(step.origin, "holds \(bad); C constants must be finite")
    }
  }

  /// Checks that C's `int` counts the elements of every value and array, and what windows index.
  /// - Throws: `CSourceError` naming the layer, the input or the array, and its size.
  func checkSizes() throws(CSourceError) {
    for (index, value) in values.enumerated() {
      try DeviceProgram.check(value.shape.count, "elements in a value", at: place(of: index))
    }
    for array in arrays { try DeviceProgram.check(array.count, "numbers", at: array.name) }
    for step in steps {
      switch step.operation {
      case .convolution(_, let index, _), .depthwise(_, let index):
        let window = windows[index]
        try check(window, positions: (window.height, window.width), step)
      case .transposed(_, let index):
        let window = windows[index]
        try check(window, positions: (window.imageHeight, window.imageWidth), step)
      case .pool(let kind, let index):
        let window = windows[index]
        try check(window, positions: (window.height, window.width), step)
        if kind == .average, values[step.result].isQuantized {
          let pixels =
            min(window.kernelHeight, window.imageHeight)
            * min(window.kernelWidth, window.imageWidth)
          try DeviceProgram.check(pixels * 128, "as a sum of int8 codes", at: step.origin)
        }
      default: break
      }
    }
  }

  /// Checks a window that moves over some positions, and how far the last of them reaches.
  private func check(
    _ window: DeviceWindow, positions: (height: Int, width: Int), _ step: Step
  ) throws(CSourceError) {
    for field in window.fields {
      try DeviceProgram.check(abs(field), "as an extent of a window", at: step.origin)
    }
    let reaches = [
      (positions.height - 1) * window.strideY + (window.kernelHeight - 1) * window.dilationY,
      (positions.width - 1) * window.strideX + (window.kernelWidth - 1) * window.dilationX,
    ]
    for reach in reaches {
      try DeviceProgram.check(reach, "as the reach of a window", at: step.origin)
    }
  }

  /// Checks that C's `int` counts the bytes of the arena.
  /// - Throws: `CSourceError` that states them.
  func checkArena() throws(CSourceError) {
    try DeviceProgram.check(arenaByteCount, "bytes of arena", at: "RAM")
  }

  private static func check(
    _ count: Int, _ what: String, at place: String
  ) throws(CSourceError) {
    let largest = Int(Int32.max)
    guard count > largest else { return }
    throw CSourceError(place, "\(count) \(what); C's int counts to \(largest)")
  }

  /// The layer that makes a value, or the input that it is.
  private func place(of value: Int) -> String {
    if case .input(let index) = values[value].place { return program.inputs[index].name }
    return steps.first { $0.result == value }?.origin ?? "output"
  }
}

extension DeviceOperation {
  /// The floats that stand in the call.
  fileprivate var numbers: [Float] {
    switch self {
    case .activation(let function), .lookup(let function, _), .rowwise(let function, _, _):
      function.numbers
    case .copy(_, let background): background.map { [$0] } ?? []
    case .layerNorm(_, _, let epsilon, _, _), .groupNorm(_, _, _, let epsilon, _, _): [epsilon]
    default: []
    }
  }
}

extension ActivationFunction {
  /// The function's settings.
  fileprivate var numbers: [Float] {
    switch self {
    case .relu(let maximum, let slope, let threshold): [maximum ?? 0, slope, threshold]
    case .elu(let alpha): [alpha]
    default: []
    }
  }
}
