import JSON
import Models
import Programs
import Tensors
import Testing

@Suite struct LoweringTests {
  static func dense(_ name: String, _ inputs: Int, _ units: Int) -> Layer {
    Layer(
      path: name, kind: .dense(Dense(units: units)),
      weights: [
        .init("kernel", Weight(Parameter(.zeros([inputs, units])))),
        .init("bias", Weight(Parameter(.zeros([units])))),
      ])
  }

  static func input(_ shape: [Int?]) -> Layer {
    Layer(path: "in", kind: .input(Input(shape: shape)))
  }

  @Test func aSequentialModelKeepsItsShapes() throws {
    let model = Model.sequential(
      name: "mlp",
      layers: [
        Self.input([28, 28]), Layer(path: "flat", kind: .reshaping(.flatten(.channelsLast))),
        Self.dense("a", 784, 100), Self.dense("b", 100, 10),
      ])
    #expect(model.isSequential)
    let program = try model.lowered()
    #expect(program.outputShapes == [[10]])
    #expect(program.cost.multiplications == 784 * 100 + 100 * 10)
    #expect(model.parameterCount == 79510)
    #expect(try model.parameterValues(for: program).map(\.shape) == program.parameters.map(\.shape))
  }

  @Test func aSharedLayerDeclaresItsParametersOnce() throws {
    var model = Model.sequential(name: "shared", layers: [Self.input([4]), Self.dense("a", 4, 4)])
    model.calls.append(.init(layer: 1, inputs: [.init(call: 1)]))
    model.outputs = [.init(call: 2)]
    try model.validate()
    #expect(try model.lowered().parameters.count == 2)
    #expect(model.structure().multiplications(ofLayer: "a") == 32)
  }

  @Test func aCarriedLayerIsNamedAndTheRestIsStillMeasured() throws {
    let model = Model.sequential(
      name: "carried",
      layers: [
        Self.input([6]), Self.dense("a", 6, 5),
        Layer(
          path: "rnn",
          kind: .opaque(Opaque(className: "LSTM", module: nil, configuration: [:]))),
        Self.dense("b", 5, 2),
      ])
    #expect {
      try model.lowered()
    } throws: { "\($0)" == "rnn: cannot be run: LSTM: it is carried only" }
    let structure = model.structure()
    #expect(structure.outputShapes == [[6], [5], nil, nil])
    #expect(structure.multiplications(ofLayer: "a") == 30)
  }

  @Test func anOpenInputIsNotRun() {
    let model = Model.sequential(name: "open", layers: [Self.input([nil, 3])])
    #expect(throws: LoweringError.self) { try model.lowered() }
  }

  @Test func validationFindsForwardReferences() {
    var model = Model.sequential(name: "m", layers: [Self.input([4]), Self.dense("a", 4, 4)])
    model.calls[1].inputs = [.init(call: 1)]
    #expect(throws: ModelError.self) { try model.validate() }
  }
}
