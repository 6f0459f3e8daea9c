import Models
import Programs
import Tensors

/// Builds a device program from a program's draft.
struct DeviceLowering {
  let draft: ProgramDraft
  let values: ParameterValues
  /// The storage that was asked for; nil keeps each tensor's own.
  let storage: WeightStorage?
  var device: DeviceProgram
  /// How many instructions read each parameter.
  private let uses: [ParameterID: Int]
  /// The device values of program values, by whether they are int8.
  private var known: [ValueID: [Bool: Int]] = [:]
  private var takenNames: Set<String> = []
  /// Readers of each root value among the entries.
  private let readers: [ValueID: [Int]]
  let outputs: Set<ValueID>
  /// What the values of each scale group may reach, by the group's first value.
  var scaleBounds: [ValueID: ClosedRange<Float>] = [:]

  /// Lowers a program.
  /// - Throws: `CSourceError` naming a layer that cannot be exported, or what C cannot count.
  static func lowered(
    _ program: Program, values: ParameterValues, storage: WeightStorage?, quantized: Bool
  ) throws(CSourceError) -> DeviceProgram {
    var lowering = DeviceLowering(program, values, storage, quantized)
    try lowering.run()
    return lowering.device
  }

  private init(
    _ program: Program, _ values: ParameterValues, _ storage: WeightStorage?, _ quantized: Bool
  ) {
    let draft = ProgramDraft(program, quantized: quantized)
    self.draft = draft
    self.values = values
    self.storage = quantized ? .int8 : storage
    device = DeviceProgram(program: program, isQuantized: quantized)
    var uses: [ParameterID: Int] = [:]
    for instruction in program.instructions {
      for id in instruction.operation.parameters { uses[id, default: 0] += 1 }
    }
    self.uses = uses
    var readers: [ValueID: [Int]] = [:]
    for (index, entry) in draft.entries.enumerated() {
      for operand in entry.instruction.operands {
        readers[draft.root(operand), default: []].append(index)
      }
    }
    self.readers = readers
    outputs = Set(program.outputs.map(draft.root))
  }

  private mutating func run() throws(CSourceError) {
    for (index, input) in device.program.inputs.enumerated() {
      var value = DeviceProgram.Value(
        shape: input.shape, isQuantized: false, source: input.value)
      value.place = .input(index)
      device.values.append(value)
      known[input.value] = [false: device.values.count - 1]
    }
    findChannelScaled()
    findScaleGroups()
    for entry in draft.entries { try lower(entry) }
    for (index, output) in device.program.outputs.enumerated() { finish(output, index) }
    try device.checkConstants()
    try device.checkSizes()
    device.planMemory()
    try device.checkArena()
  }

  /// Between two int8 products the values may keep a scale per channel: it costs nothing.
  private mutating func findChannelScaled() {
    for entry in draft.entries where entry.isQuantized && isRowProduct(entry.instruction) {
      let operand = entry.instruction.operands[0]
      guard !outputs.contains(operand), readers[operand]?.count == 1,
        let producer = draft.entries.first(where: { $0.result == operand }),
        producer.isQuantized, producer.isProduct, producer.clipping == nil,
        isRowProduct(producer.instruction) || isDepthwise(producer.instruction),
        let id = entry.instruction.operation.parameters.first,
        uses[id] == 1, values[id].scalarType != .int8
      else { continue }
      device.channelScaled.insert(operand)
    }
  }

  private func isRowProduct(_ instruction: Instruction) -> Bool {
    switch instruction.operation {
    case .matmul: return true
    case .conv2D(_, let geometry): return geometry.groups == 1
    default: return false
    }
  }

  private func isDepthwise(_ instruction: Instruction) -> Bool {
    if case .depthwiseConv2D = instruction.operation { return true }
    return false
  }

  // MARK: Values and steps

