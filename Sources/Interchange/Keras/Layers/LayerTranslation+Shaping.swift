import JSON
import Models
import Programs

extension LayerTranslator {
  /// Pooling over windows or over everything.
  func poolingKind() throws(AttributeError) -> LayerKind? {
    for (name, kind) in [("Max", PoolingKind.max), ("Average", PoolingKind.average)] {
      if let axes = axes(after: "\(name)Pooling") {
        return .pooling(
          Pooling(kind: kind, window: try window("pool_size", axes, isPooling: true)))
      }
      if let axes = axes(after: "Global\(name)Pooling") {
        return .globalPooling(
          GlobalPooling(
            kind: kind, axes: axes, keepsAxes: try reader.boolean("keepdims", default: false),
            dataFormat: try dataFormat()))
      }
    }
    return nil
  }

  /// Inputs, merging, and layers that move, add or drop values.
  func shapingKind() throws(AttributeError) -> LayerKind? {
    switch entry.className {
    case "InputLayer": return try input()
    case "Concatenate":
      return .concatenate(
        Concatenate(axis: try reader.integer("axis", in: -32...32, default: -1)))
    case "Flatten": return .reshaping(.flatten(try dataFormat()))
    case "Reshape":
      guard settings["target_shape"] != nil else { return nil }
      return .reshaping(
        .reshape(try reader.integers("target_shape", in: -1...Int(Int32.max))))
    case "Permute": return .reshaping(.permute(try reader.integers("dims", in: 1...32)))
    case "RepeatVector": return .reshaping(.repeatVector(try reader.integer("n")))
    default: break
    }
    if let operation = Self.merges[entry.className] {
      return .merge(Merge(operation: operation))
    }
    if let kind = try borderingKind() { return kind }
    return try regularisationKind()
  }

  private static let merges: [String: Merge.Operation] = [
    "Add": .add, "Subtract": .subtract, "Multiply": .multiply, "Average": .average,
    "Maximum": .maximum, "Minimum": .minimum,
  ]

  private func input() throws(AttributeError) -> LayerKind {
    for key in ["batch_shape", "batch_input_shape"] {
      guard let stated = settings[key], stated != .null else { continue }
      guard let shape = LevelReader.shape(stated) else {
        throw AttributeError(
          key: key, expected: "[null, extents from 1 …]", found: InboundNodes.brief(stated))
      }
      return .input(Input(shape: shape, scalarType: KerasValue.policyName(settings["dtype"])))
    }
    throw AttributeError(key: "batch_shape", expected: "[null, extents …]", found: "nothing")
  }

  private func borderingKind() throws(AttributeError) -> LayerKind? {
    if let axes = axes(after: "ZeroPadding") {
      return .bordering(
        Bordering(
          operation: .pad, amounts: try amounts("padding", axes), dataFormat: try dataFormat()))
    }
    if let axes = axes(after: "Cropping") {
      return .bordering(
        Bordering(
          operation: .crop, amounts: try amounts("cropping", axes), dataFormat: try dataFormat()))
    }
    if let axes = axes(after: "UpSampling") {
      return .upSampling(
        UpSampling(
          factors: try expanded("size", axes, default: 2),
          interpolation: try reader.string("interpolation", default: "nearest"),
          dataFormat: try dataFormat()))
    }
    return nil
  }

  /// Positions before and after each axis: one number, one an axis, or one pair an axis.
  private func amounts(_ key: String, _ axes: Int) throws(AttributeError) -> [[Int]] {
    let value = settings[key] ?? 1
    func failure() -> AttributeError {
      AttributeError(
        key: key, expected: "\(axes) pairs of integers from 0", found: InboundNodes.brief(value))
    }
    func amount(_ value: JSONValue) throws(AttributeError) -> Int {
      guard let amount = value.int, (0...Int(Int32.max)).contains(amount) else { throw failure() }
      return amount
    }
    if value.int != nil {
      let one = try amount(value)
      return Array(repeating: [one, one], count: axes)
    }
    guard let list = value.array else { throw failure() }
    if axes == 1, list.count == 2, list[0].int != nil {
      return [[try amount(list[0]), try amount(list[1])]]
    }
    guard list.count == axes else { throw failure() }
    var result: [[Int]] = []
    for item in list {
      if let pair = item.array, pair.count == 2 {
        result.append([try amount(pair[0]), try amount(pair[1])])
      } else {
        let one = try amount(item)
        result.append([one, one])
      }
    }
    return result
  }

  private func regularisationKind() throws(AttributeError) -> LayerKind? {
    guard
      let kind = Regularisation.Kind.allCases.first(where: { $0.className == entry.className })
    else { return nil }
    let key =
      switch kind {
      case .gaussianNoise: "stddev"
      case .activityRegularization: "l1"
      default: "rate"
      }
    return .regularisation(Regularisation(kind: kind, rate: try reader.number(key, default: 0)))
  }
}
