import Programs
import Tensors

extension DeviceLowering {
  /// Appends the steps of one entry.
  mutating func lower(_ entry: ProgramDraft.Entry) throws(CSourceError) {
    let instruction = entry.instruction
    let x = device.program.shape(of: instruction.operands[0])
    let y = instruction.shape
    switch instruction.operation {
    case .matmul(let id):
      let rows = x.count / max(x.last, 1)
      product(entry, id, layout: .panels(groups: 1), inputs: x.last, outputs: y.last) {
        .dense($0, rows: rows)
      }
    case .modeProduct(let id, let axis):
      let before = x.extents[..<axis].reduce(1, *)
      let after = x.extents[(axis + 1)...].reduce(1, *)
      let (inputs, outputs) = (x[axis], y[axis])
      if after == 1 {
        product(entry, id, layout: .panels(groups: 1), inputs: inputs, outputs: outputs) {
          .dense($0, rows: before)
        }
      } else {
        product(entry, id, layout: .plain, inputs: inputs, outputs: outputs) {
          .modeProduct($0, before: before, after: after)
        }
      }
    case .conv2D(let id, let geometry):
      let kernel = device.program.parameters[id.rawValue].shape
      let position = window(DeviceWindow(image: x, result: y, kernel: kernel, geometry))
      product(
        entry, id, layout: .panels(groups: geometry.groups),
        inputs: kernel[0] * kernel[1] * kernel[2], outputs: y.last
      ) { .convolution($0, window: position, groups: geometry.groups) }
    case .depthwiseConv2D(let id, let geometry):
      let kernel = device.program.parameters[id.rawValue].shape
      let position = window(DeviceWindow(image: x, result: y, kernel: kernel, geometry))
      product(
        entry, id, layout: .plain, inputs: kernel[0] * kernel[1], outputs: y.last
      ) { .depthwise($0, window: position) }
    case .convTranspose2D(let id, let geometry, _):
      let kernel = device.program.parameters[id.rawValue].shape
      let position = window(DeviceWindow(image: x, result: y, kernel: kernel, geometry))
      product(
        entry, id, layout: .plain, inputs: kernel[3], outputs: y.last
      ) { .transposed($0, window: position) }
    case .addBias, .scale, .affine, .batchNorm: channels(entry)
    default: try arrangement(entry)
    }
  }

  enum Layout { case panels(groups: Int), plain }

  /// Appends a product with its map, in int8 where the entry is, else in float.
  private mutating func product(
    _ entry: ProgramDraft.Entry, _ id: ParameterID, layout: Layout, inputs: Int, outputs: Int,
    _ operation: (DeviceProduct) -> DeviceOperation
  ) {
    if entry.isQuantized {
      quantizedProduct(entry, id, layout, inputs, outputs, operation)
    } else {
      floatProduct(entry, id, layout, inputs, outputs, operation)
    }
  }

  private func weightStorage(_ id: ParameterID, _ entry: ProgramDraft.Entry) -> WeightStorage {
    // The kernel of a transposed convolution has its outputs before its inputs.
    if case .convTranspose2D = entry.instruction.operation {
      let wanted = storage ?? WeightStorage(values[id])
      return wanted == .int8 ? .float32 : wanted
    }
    return storage ?? WeightStorage(values[id])
  }

  private mutating func weights(
    _ id: ParameterID, _ layout: Layout, _ inputs: Int, _ outputs: Int, _ storage: WeightStorage,
    _ map: ChannelMap, rowScales: ValueID? = nil
  ) -> Int {
    let count = device.program.parameters[id.rawValue].shape.count
    switch layout {
    case .panels(let groups):
      return array(
        values.arrayName(id), .weight(storage), count: count,
        .panels(id, rows: inputs, columns: outputs, groups: groups, map), rowScales: rowScales)
    case .plain:
      return array(
        values.arrayName(id), .weight(storage), count: count, .plain(id, map), rowScales: rowScales)
    }
  }

  private mutating func floatProduct(
    _ entry: ProgramDraft.Entry, _ id: ParameterID, _ layout: Layout, _ inputs: Int,
    _ outputs: Int, _ operation: (DeviceProduct) -> DeviceOperation
  ) {
    let origin = entry.instruction.origin
    let none = ChannelMap(channels: outputs)
    let map = entry.map.operations.isEmpty ? none : entry.map
    let storage = weightStorage(id, entry)
    var isTransposed = false
    if case .convTranspose2D = entry.instruction.operation { isTransposed = true }
    // Exact weights take the map's factors in; rounded ones keep their bits, and so do shared ones.
    let folds = storage == .float32 && map.hasScale && !isShared(id) && !isTransposed
    let array = weights(id, layout, inputs, outputs, storage, folds ? map : none)
    var made = DeviceProduct(
      weights: array, storage: storage, inputs: inputs, outputs: outputs, shift: nil, scale: nil)
    var separate = (map.hasScale && !folds) || storage == .int8
    if case .modeProduct = operation(made), storage == .int8 {
      // Its outputs are not the last axis: the product itself multiplies by the scales.
      separate = false
      made.scale = self.array(
        device.arrays[array].name + "_scale", .float32, count: outputs,
        .scale(none, weights: array))
    }
    if !separate, map.hasShift { made.shift = shift(map, id) }
    let operand = operand(entry.instruction.operands[0], quantized: false, origin: origin)
    var result = result(of: entry, quantized: false)
    append(
      operation(made), origin, [operand], result,
      multiplications: entry.instruction.multiplications)
    if separate {
      result = rescaled(entry, map, storage == .int8 ? array : nil, result)
    }
    clip(entry, result)
  }