  /// The device value of a program value in the type asked for; a conversion is added if need be.
  mutating func operand(_ value: ValueID, quantized: Bool, origin: String) -> Int {
    let root = draft.root(value)
    if let index = known[root]?[quantized] { return index }
    guard let other = known[root]?[!quantized] else {
      preconditionFailure("value \(root.rawValue) is read before it is made")
    }
    let result = newValue(
      device.values[other].shape, quantized: quantized, source: device.values[other].source)
    append(quantized ? .quantize : .dequantize, origin, [other], result)
    known[root, default: [:]][quantized] = result
    return result
  }

  mutating func newValue(_ shape: Shape, quantized: Bool, source: ValueID) -> Int {
    device.values.append(
      DeviceProgram.Value(shape: shape, isQuantized: quantized, source: source))
    return device.values.count - 1
  }

  /// Makes the value that an entry ends in.
  mutating func result(of entry: ProgramDraft.Entry, quantized: Bool) -> Int {
    let shape = device.program.shape(of: entry.result)
    let index = newValue(shape, quantized: quantized, source: entry.result)
    known[entry.result] = [quantized: index]
    return index
  }

  /// Replaces the value by which an entry's result is known.
  mutating func replaceResult(of entry: ProgramDraft.Entry, by index: Int) {
    known[entry.result] = [device.values[index].isQuantized: index]
  }

  mutating func append(
    _ operation: DeviceOperation, _ origin: String, _ operands: [Int], _ result: Int,
    multiplications: Int = 0
  ) {
    device.steps.append(
      DeviceProgram.Step(
        operation: operation, origin: origin, operands: operands, result: result,
        multiplications: multiplications))
  }

  /// Whether an int8 entry reads the value.
  func isWantedQuantized(_ value: ValueID) -> Bool {
    readers[value]?.contains { draft.entries[$0].isQuantized } ?? false
  }

  func isShared(_ id: ParameterID) -> Bool { (uses[id] ?? 0) > 1 }

  // MARK: Constants

  /// The index of an array with this content; made once.
  mutating func array(
    _ name: String, _ element: DeviceArray.Element, count: Int, _ content: DeviceArray.Content,
    rowScales: ValueID? = nil
  ) -> Int {
    if let index = device.arrays.firstIndex(where: {
      $0.content == content && $0.element == element && $0.rowScales == rowScales
    }) {
      return index
    }
    var unique = CName.identifier(name)
    var number = 2
    while !takenNames.insert(unique).inserted {
      unique = "\(CName.identifier(name))_\(number)"
      number += 1
    }
    device.arrays.append(
      DeviceArray(
        name: unique, element: element, count: count, content: content, rowScales: rowScales))
    return device.arrays.count - 1
  }

  mutating func window(_ window: DeviceWindow) -> Int {
    if let index = device.windows.firstIndex(of: window) { return index }
    device.windows.append(window)
    return device.windows.count - 1
  }

  mutating func box(_ box: DeviceBox, _ origin: String) throws(CSourceError) -> Int {
    guard let box = box.normalized else {
      throw CSourceError(origin, "moving elements along more than \(DeviceBox.axes) axes")
    }
    if let index = device.boxes.firstIndex(of: box) { return index }
    device.boxes.append(box)
    return device.boxes.count - 1
  }

  // MARK: Outputs

  /// Brings an output to the caller's memory.
  private mutating func finish(_ output: ValueID, _ index: Int) {
    let root = draft.root(output)
    let value = operand(root, quantized: false, origin: "output")
    if case .arena = device.values[value].place {
      device.values[value].place = .output(index)
      return
    }
    let copy = newValue(device.program.shape(of: output), quantized: false, source: root)
    device.values[copy].place = .output(index)
    let count = device.values[copy].shape.count
    let whole = DeviceBox(extents: [count], sourceStrides: [1], targetStrides: [1])
    // One axis always fits.
    guard let position = try? box(whole, "output") else { return }
    append(.copy(box: position, background: nil), "output", [value], copy)
  }
}
