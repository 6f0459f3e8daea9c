import Models
import Programs
import Tensors

/// The numbers of one constant array.
enum ConstantNumbers: Hashable {
  case floats([Float])
  case halves([UInt16])
  case codes([Int8])
  case integers([Int])
}

/// Computes the numbers of all constant arrays.
struct ConstantValues {
  let device: DeviceProgram
  let values: ParameterValues
  /// What int8 values stand for; empty without int8 activations.
  let codes: [Int: CodeScale]
  /// The numbers by array.
  private(set) var numbers: [ConstantNumbers] = []
  /// The scales of int8 weights, by array.
  private var weightScales: [Int: [Double]] = [:]

  init(_ device: DeviceProgram, _ values: ParameterValues, _ codes: [Int: CodeScale]) throws {
    self.device = device
    self.values = values
    self.codes = codes
    // Scales follow from weights, wherever these stand in the list.
    var made: [ConstantNumbers?] = Array(repeating: nil, count: device.arrays.count)
    for (index, array) in device.arrays.enumerated() {
      if case .weight(let storage) = array.element {
        made[index] = try weight(array, storage, index)
      }
    }
    for (index, array) in device.arrays.enumerated() where made[index] == nil {
      made[index] = try other(array)
    }
    numbers = made.compactMap { $0 }
    for (array, list) in zip(device.arrays, numbers) { try check(array, list) }
  }

  private func check(_ array: DeviceArray, _ numbers: ConstantNumbers) throws(CSourceError) {
    if case .floats(let list) = numbers, let bad = list.first(where: { !$0.isFinite }) {
      throw CSourceError(array.name, "holds \(bad); C constants must be finite")
    }
    // Weights were finite before they were rounded: an exponent of ones is an overflow.
    if case .halves(let list) = numbers, case .weight(let storage) = array.element {
      let (exponent, largest): (UInt16, String) =
        storage == .float16 ? (0x7C00, "65,504") : (0x7F80, "3.39e38")
      if list.contains(where: { $0 & exponent == exponent }) {
        throw CSourceError(
          array.name, "a weight is beyond \(storage)'s \(largest); use --dtype float32 or int8")
      }
    }
  }

  // MARK: Weights

  private mutating func weight(
    _ array: DeviceArray, _ storage: WeightStorage, _ index: Int
  ) throws -> ConstantNumbers {
    switch array.content {
    case .panels(let id, let rows, let columns, let groups, let map):
      let order = PanelOrder(rows: rows, columns: columns / groups, groups: groups)
      return try stored(
        id, storage, index, columns: columns, map: map, rowScales: array.rowScales,
        place: order.place)
    case .plain(let id, let map):
      var columns = values.tensorShape(id).last
      if case .depthwise(columns: let all) = device.use(of: index) { columns = all }
      return try stored(
        id, storage, index, columns: columns, map: map, rowScales: array.rowScales,
        place: { $0 })
    default: throw CSourceError(array.name, "is no weight")
    }
  }

  /// The kernel's numbers, each moved to its place in the array.
  private mutating func stored(
    _ id: ParameterID, _ storage: WeightStorage, _ index: Int, columns: Int, map: ChannelMap,
    rowScales: ValueID?, place: (Int) -> Int
  ) throws -> ConstantNumbers {
    if storage == .int8 {
      let (codes, scales) = try quantized(id, columns: columns, rowScales: rowScales)
      if device.isQuantized { try checkSums(codes, columns: columns, id) }
      weightScales[index] = scales
      var moved = codes
      for (position, code) in codes.enumerated() { moved[place(position)] = code }
      return .codes(moved)
    }
    var elements = try finiteElements(id)
    if map.hasScale {
      let scale = try map.evaluated(values).scale
      for position in elements.indices {
        elements[position] = Float(Double(elements[position]) * scale[position % scale.count])
      }
    }
    var moved = elements
    for (position, element) in elements.enumerated() { moved[place(position)] = element }
    switch storage {
    case .float16: return .halves(moved.map { Float16($0).bitPattern })
    case .bfloat16: return .halves(moved.map { ConstantValues.upperHalf($0) })
    default: return .floats(moved)
    }
  }

  /// Rounds to the nearest bfloat16, ties to even.
  private static func upperHalf(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
  }

  /// A kernel's numbers; rounding could turn what is not finite into a number.
  private func finiteElements(_ id: ParameterID) throws -> [Float] {
    let elements = try values.tensor(id).elements
    if let bad = elements.first(where: { !$0.isFinite }) {
      throw CSourceError(values.arrayName(id), "holds \(bad); C constants must be finite")
    }
    return elements
  }

