import JSON
import Models
import Programs
import Tensors

/// Small models that together use every form, scalar type and kind of attribute.
enum SampleModels {
  /// Values that differ from place to place, drawn from a seed.
  static func tensor(_ shape: Shape, seed: UInt64 = 1) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor(
      shape: shape,
      elements: (0..<shape.count).map { _ in Float.random(in: -1...1, using: &generator) })
  }

  static func parameter(
    _ shape: Shape, seed: UInt64 = 1, as type: ScalarType = .float32
  ) -> Parameter {
    Parameter(tensor(shape, seed: seed), as: type)
  }

  /// Codes and scales of an int8 tensor.
  static func quantised(_ shape: Shape, seed: UInt64 = 1) -> Parameter {
    let codes = tensor(shape, seed: seed).elements.map { $0 * 127 }
    return Parameter(
      RawTensor(Tensor(shape: shape, elements: codes), as: .int8),
      encoding: .int8(scales: tensor([shape.last], seed: seed + 1).elements.map { abs($0) + 0.01 }))
  }

  static let record = FactorizationRecord(
    relativeError: 0.125, basis: .svd,
    spectra: [Spectrum(values: [3.5, 1.25, 0.1 + 0.2], tailEnergy: 1e-17)], route: "Gram + syevr")

  static func lowRank(_ shape: Shape, rank: Int, int8: Bool = false) throws -> Weight {
    let ones = [Int](repeating: 1, count: shape.order - 2)
    let (left, right) = (
      Shape(shape.extents.dropLast() + [rank]), Shape(ones + [rank, shape.last])
    )
    return .lowRank(
      try LowRankForm(
        denseShape: shape, left: int8 ? quantised(left) : parameter(left),
        right: int8 ? quantised(right, seed: 5) : parameter(right, seed: 2), record: record))
  }

  static func tucker2(_ shape: Shape, ranks: (Int, Int)) throws -> Weight {
    let window = Array(shape.extents.dropLast(2))
    let ones = window.map { _ in 1 }
    return .tucker2(
      try Tucker2Form(
        denseShape: shape,
        inputFactor: parameter(Shape(ones + [shape[shape.order - 2], ranks.0])),
        core: parameter(Shape(window + [ranks.0, ranks.1]), seed: 2),
        outputFactor: parameter(Shape(ones + [ranks.1, shape.last]), seed: 3),
        record: FactorizationRecord(
          relativeError: 0.5,
          spectra: [Spectrum(values: [2, 1], tailEnergy: 0.25), Spectrum(values: [4, 0])])))
  }

  static func tensorised(channels: Int, channelRank: Int?) throws -> Weight {
    let projected = 2 * 3 * (channelRank ?? channels)
    var components = [
      Component("height_factor", parameter([4, 2])),
      Component("width_factor", parameter([5, 3], seed: 2)),
      Component("left", parameter([projected, 2], seed: 3)),
      Component("right", parameter([2, 6], seed: 4)),
    ]
    if let channelRank {
      components.append(Component("channel_factor", parameter([channels, channelRank], seed: 5)))
    }
    return .tensorised(
      try TensorisedForm(
        denseShape: [4 * 5 * channels, 6], components: components,
        record: FactorizationRecord(basis: .weighted)))
  }

  static func dense(_ path: String, _ kernel: Weight, bias: Parameter) -> Layer {
    Layer(
      path: path,
      kind: .dense(
        Dense(units: kernel.denseShape.last, activation: .softmax, usesBias: true)),
      weights: [.init("kernel", kernel), .init("bias", Weight(bias))])
  }

  static func input(_ shape: [Int?]) -> Layer {
    Layer(path: "input", kind: .input(Input(shape: shape)))
  }

  static var metadata: Metadata {
    Metadata(
      classNames: ["null", "eins", "zwölf \"12\""],
      inputScaling: InputScaling(scale: 1 / 255, offset: -0.5),
      evaluations: [
        Evaluation(
          dataset: "mnist", datasetDigest: "ab12", split: "test", count: 10_000, loss: 0.1,
          accuracy: 0.9761, date: "2026-11-28")
      ],
      provenance: Provenance(
        sourceDigest: String(repeating: "0f", count: 32), sourceFormat: "keras-h5",
        sourceParameterCount: 84_060, sourceByteCount: 350_000,
        command: ["compress", "--ratio", "4"], toolVersion: "1.0.0", seed: 7,
        plan: ["version": 1, "kernels": ["dense/kernel": ["ranks": [3]]]]))
  }

  /// Two Dense layers, the first factorised: the smallest model that was compressed.
  static func mlp() throws -> Model {
    Model.sequential(
      name: "mlp",
      layers: [
        input([12]),
        dense("dense", try lowRank([12, 10], rank: 3), bias: parameter([10], seed: 8)),
        dense("dense_1", Weight(parameter([10, 3], seed: 9)), bias: parameter([3], seed: 10)),
      ], metadata: metadata)
  }

  /// Every form, in layers of names that paths cannot hold.
  static func everyForm() throws -> Model {
    let window = Window(size: [3, 3], padding: .same)
    let kernels: [(String, LayerKind, Weight)] = [
      (
        "block/conv", .convolution(Convolution(filters: 8, window: window, usesBias: false)),
        try tucker2([3, 3, 6, 8], ranks: (2, 4))
      ),
      (
        "block/conv:0", .convolution(Convolution(filters: 8, window: window, usesBias: false)),
        try lowRank([3, 3, 6, 8], rank: 5)
      ),
      (
        "block.conv",
        .convolution(
          Convolution(filters: 4, window: Window(size: [5], strides: [2]), usesBias: false)),
        try tucker2([5, 3, 4], ranks: (2, 3))
      ),
      (
        "Faltung eins",
        .convolution(Convolution(filters: 4, window: Window(size: [5]), usesBias: false)),
        try lowRank([5, 3, 4], rank: 2, int8: true)
      ),
      (
        "map", .dense(Dense(units: 6, usesBias: false)),
        try tensorised(channels: 1, channelRank: nil)
      ),
      (
        "map/..", .dense(Dense(units: 6, usesBias: false)),
        try tensorised(channels: 3, channelRank: 2)
      ),
      ("quantised", .dense(Dense(units: 3, usesBias: false)), Weight(quantised([7, 3]))),
    ]
    let layers = kernels.map { name, kind, weight in
      Layer(path: name, kind: kind, weights: [.init("kernel", weight)], isTrainable: false)
    }
    return Model.sequential(name: "every form", layers: [input([nil, nil, 6])] + layers)
  }

  /// A carried layer with one tensor of each scalar type, NaN and −0 among the values.
  static func everyType() -> Model {
    let weights = ScalarType.allCases.map { type in
      let bytes = (0..<6 * type.byteCount).map { UInt8(truncatingIfNeeded: $0 * 37 + 1) }
      return Layer.NamedWeight(
        type.rawValue,
        Weight(Parameter(RawTensor(shape: [2, 3], scalarType: type, bytes: bytes))))
    }
    let odd: [Layer.NamedWeight] = [
      .init("scalar", Weight(Parameter(RawTensor(Tensor(shape: [], elements: [-0.0]))))),
      .init("empty", Weight(Parameter(RawTensor(Tensor(shape: [0, 4], elements: []))))),
      .init("pruned", Weight(Parameter(RawTensor(.zeros([100, 40])), isMasked: true))),
      .init("pruned", Weight(parameter([1, 1, 1, 1, 1, 1, 1, 2]))),
    ]
    let carried = Layer(
      path: "custom",
      kind: .opaque(
        Opaque(
          className: "Custom>Layer", module: "my.package",
          configuration: ["z": 1, "a": [1.5, nil, "x"], "deep": ["b": true]], carriesCode: true)),
      weights: weights + odd, typePolicy: "mixed_float16")
    return Model.sequential(name: "types", layers: [input([2, 3]), carried])
  }

  /// Two inputs, a shared layer, a merge, two outputs.
  static func graph() -> Model {
    let layers = [
      Layer(path: "a", kind: .input(Input(shape: [4]))),
      Layer(path: "b", kind: .input(Input(shape: [4], scalarType: "float16"))),
      dense("shared", Weight(parameter([4, 4])), bias: parameter([4], seed: 3)),
      Layer(path: "sum", kind: .merge(Merge(operation: .add))),
      Layer(
        path: "norm", kind: .batchNormalization(BatchNormalization()),
        weights: ["gamma", "beta", "moving_mean", "moving_variance"].map {
          .init($0, Weight(Parameter(Tensor(repeating: 0.5, shape: [4]))))
        }),
    ]
    let calls: [Model.Call] = [
      .init(layer: 0), .init(layer: 1), .init(layer: 2, inputs: [.init(call: 0)]),
      .init(layer: 2, inputs: [.init(call: 1)]),
      .init(layer: 3, inputs: [.init(call: 2), .init(call: 3)]),
      .init(layer: 4, inputs: [.init(call: 4)], arguments: ["training": false]),
    ]
    return Model(
      name: "graph", layers: layers, calls: calls, inputs: [1, 0],
      outputs: [.init(call: 5), .init(call: 4)])
  }

  /// Pruned kernels: floats with one weight in ten left, int8 factors with long gaps, −0 kept.
  static func sparse() throws -> Model {
    func pruned(_ shape: Shape, keeping every: Int, seed: UInt64) -> Tensor {
      Tensor(
        shape: shape,
        elements: tensor(shape, seed: seed).elements.enumerated().map { index, value in
          index % every == 0 ? value : 0
        })
    }
    var kernel = pruned([60, 50], keeping: 10, seed: 11)
    kernel.withMutableElements { $0[0] = -0.0 }
    let codes = pruned([50, 40], keeping: 301, seed: 12).elements.map { ($0 * 127).rounded() }
    let left = Parameter(
      RawTensor(Tensor(shape: [50, 40], elements: codes), as: .int8),
      encoding: .int8(scales: [Float](repeating: 0.5, count: 40)), isMasked: true)
    let factors = Weight.lowRank(
      try LowRankForm(
        denseShape: [50, 20], left: left, right: parameter([40, 20], seed: 13), record: record))
    return Model.sequential(
      name: "sparse",
      layers: [
        input([60]),
        dense(
          "dense",
          Weight(Parameter(RawTensor(kernel), isMasked: true)), bias: parameter([50], seed: 14)),
        Layer(
          path: "selected",
          kind: .selection(Selection(inputs: 50, positions: Array(0..<20) + Array(22..<50)))),
        dense(
          "half", Weight(Parameter(pruned([48, 50], keeping: 12, seed: 15), as: .bfloat16)),
          bias: parameter([50], seed: 16)),
        dense("dense_1", factors, bias: parameter([20], seed: 17)),
      ])
  }

  /// All of them, by name.
  static func all() throws -> [(name: String, model: Model)] {
    [
      ("mlp", try mlp()), ("every form", try everyForm()), ("every type", everyType()),
      ("graph", graph()), ("sparse", try sparse()),
    ]
  }
}