  /// Appends y = y · scale + shift.
  private mutating func rescaled(
    _ entry: ProgramDraft.Entry, _ map: ChannelMap, _ weights: Int?, _ value: Int
  ) -> Int {
    let name =
      weights.map { device.arrays[$0].name } ?? map.name(values) ?? entry.instruction.origin
    let shape = device.values[value].shape
    let scale = array(
      name + "_scale", .float32, count: map.channels, .scale(map, weights: weights))
    let shift = map.hasShift ? shift(map, nil) : nil
    let result = newValue(shape, quantized: false, source: entry.result)
    append(
      .channels(
        rows: shape.count / map.channels, count: map.channels, scale: scale, shift: shift),
      entry.instruction.origin, [value], result)
    replaceResult(of: entry, by: result)
    return result
  }

  private mutating func shift(_ map: ChannelMap, _ id: ParameterID?) -> Int {
    let name = map.name(values) ?? id.map { values.arrayName($0) + "_shift" } ?? "shift"
    return array(name, .float32, count: map.channels, .shift(map))
  }

  private mutating func quantizedProduct(
    _ entry: ProgramDraft.Entry, _ id: ParameterID, _ layout: Layout, _ inputs: Int,
    _ outputs: Int, _ operation: (DeviceProduct) -> DeviceOperation
  ) {
    let origin = entry.instruction.origin
    let source = draft.root(entry.instruction.operands[0])
    let operand = operand(source, quantized: true, origin: origin)
    let isWanted = isWantedQuantized(entry.result)
    let result = result(of: entry, quantized: isWanted)
    let rows = device.channelScaled.contains(source) ? source : nil
    let none = ChannelMap(channels: outputs)
    let weights = weights(id, layout, inputs, outputs, .int8, none, rowScales: rows)
    let name = device.arrays[weights].name
    let map = entry.map.operations.isEmpty ? none : entry.map
    let scale = array(
      name + "_scale", .float32, count: outputs,
      .productScale(map, weights: weights, operand: operand, result: result))
    let shift = array(
      name + "_shift", .float32, count: outputs, .productShift(map, result: result))
    let made = DeviceProduct(
      weights: weights, storage: .int8, inputs: inputs, outputs: outputs, shift: shift,
      scale: scale)
    append(
      operation(made), origin, [operand], result,
      multiplications: entry.instruction.multiplications)
    clip(entry, result)
  }

  /// A per-channel map that stands alone.
  private mutating func channels(_ entry: ProgramDraft.Entry) {
    let origin = entry.instruction.origin
    let map = entry.map
    let source = draft.root(entry.instruction.operands[0])
    let operand = operand(source, quantized: entry.isQuantized, origin: origin)
    let result = result(of: entry, quantized: entry.isQuantized)
    let rows = entry.instruction.shape.count / map.channels
    var scale: Int?
    var shift: Int?
    let name = CName.path(map.name(values) ?? origin)
    if entry.isQuantized {
      scale = array(
        name + "_scale", .float32, count: map.channels,
        .codeScale(map, operand: operand, result: result))
      shift = array(
        name + "_shift", .float32, count: map.channels,
        .codeShift(map, operand: operand, result: result))
    } else {
      if map.hasScale {
        scale = array(
          name + "_scale", .float32, count: map.channels, .scale(map, weights: nil))
      }
      if map.hasShift || scale == nil {
        shift = array(name + "_shift", .float32, count: map.channels, .shift(map))
      }
    }
    append(
      .channels(rows: rows, count: map.channels, scale: scale, shift: shift), origin, [operand],
      result)
    clip(entry, result)
  }
}

extension ChannelMap {
  /// The name of the array that adds: the bias', else that of the layer.
  func name(_ values: ParameterValues) -> String? {
    for operation in operations {
      if case .addBias(let id) = operation {
        return values.arrayName(id)
      }
      if case .batchNorm(_, _, let mean, _, _, _) = operation {
        let path = values.name(mean).split(separator: "/").dropLast(2).joined(separator: "/")
        return path + "/shift"
      }
    }
    return nil
  }
}

extension DeviceWindow {
  init(image x: Shape, result y: Shape, kernel: Shape, _ geometry: Conv2DGeometry) {
    self.init(
      imageHeight: x[0], imageWidth: x[1], channels: x[2], height: y[0], width: y[1],
      filters: y[2], kernelHeight: kernel[0], kernelWidth: kernel[1],
      strideY: geometry.strides.height, strideX: geometry.strides.width,
      dilationY: geometry.dilation.height, dilationX: geometry.dilation.width,
      top: geometry.padding.top, left: geometry.padding.left)
  }

  init(image x: Shape, result y: Shape, _ geometry: Pool2DGeometry) {
    self.init(
      imageHeight: x[0], imageWidth: x[1], channels: x[2], height: y[0], width: y[1],
      filters: y[2], kernelHeight: geometry.window.height, kernelWidth: geometry.window.width,
      strideY: geometry.strides.height, strideX: geometry.strides.width, dilationY: 1,
      dilationX: 1, top: geometry.padding.top, left: geometry.padding.left)
  }

  /// One window over a whole image.
  init(pooling x: Shape) {
    let positions = x.count / max(x.last, 1)
    self.init(
      imageHeight: 1, imageWidth: positions, channels: x.last, height: 1, width: 1,
      filters: x.last, kernelHeight: 1, kernelWidth: positions, strideY: 1, strideX: 1,
      dilationY: 1, dilationX: 1, top: 0, left: 0)
  }
}
