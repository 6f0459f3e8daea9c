import Programs
import Tensors

extension DeviceLowering {
  /// Appends what is neither a product nor a per-channel map.
  mutating func arrangement(_ entry: ProgramDraft.Entry) throws(CSourceError) {
    let instruction = entry.instruction
    let x = device.program.shape(of: instruction.operands[0])
    let rows = x.count / max(x.last, 1)
    switch instruction.operation {
    case .activation(let function) where function.isRowwise:
      inPlace(entry, .rowwise(function, rows: rows, width: x.last))
    case .activation(let function): activation(entry, function)
    case .pool2D(let kind, let geometry):
      pool(entry, kind, DeviceWindow(image: x, result: instruction.shape, geometry))
    case .globalPool(let kind, _): pool(entry, kind, DeviceWindow(pooling: x))
    case .elementwise(let kind): try combine(entry, kind)
    case .prelu(let id): try prelu(entry, id, x)
    case .layerNorm(let gamma, let beta, let epsilon, let axisCount):
      let width = x.extents.suffix(axisCount).reduce(1, *)
      let (gamma, beta) = (parameterArray(gamma), parameterArray(beta))
      inPlace(
        entry,
        .layerNorm(
          rows: x.count / width, width: width, epsilon: epsilon, gamma: gamma, beta: beta))
    case .groupNorm(let gamma, let beta, let epsilon, let groups):
      let (gamma, beta) = (parameterArray(gamma), parameterArray(beta))
      inPlace(
        entry,
        .groupNorm(
          positions: rows, channels: x.last, groups: groups, epsilon: epsilon, gamma: gamma,
          beta: beta))
    case .l2Normalize: inPlace(entry, .l2Normalize(rows: rows, width: x.last))
    case .selectLast(let indices):
      let quantized = entry.isQuantized
      let operand = operand(
        instruction.operands[0], quantized: quantized, origin: instruction.origin)
      let result = result(of: entry, quantized: quantized)
      let list = array(
        instruction.origin + "/inputs", .index, count: indices.count, .integers(indices))
      append(
        .select(rows: rows, width: x.last, indices: list, count: indices.count),
        instruction.origin, [operand], result)
    default: try move(entry, x)
    }
  }

  private mutating func parameterArray(_ id: ParameterID?) -> Int? {
    guard let id else { return nil }
    let count = device.program.parameters[id.rawValue].shape.count
    return array(values.arrayName(id), .float32, count: count, .values(id))
  }

  /// Appends an operation that may overwrite its operand, in float.
  private mutating func inPlace(_ entry: ProgramDraft.Entry, _ operation: DeviceOperation) {
    let origin = entry.instruction.origin
    let operand = operand(entry.instruction.operands[0], quantized: false, origin: origin)
    let result = result(of: entry, quantized: false)
    append(operation, origin, [operand], result)
  }

  private mutating func activation(_ entry: ProgramDraft.Entry, _ function: ActivationFunction) {
    guard entry.isQuantized else { return inPlace(entry, .activation(function)) }
    let origin = entry.instruction.origin
    let operand = operand(entry.instruction.operands[0], quantized: true, origin: origin)
    lookup(function, origin, operand, result(of: entry, quantized: true))
  }

  /// Appends a function of int8 by a table of its 256 results.
  mutating func lookup(
    _ function: ActivationFunction, _ origin: String, _ operand: Int, _ result: Int
  ) {
    let table = array(
      origin + "/table", .code, count: 256,
      .table(function, operand: operand, result: result))
    append(.lookup(function, table: table), origin, [operand], result)
  }

  private mutating func prelu(
    _ entry: ProgramDraft.Entry, _ id: ParameterID, _ x: Shape
  ) throws(CSourceError) {
    let shape = device.program.parameters[id.rawValue].shape
    // α may repeat along leading axes only.
    let firstReal = shape.extents.firstIndex { $0 != 1 } ?? shape.order
    guard shape.extents[firstReal...].elementsEqual(x.extents[firstReal...]) else {
      throw CSourceError(
        entry.instruction.origin, "PReLU that shares α along inner axes cannot be written as C")
    }
    let alpha = array(values.arrayName(id), .float32, count: shape.count, .values(id))
    inPlace(entry, .prelu(alpha: alpha, period: shape.count))
  }

  private mutating func pool(
    _ entry: ProgramDraft.Entry, _ kind: PoolingKind, _ geometry: DeviceWindow
  ) {
    let source = entry.instruction.operands[0]
    let operand = operand(source, quantized: entry.isQuantized, origin: entry.instruction.origin)
    let result = result(of: entry, quantized: entry.isQuantized)
    append(
      .pool(kind, window: window(geometry)), entry.instruction.origin, [operand], result)
  }

