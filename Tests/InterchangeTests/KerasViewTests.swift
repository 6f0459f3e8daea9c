import Foundation
import HDF5
import Interchange
import JSON
import Models
import Programs
import Tensors
import TestSupport
import Testing

@Suite struct KerasViewTests {
  /// Files whose layers Keras 2 and 3 cannot both hold, and the word that names the reason.
  static let refused = [
    "attention": "MultiHeadAttention", "custom": "allow-code", "lambda": "carries code",
    "norm-axes": "several axes",
  ]

  static let viewable = KerasFixtures.models.filter { file in
    !refused.keys.contains { file.hasPrefix($0) } && file != "activations-k3.keras"
  }

  /// Every stored tensor, and how often it occurs.
  private func bytes(_ model: Model) throws -> [RawTensor: Int] {
    var table: [RawTensor: Int] = [:]
    for named in model.layers.flatMap(\.weights) {
      table[try named.weight.components[0].parameter.raw(), default: 0] += 1
    }
    return table
  }

  @Test(arguments: viewable)
  func viewReadBackHoldsTheSameWeights(file: String) throws {
    let model = try FormatRegistry.open(Fixtures.path("keras/\(file)")).model
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("view.h5").path
      try KerasWriter.write(model, to: path)
      let again = try FormatRegistry.open(path).model
      #expect(again.parameterCount == model.parameterCount)
      #expect(again.inputs.count == model.inputs.count)
      #expect(again.outputs.count == model.outputs.count)
      let weights = model.layers.flatMap { $0.weights }
      let isStored = weights.allSatisfy { named in
        let parameter = named.weight.components[0].parameter
        return parameter.encoding == .plain && parameter.scalarType != .bfloat16
      }
      guard isStored else { return }
      #expect(try bytes(again) == bytes(model))
    }
  }

  @Test(arguments: refused.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  func obstacleNamesTheLayer(name: String, word: String) throws {
    for file in KerasFixtures.models where file.hasPrefix(name) {
      let model = try FormatRegistry.open(Fixtures.path("keras/\(file)")).model
      let error = #expect(throws: KerasViewObstacle.self) { try KerasView(of: model) }
      #expect(error?.description.contains(word) == true, "\(file): \(error as Any)")
    }
  }

  private func tensor(_ extents: [Int], _ seed: Int) -> Parameter {
    let shape = Shape(extents)
    let values = (0..<shape.count).map { Float(($0 &* 37 &+ seed) % 101) / 50 - 1 }
    return Parameter(Tensor(shape: shape, elements: values))
  }

  private func weight(_ kind: Weight.Kind, _ dense: [Int], _ parts: [(String, [Int])]) throws
    -> Weight
  {
    let components = parts.enumerated().map { Component($1.0, tensor($1.1, $0)) }
    return try Weight(
      kind: kind, denseShape: Shape(dense), components: components, record: nil)
  }

  /// Each form, the layers it becomes, and the components that they link to.
  private func factorised() throws -> [(Layer, [String], [String])] {
    let window = Window(size: [3, 3], strides: [2, 2], padding: .same)
    let conv = LayerKind.convolution(
      Convolution(filters: 6, window: window, activation: .hardSigmoid3))
    let bias = Layer.NamedWeight("bias", Weight(tensor([6], 9)))
    let dense = LayerKind.dense(Dense(units: 6, activation: .softmax))
    func layer(_ kind: LayerKind, _ kernel: Weight) -> Layer {
      Layer(path: "outer/k", kind: kind, weights: [.init("kernel", kernel), bias])
    }
    return [
      (
        layer(dense, try weight(.lowRank, [32, 6], [("left", [32, 2]), ("right", [2, 6])])),
        ["k_u", "k"], ["left", "right", "values"]
      ),
      (
        layer(
          conv,
          try weight(.lowRank, [3, 3, 2, 6], [("left", [3, 3, 2, 2]), ("right", [1, 1, 2, 6])])),
        ["k_u", "k"], ["left", "right", "values"]
      ),
      (
        layer(
          conv,
          try weight(
            .tucker2, [3, 3, 2, 6],
            [
              ("input_factor", [1, 1, 2, 1]), ("core", [3, 3, 1, 2]),
              ("output_factor", [1, 1, 2, 6]),
            ])),
        ["k_in", "k_core", "k"], ["input_factor", "core", "output_factor", "values"]
      ),
      (
        layer(
          dense,
          try weight(
            .tensorised, [32, 6],
            [
              ("height_factor", [4, 2]), ("width_factor", [4, 3]), ("left", [12, 2]),
              ("right", [2, 6]),
            ])),
        ["k_height", "k_width", "k_u", "k"],
        ["height_factor", "width_factor", "left", "right", "values"]
      ),
    ]
  }

  @Test func factorsBecomeLayersThatLinkToThem() throws {
    for (layer, names, components) in try factorised() {
      let isDense = if case .dense = layer.kind { true } else { false }
      let input = Layer(path: "x", kind: .input(Input(shape: isDense ? [32] : [4, 4, 2])))
      let model = Model.sequential(name: "m", layers: [input, layer])
      let view = try KerasView(of: model)
      #expect(view.layers.map(\.name) == names)
      #expect(view.layers.flatMap(\.weights).map(\.component) == components)
      try Fixtures.withTemporaryFolder { folder in
        let path = folder.appendingPathComponent("view.h5").path
        try KerasWriter.write(model, to: path)
        let again = try FormatRegistry.open(path).model
        #expect(again.parameterCount == model.parameterCount)
        // Both run the same products in the same order.
        let (ours, theirs) = (try model.lowered(), try again.lowered())
        #expect(ours.shape(of: ours.outputs[0]) == theirs.shape(of: theirs.outputs[0]))
        let values = try model.parameterValues(for: ours).map(\.elements).map(Set.init)
        let others = try again.parameterValues(for: theirs).map(\.elements).map(Set.init)
        #expect(values == others)
      }
    }
  }

  /// The model with every second kernel in low-rank form, of made-up values.
  private func halfFactorised(_ original: Model, from first: Int) throws -> Model {
    var model = original
    let kernels = model.kernels
    for number in stride(from: first, to: kernels.count, by: 2) {
      let kernel = kernels[number]
      let shape = model[kernel].denseShape.extents
      let left = Array(shape.dropLast()) + [2]
      let right = [Int](repeating: 1, count: shape.count - 2) + [2, shape[shape.count - 1]]
      let factors = try weight(.lowRank, shape, [("left", left), ("right", right)])
      model[kernel] = factors
    }
    return model
  }

  /// The tensor behind a link of a view.
  private func tensor(_ link: KerasView.WeightLink, of model: Model) throws -> RawTensor {
    let layer = try #require(model.layers.first { $0.path == link.layer })
    let weight = try #require(layer.weight(link.weight))
    let component = try #require(weight.components.first { $0.name == link.component })
    return try component.parameter.raw()
  }

  /// Factors lengthen some branches, which changes the order in which Keras binds what follows.
  @Test(arguments: ["residual-k2.h5", "nested-k3.keras", "multi-io-k2.keras"], [0, 1])
  func factorsInBranchesAreBoundToTheirOwnLayers(file: String, first: Int) throws {
    let original = try FormatRegistry.open(Fixtures.path("keras/\(file)")).model
    let model = try halfFactorised(original, from: first)
    let view = try KerasView(of: model)
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("view.h5").path
      try KerasWriter.write(model, to: path)
      let again = try FormatRegistry.open(path).model
      for layer in view.layers {
        let read = try #require(again.layers.first { $0.path == layer.name })
        #expect(read.weights.count == layer.weights.count)
        for (link, named) in zip(layer.weights, read.weights) {
          let stored = try named.weight.components[0].parameter.raw()
          let expected = try tensor(link, of: model)
          #expect(stored == expected, "\(layer.name)")
        }
      }
    }
  }

  @Test func viewLinksInsteadOfCopying() throws {
    let kernel = try weight(.lowRank, [32, 6], [("left", [32, 2]), ("right", [2, 6])])
    let layer = Layer(
      path: "fc", kind: .dense(Dense(units: 6, usesBias: false)), weights: [.init("kernel", kernel)]
    )
    let input = Layer(path: "x", kind: .input(Input(shape: [32])))
    let model = Model.sequential(name: "m", layers: [input, layer])
    let view = try KerasView(of: model)
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("out.h5").path
      let file = try HDF5Writer(creating: path)
      for component in kernel.components {
        let raw = try component.parameter.raw()
        try file.writeDataset(
          "/nodes/fc/kernel/\(component.name)", extents: raw.shape.extents,
          datatype: .float(.float32), bytes: raw.bytes)
      }
      try view.write(to: file) { "/nodes/\($0)/\($1)/\($2)" }
      try file.close()
      let stored = try HDF5File(reading: path)
      for (component, place) in [("left", "fc_u/fc_u"), ("right", "fc/fc")] {
        let own = try stored.dataset("/nodes/fc/kernel/\(component)")
        let linked = try stored.dataset("/model_weights/\(place)/kernel:0")
        #expect(own.objectAddress == linked.objectAddress)
      }
      #expect(try FormatRegistry.open(path).model.parameterCount == 32 * 2 + 2 * 6)
    }
  }

  @Test func longListsOfNamesAreCut() throws {
    var layers = [Layer(path: "x", kind: .input(Input(shape: [2])))]
    for index in 0..<90 {
      layers.append(
        Layer(
          path: "layer_\(index)_" + String(repeating: "n", count: 800),
          kind: .dense(Dense(units: 2, usesBias: false)),
          weights: [.init("kernel", Weight(tensor([2, 2], index)))]))
    }
    let model = Model.sequential(name: "long", layers: layers)
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("long.h5").path
      try KerasWriter.write(model, to: path)
      let group = try HDF5File(reading: path).group("/model_weights")
      #expect(try group.attribute("layer_names") == nil)
      #expect(try group.attribute("layer_names1") != nil)
      #expect(try bytes(FormatRegistry.open(path).model) == bytes(model))
    }
  }

  @Test func namesThatKerasRefusesAreReplaced() throws {
    var layers = [Layer(path: "in put", kind: .input(Input(shape: [2])))]
    for path in ["a/fc", "b/fc", "été", "a__fc"] {
      layers.append(
        Layer(
          path: path, kind: .dense(Dense(units: 2, usesBias: false)),
          weights: [.init("kernel", Weight(tensor([2, 2], 1)))]))
    }
    let view = try KerasView(of: Model.sequential(name: "m", layers: layers))
    #expect(view.layers.map(\.name) == ["a__fc", "b__fc", "layer_t_", "a__fc_1"])
  }
}
