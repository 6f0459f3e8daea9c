import Programs
import Tensors

/// The calls that one step becomes, and the functions that they need.
struct CCalls {
  let device: DeviceProgram
  /// What int8 values stand for; placeholders where only the functions are asked for.
  let codes: [Int: CodeScale]
  /// The caller's input and output parameters.
  let inputNames: [String]
  let outputNames: [String]

  /// One call.
  struct Call {
    let function: CFunction
    let text: String
  }

  /// The expression of a value's first element.
  func place(_ value: Int) -> String {
    switch device.values[value].place {
    case .input(let index): inputNames[index]
    case .output(let index): outputNames[index]
    case .arena(let offset):
      device.values[value].isQuantized
        ? "arena.codes + \(offset)" : "arena.floats + \(offset / 4)"
    }
  }

  private func name(_ array: Int?) -> String { array.map { device.arrays[$0].name } ?? "0" }
  private func zero(_ value: Int) -> Int { codes[value]?.zero ?? 0 }
  private func scale(_ value: Int) -> String { CName.float(Float(codes[value]?.scale ?? 1)) }
  private func units(_ value: Int, divisor: Int = 1) -> String {
    CName.float(Float(1 / ((codes[value]?.scale ?? 1) * Double(divisor))))
  }

  /// The calls of a step, in order.
  func calls(_ step: DeviceProgram.Step) -> [Call] {
    let result = step.result
    let quantized = device.values[result].isQuantized
    let count = device.values[result].shape.count
    var calls: [Call] = []
    let y = place(result)
    if step.operation.overwritesOperand, place(step.operands[0]) != y {
      calls.append(
        Call(
          function: .copy(quantized: quantized),
          text: "copy\(quantized ? "_i8" : "")(\(place(step.operands[0])), \(count), \(y));"))
    }
    calls += own(step, quantized: quantized, count: count, y: y)
    return calls
  }

  private func own(
    _ step: DeviceProgram.Step, quantized: Bool, count: Int, y: String
  ) -> [Call] {
    let first = step.operands[0]
    let x = place(first)
    let suffix = quantized ? "_i8" : ""
    func one(_ function: CFunction, _ text: String) -> [Call] {
      [Call(function: function, text: text)]
    }
    switch step.operation {
    case .dense, .convolution, .depthwise, .transposed, .modeProduct:
      let (function, text) = product(step, quantized: quantized)
      return one(function, text)
    case .channels(let rows, let width, let scale, let shift):
      if quantized {
        return one(
          .codeChannels,
          "channels_i8(\(y), \(zero(first)), \(rows), \(width), \(name(scale)), \(name(shift)));")
      }
      if scale != nil {
        return one(
          .channelsScaled,
          "scale_channels(\(y), \(rows), \(width), \(name(scale)), \(name(shift)));")
      }
      return one(.channelsShifted, "shift_channels(\(y), \(rows), \(width), \(name(shift)));")
    case .activation(let function):
      let activation = CActivation(function)
      return one(
        CFunction.activation(function).canonical,
        "\(activation.name)(\(y), \(count)\(activation.arguments));")
    case .lookup(_, let table): return one(.lookup, "lookup(\(y), \(count), \(name(table)));")
    case .rowwise(let function, let rows, let width):
      return function == .softmax
        ? one(.softmax, "softmax(\(y), \(rows), \(width));")
        : one(.logSoftmax, "log_softmax(\(y), \(rows), \(width));")
    case .prelu(let alpha, let period):
      return one(.prelu, "prelu(\(y), \(count), \(name(alpha)), \(period));")
    case .pool(let kind, let window):
      return one(
        .pool(kind, quantized: quantized),
        "\(CTemplates.poolName(kind, quantized: quantized))(\(x), &window_\(window), \(y));")
    case .combine(let kind, let divisor):
      let other = step.operands[1]
      if quantized {
        return one(
          .codeCombine(kind),
          "\(kind.cName)_i8(\(y), \(zero(first)), \(scale(first)), \(place(other)), \(zero(other)), "
            + "\(scale(other)), \(count), \(units(step.result, divisor: divisor)), "
            + "\(zero(step.result)));")
      }
      return one(
        .combine(kind),
        "\(kind.cName)(\(y), \(place(other)), \(count), \(CName.float(1 / Float(divisor))));")
    case .copy(let box, let background):
      var calls: [Call] = []
      if let background {
        let value =
          quantized
          ? "\(codes[step.result]?.code(Double(background)) ?? 0)" : CName.float(background)
        calls += one(.fill(quantized: quantized), "fill\(suffix)(\(y), \(count), \(value));")
      }
      let whole = device.boxes[box]
      if whole.extents.dropLast().allSatisfy({ $0 == 1 }), whole.sourceStrides.last == 1,
        whole.targetStrides.last == 1
      {
        let source = whole.sourceStart == 0 ? x : "\(x) + \(whole.sourceStart)"
        let target = whole.targetStart == 0 ? y : "\(y) + \(whole.targetStart)"
        return calls
          + one(
            .copy(quantized: quantized),
            "copy\(suffix)(\(source), \(whole.extents.last ?? 0), \(target));")
      }
      return calls + one(.copyBox(quantized: quantized), "move\(suffix)(\(x), &box_\(box), \(y));")
    case .select(let rows, let width, let indices, let chosen):
      return one(
        .select(quantized: quantized),
        "pick\(suffix)(\(x), \(rows), \(width), \(name(indices)), \(chosen), \(y));")
    case .layerNorm(let rows, let width, let epsilon, let gamma, let beta):
      return one(
        .layerNorm,
        "layer_norm(\(y), \(rows), \(width), \(CName.float(epsilon)), \(name(gamma)), "
          + "\(name(beta)));")
    case .groupNorm(let positions, let channels, let groups, let epsilon, let gamma, let beta):
      return one(
        .groupNorm,
        "group_norm(\(y), \(positions), \(channels), \(groups), \(CName.float(epsilon)), "
          + "\(name(gamma)), \(name(beta)));")
    case .l2Normalize(let rows, let width):
      return one(.l2Normalize, "normalize(\(y), \(rows), \(width));")
    case .quantize:
      return one(
        .quantize,
        "quantize(\(x), \(count), \(units(step.result)), \(zero(step.result)), \(y));")
    case .dequantize:
      return one(
        .dequantize, "dequantize(\(x), \(count), \(zero(first)), \(scale(first)), \(y));")
    }
  }