  /// Operand after operand is taken into the first, which is copied where others still read it.
  private mutating func combine(
    _ entry: ProgramDraft.Entry, _ kind: ElementwiseKind
  ) throws(CSourceError) {
    let instruction = entry.instruction
    let origin = instruction.origin
    let quantized = entry.isQuantized
    var operands: [Int] = []
    for value in instruction.operands {
      let index = operand(value, quantized: quantized, origin: origin)
      let shape = device.program.shape(of: value)
      operands.append(
        shape == instruction.shape
          ? index : try repeated(index, shape, to: instruction.shape, origin))
    }
    if operands.count == 1 {
      let only = operands[0]
      replaceResult(of: entry, by: only)
      return
    }
    var sum = operands[0]
    for (position, next) in operands.enumerated().dropFirst() {
      let isLast = position == operands.count - 1
      // Partial sums are floats: int8 takes two operands at most.
      let result =
        isLast
        ? self.result(of: entry, quantized: quantized)
        : newValue(instruction.shape, quantized: false, source: entry.result)
      let divisor = kind == .average && isLast ? operands.count : 1
      append(.combine(kind, divisor: divisor), origin, [sum, next], result)
      sum = result
    }
  }

  /// Repeats an operand along its axes of extent 1.
  private mutating func repeated(
    _ operand: Int, _ shape: Shape, to target: Shape, _ origin: String
  ) throws(CSourceError) -> Int {
    let strides = shape.strides
    let source = device.values[operand].source
    let result = newValue(target, quantized: device.values[operand].isQuantized, source: source)
    let position = try box(
      DeviceBox(
        extents: target.extents,
        sourceStrides: strides.indices.map { shape[$0] == 1 ? 0 : strides[$0] },
        targetStrides: target.strides), origin)
    append(.copy(box: position, background: nil), origin, [operand], result)
    return result
  }

  /// Operations that only move elements.
  private mutating func move(
    _ entry: ProgramDraft.Entry, _ x: Shape
  ) throws(CSourceError) {
    let instruction = entry.instruction
    let y = instruction.shape
    var boxes: [DeviceBox] = []
    var background: Float?
    switch instruction.operation {
    case .concatenate(let axis):
      var start = 0
      for operand in instruction.operands {
        let shape = device.program.shape(of: operand)
        boxes.append(
          DeviceBox(
            extents: shape.extents, sourceStrides: shape.strides, targetStrides: y.strides,
            targetStart: start))
        start += shape[axis] * y.strides[axis]
      }
    case .pad(let amounts, let value):
      let start = zip(amounts, y.strides).reduce(0) { $0 + $1.0.before * $1.1 }
      boxes = [
        DeviceBox(
          extents: x.extents, sourceStrides: x.strides, targetStrides: y.strides,
          targetStart: start)
      ]
      background = value
    case .crop(let amounts):
      let start = zip(amounts, x.strides).reduce(0) { $0 + $1.0.before * $1.1 }
      boxes = [
        DeviceBox(
          extents: y.extents, sourceStrides: x.strides, targetStrides: y.strides,
          sourceStart: start)
      ]
    case .upsample(let heightFactor, let widthFactor, .nearest):
      let strides = x.strides
      let box = Shape([x[0], heightFactor, x[1], widthFactor, x[2]])
      boxes = [
        DeviceBox(
          extents: box.extents, sourceStrides: [strides[0], 0, strides[1], 0, 1],
          targetStrides: box.strides)
      ]
    case .repeatVector(let count):
      boxes = [
        DeviceBox(
          extents: [count, x.count], sourceStrides: [0, 1], targetStrides: [x.count, 1])
      ]
    case .transpose(let permutation):
      boxes = [
        DeviceBox(
          extents: y.extents, sourceStrides: permutation.map { x.strides[$0] },
          targetStrides: y.strides)
      ]
    default:
      throw CSourceError(
        instruction.origin, "\(instruction.operation.name) cannot be written as C")
    }
    try append(entry, boxes, background)
  }

  private mutating func append(
    _ entry: ProgramDraft.Entry, _ boxes: [DeviceBox], _ background: Float?
  ) throws(CSourceError) {
    let origin = entry.instruction.origin
    let quantized = entry.isQuantized
    var operands: [Int] = []
    for value in entry.instruction.operands {
      operands.append(operand(value, quantized: quantized, origin: origin))
    }
    let result = result(of: entry, quantized: quantized)
    for (index, box) in boxes.enumerated() {
      append(
        .copy(box: try self.box(box, origin), background: index == 0 ? background : nil), origin,
        [operands[index]], result)
    }
  }
}