  /// Checks that int32 holds the sum of each column, for any codes that it is multiplied by.
  private func checkSums(
    _ codes: [Int8], columns: Int, _ id: ParameterID
  ) throws(CSourceError) {
    var sums = [Int](repeating: 0, count: columns)
    for (index, code) in codes.enumerated() { sums[index % columns] += Int(code.magnitude) }
    // A code less its zero point is 255 at most.
    let largest = 255 * (sums.max() ?? 0)
    guard largest > Int(Int32.max) else { return }
    throw CSourceError(
      values.arrayName(id),
      "int8 sums can reach \(largest), int32 holds \(Int32.max); use --dtype float16 or factors of "
        + "the kernel")
  }

  /// Codes and one scale per column; stored int8 keeps its own.
  private func quantized(
    _ id: ParameterID, columns: Int, rowScales: ValueID?
  ) throws -> (codes: [Int8], scales: [Double]) {
    let parameter = values[id]
    if case .int8(let scales) = parameter.encoding, rowScales == nil,
      columns % max(scales.count, 1) == 0
    {
      let codes = try parameter.raw().bytes.map { Int8(bitPattern: $0) }
      return (codes, (0..<columns).map { Double(scales[$0 % scales.count]) })
    }
    var elements = try finiteElements(id).map { Double($0) }
    if let rowScales, let scale = channelScale(of: rowScales) {
      for index in elements.indices {
        elements[index] *= scale[(index / columns) % scale.scales.count]
      }
    }
    var extremes = [Double](repeating: 0, count: columns)
    for (index, element) in elements.enumerated() {
      extremes[index % columns] = max(extremes[index % columns], abs(element))
    }
    let scales = extremes.map { $0 > 0 ? $0 / 127 : 1 }
    let codes = elements.enumerated().map { index, element in
      Int8(max(-127, min(127, (element / scales[index % columns]).rounded(.toNearestOrEven))))
    }
    return (codes, scales)
  }

  private func channelScale(of value: ValueID) -> CodeScale? {
    for (index, candidate) in device.values.enumerated()
    where candidate.isQuantized && candidate.source == value {
      return codes[index]
    }
    return nil
  }

  // MARK: The rest

  private func other(_ array: DeviceArray) throws -> ConstantNumbers {
    switch array.content {
    case .shift(let map): return floats(try map.evaluated(values).shift)
    case .scale(let map, let weights):
      var scale = try map.evaluated(values).scale
      if let weights, let own = weightScales[weights] {
        for channel in scale.indices { scale[channel] *= own[channel % own.count] }
      }
      return floats(scale)
    case .productScale(let map, let weights, let operand, let result):
      let scale = try map.evaluated(values).scale
      let own = weightScales[weights] ?? []
      // Scales per channel of the operand lie in the weights already.
      let input = codes[operand].map { $0.scales.count == 1 ? $0.scale : 1 } ?? 1
      return floats(
        scale.indices.map { channel in
          input * own[channel] * scale[channel] / (codes[result]?[channel] ?? 1)
        })
    case .productShift(let map, let result):
      let shift = try map.evaluated(values).shift
      let zero = Double(codes[result]?.zero ?? 0)
      return floats(shift.indices.map { shift[$0] / (codes[result]?[$0] ?? 1) + zero })
    case .codeScale(let map, let operand, let result):
      let scale = try map.evaluated(values).scale
      return floats(scale.map { $0 * (codes[operand]?.scale ?? 1) / (codes[result]?.scale ?? 1) })
    case .codeShift(let map, _, let result):
      let shift = try map.evaluated(values).shift
      let zero = Double(codes[result]?.zero ?? 0)
      return floats(shift.map { $0 / (codes[result]?.scale ?? 1) + zero })
    case .values(let id): return .floats(try values.tensor(id).elements)
    case .integers(let list): return .integers(list)
    case .table(let function, let operand, let result):
      guard let from = codes[operand], let to = codes[result] else { return .codes([]) }
      return .codes(
        (-128...127).map { code in
          let x = Float(Double(code - from.zero) * from.scale)
          return to.code(Double(function.value(x)))
        })
    case .panels, .plain: throw CSourceError(array.name, "is a weight")
    }
  }

  private func floats(_ values: [Double]) -> ConstantNumbers { .floats(values.map { Float($0) }) }
}

extension ParameterValues {
  /// The shape that the program declares.
  func tensorShape(_ id: ParameterID) -> Shape { program.parameters[id.rawValue].shape }
}

extension DeviceProgram {
  enum ArrayUse { case depthwise(columns: Int), other }

  /// How the step that reads a weight array uses it.
  func use(of array: Int) -> ArrayUse {
    for step in steps {
      if case .depthwise(let product, _) = step.operation, product.weights == array {
        return .depthwise(columns: product.outputs)
      }
    }
    return .other
  }
}