  /// A product in float, or in int8 with an int8 or float result.
  private func product(_ step: DeviceProgram.Step, quantized: Bool) -> (CFunction, String) {
    let first = step.operands[0]
    let (x, y) = (place(first), place(step.result))
    let onCodes = device.values[first].isQuantized
    let suffix = { (product: DeviceProduct) in
      onCodes ? CTemplates.result(quantized).suffix : product.storage.suffix
    }
    func start(_ product: DeviceProduct) -> String { onCodes ? "\(x), \(zero(first))" : x }
    func constants(_ product: DeviceProduct) -> String {
      onCodes
        ? "\(name(product.weights)), \(name(product.scale)), \(name(product.shift))"
        : "\(name(product.weights)), \(name(product.shift))"
    }
    switch step.operation {
    case .dense(let p, let rows):
      return (
        onCodes ? .codeDense(quantized) : .dense(p.storage),
        "dense_\(suffix(p))(\(start(p)), \(rows), \(p.inputs), \(constants(p)), \(p.outputs), \(y));"
      )
    case .convolution(let p, let window, let groups):
      return (
        onCodes ? .codeConvolution(quantized) : .convolution(p.storage),
        "convolve_\(suffix(p))(\(start(p)), &window_\(window), \(groups), \(constants(p)), \(y));"
      )
    case .depthwise(let p, let window):
      return (
        onCodes ? .codeDepthwise(quantized) : .depthwise(p.storage),
        "depthwise_\(suffix(p))(\(start(p)), &window_\(window), \(constants(p)), \(y));"
      )
    case .transposed(let p, let window):
      return (
        .transposed(p.storage),
        "spread_\(suffix(p))(\(x), &window_\(window), \(constants(p)), \(y));"
      )
    case .modeProduct(let p, let before, let after):
      let scale = p.storage == .int8 ? "\(name(p.scale)), " : ""
      let own = onCodes ? constants(p) + ", " : "\(name(p.weights)), \(scale)"
      return (
        onCodes ? .codeModeProduct(quantized) : .modeProduct(p.storage),
        "contract_\(suffix(p))(\(start(p)), \(before), \(p.inputs), \(after), \(own)\(p.outputs), \(y));"
      )
    default: preconditionFailure("no product")
    }
  }

  /// The functions of the file, each after what it needs.
  func functions() -> [CFunction] {
    var ordered: [CFunction] = []
    var seen: Set<CFunction> = []
    func add(_ function: CFunction) {
      guard seen.insert(function).inserted else { return }
      function.needs.forEach(add)
      ordered.append(function)
    }
    for step in device.steps { for call in calls(step) { add(call.function) } }
    return ordered
  }
}
