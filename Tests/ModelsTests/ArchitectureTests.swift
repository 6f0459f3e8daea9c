import JSON
import Programs
import Tensors
import Testing

@testable import Models

@Suite struct ArchitectureTests {
  private func make(
    _ text: String, _ shape: Shape = [28, 28], classes: Int = 10, seed: UInt64 = 1
  ) throws -> Model {
    try ModelArchitecture.make(text, inputShape: shape, classCount: classes, seed: seed)
  }

  private func titles(_ model: Model) -> [String] { model.layers.map(\.kind.title) }

  /// Keras' `count_params()` of the same layers.
  static let sizes: [(String, Shape, Int)] = [
    ("mlp:784-100-50-10", [28, 28], 84_060), ("mlp:784-10", [28, 28], 7_850),
    ("lenet-300-100", [28, 28, 1], 266_610), ("lenet5", [28, 28], 61_706),
    ("cnn:32-32-pool-64-64-pool-dense512", [32, 32, 3], 1_250_858),
    ("cnn:32-32-pool-drop0.25-64-64-pool-drop0.25-dense512-drop0.5", [32, 32, 3], 1_250_858),
    ("cnn:8-16k5v-avgpool-gap", [12, 12, 1], 3_466), ("mlp:784-20-10,batchnorm", [28, 28], 15_990),
  ]

  @Test(arguments: sizes)
  func parametersAreCounted(text: String, shape: Shape, count: Int) throws {
    let model = try make(text, shape)
    #expect(model.parameterCount == count)
    #expect(try model.lowered().outputShapes == [[10]])
    for layer in model.layers { try layer.checkWeights() }
    try model.validate()
  }

  @Test func layersAreThoseOfTheText() throws {
    let mlp = try make("mlp:784-100-10,dropout=0.2,activation=tanh")
    #expect(titles(mlp) == ["InputLayer", "Flatten", "Dense", "Dropout", "Dense"])
    #expect(mlp.layers.map(\.path) == ["input", "flatten", "dense", "dropout", "dense_1"])
    guard case .dense(let hidden) = mlp.layers[2].kind, case .dense(let last) = mlp.layers[4].kind
    else {
      Issue.record("no Dense layers")
      return
    }
    #expect(hidden.activation == .tanh && last.activation == .softmax)
    let flat = try make("mlp:5-10,output=sigmoid", [5])
    #expect(titles(flat) == ["InputLayer", "Dense"])
    let cnn = try make("cnn:4-pool3-dense6-drop0.5,batchnorm", [9, 9])
    #expect(
      titles(cnn) == [
        "InputLayer", "Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Flatten", "Dense",
        "BatchNormalization", "ReLU", "Dropout", "Dense",
      ])
  }

  @Test func bordersFollowTheRule() throws {
    let model = try make("cnn:4-4-pool-4-pool-4s-4v/2-dense3", [32, 32])
    let windows = model.layers.compactMap { layer -> Window? in
      if case .convolution(let settings) = layer.kind { settings.window } else { nil }
    }
    #expect(windows.map(\.padding) == [.same, .valid, .same, .same, .valid])
    #expect(windows.map(\.strides) == [[1, 1], [1, 1], [1, 1], [1, 1], [2, 2]])
  }

  @Test func kernelsAreGlorotUniform() throws {
    let model = try make("mlp:784-300-10")
    let kernel = try model.layers[2].weights[0].weight.components[0].parameter.tensor()
    let limit = (6.0 / 1084).squareRoot()
    let values = kernel.elements.map(Double.init)
    let count = Double(values.count)
    #expect(values.allSatisfy { abs($0) <= limit })
    #expect((values.max() ?? 0) > 0.999 * limit && (values.min() ?? 0) < -0.999 * limit)
    // Five standard deviations of the mean, and of the mean square.
    #expect(abs(values.reduce(0, +) / count) <= 5 * limit / (3 * count).squareRoot())
    let square = values.reduce(0) { $0 + $1 * $1 } / count
    #expect(abs(square / (limit * limit) - 1.0 / 3) <= 5 * (4.0 / 45 / count).squareRoot())
    let bias = try model.layers[2].weights[1].weight.components[0].parameter.tensor()
    #expect(bias == Tensor.zeros([300]))
  }

  @Test func convolutionFansCountTheWindow() throws {
    let model = try make("cnn:64k5-dense4", [8, 8, 16])
    let kernel = try model.layers[1].weights[0].weight.components[0].parameter.tensor()
    let limit = (6.0 / (25 * 80)).squareRoot()
    let largest = kernel.elements.map { abs(Double($0)) }.max() ?? 0
    #expect(largest <= limit && largest > 0.999 * limit)
  }

  @Test func theSeedDecidesTheWeights() throws {
    func weights(_ seed: UInt64) throws -> [Tensor] {
      let model = try make("mlp:784-20-10", seed: seed)
      return try model.parameterValues(for: model.lowered())
    }
    #expect(try weights(3) == weights(3))
    #expect(try weights(3) != weights(4))
    let values = try weights(3)
    #expect(values[0].elements.prefix(20) != values[2].elements.prefix(20))
  }

  static let mistakes: [(String, String)] = [
    ("mpl:784-10", "did you mean 'mlp'?"),
    ("resnet50", "known are cnn, lenet-300-100, lenet5, mlp"),
    ("mlp:100-10", "it takes 100 inputs, the data have 28×28 = 784; write mlp:784-10"),
    ("mlp:784-8", "it has 8 outputs, the data 10 classes; write mlp:784-10"),
    ("mlp:784", "such as mlp:784-100-50-10"), ("mlp:784-x-10", "found 'x'"),
    ("mlp:784--10", "found nothing"), ("mlp:784-0-10", "found '0'"),
    ("mlp:784-10,dropuot=0.1", "did you mean 'dropout'?"),
    ("mlp:784-10,dropout=1", "from 0 to below 1"), ("mlp:784-10,activation=rleu", "'relu'"),
    ("mlp:784-2147483647-10", "too large"), ("lenet5:3", "takes no ':'"),
    ("cnn:32-pol-dense5", "did you mean 'pool'?"), ("cnn:32-dense8-32", "'32' follows a flat"),
    ("cnn", "such as cnn:32"), ("cnn:32k", "such as 64k5s/2"), ("cnn:32-drop2", "'drop2'"),
    ("cnn:8k9v-pool-8k9v-8k9v", "conv2d_"),
  ]

  @Test(arguments: mistakes)
  func mistakesAreAnswered(text: String, answer: String) {
    let error = #expect(throws: ArchitectureError.self) { _ = try make(text) }
    let description = error?.description ?? ""
    #expect(description.hasPrefix("\(text): ") && description.contains(answer), "\(description)")
  }

  @Test func flatDataAreNoImages() {
    let error = #expect(throws: ArchitectureError.self) { _ = try make("lenet5", [64]) }
    #expect(error?.description.contains("the data have [64]; use mlp") == true)
  }
}

@Suite struct ModelDescriptionTests {
  private func read(_ text: String, inputShape: Shape? = [8, 8, 1]) throws -> Model {
    try ModelDescription(JSONValue(parsing: text), inputShape: inputShape).model(seed: 1)
  }

  @Test func aChainNeedsLayersOnly() throws {
    let model = try read(
      """
      {"layers": [
        {"path": "conv", "kind": "convolution",
         "attributes": {"filters": 4, "size": [3, 3], "activation": "relu"}},
        {"path": "flat", "kind": "reshaping", "attributes": {"operation": "flatten"}},
        {"path": "out", "kind": "dense", "attributes": {"units": 3, "activation": "softmax"},
         "trainable": false}]}
      """)
    #expect(model.layers.map(\.path) == ["input", "conv", "flat", "out"])
    #expect(model.parameterCount == 40 + 432 + 3)
    #expect(model.layers.map(\.isTrainable) == [true, true, true, false])
  }

  @Test func aGraphMayBranch() throws {
    let model = try read(
      """
      {"name": "two", "layers": [
        {"path": "in", "kind": "input", "attributes": {"shape": [6]}},
        {"path": "a", "kind": "dense", "attributes": {"units": 4, "activation": "relu"}},
        {"path": "n", "kind": "batch-normalization"},
        {"path": "sum", "kind": "merge", "attributes": {"operation": "add"}},
        {"path": "slope", "kind": "parametric-relu"}],
       "calls": [{"layer": 0, "inputs": []}, {"layer": 1, "inputs": [[0, 0]]},
        {"layer": 2, "inputs": [[1, 0]]}, {"layer": 3, "inputs": [[1, 0], [2, 0]]},
        {"layer": 4, "inputs": [[3, 0]]}],
       "inputs": [0], "outputs": [[4, 0]]}
      """, inputShape: nil)
    #expect(model.name == "two")
    #expect(try model.lowered().outputShapes == [[4]])
    #expect(model.parameterCount == 28 + 16 + 4)
  }

  private static let window: JSONObject = ["size": [3, 3], "filters": 4, "padding": "same"]
  private static let attributes: [LayerKind.Name: JSONObject] = [
    .dense: ["units": 4], .embedding: ["entries": 9, "dimension": 2], .convolution: window,
    .depthwiseConvolution: window, .separableConvolution: window,
    .transposedConvolution: window, .featureNormalization: ["over": "layer"],
    .rescaling: ["scale": 2], .pooling: ["keeps": "max", "size": [2, 2]],
    .globalPooling: ["keeps": "average", "axes": 2], .activation: ["function": "relu"],
    .merge: ["operation": "add"], .bordering: ["operation": "pad", "amounts": [1, 1, 1, 1]],
    .upSampling: ["factors": [2, 2]], .reshaping: ["operation": "flatten"],
    .regularisation: ["noise": "dropout", "rate": 0.5],
    .selection: ["inputs": 384, "runs": [0, 384]],
    .dataNormalization: ["mean": [0.5], "variance": [2]], .opaque: ["class_name": "Mystery"],
  ]

  @Test(arguments: LayerKind.Name.allCases)
  func everyKindHasWeightsOrAReason(name: LayerKind.Name) throws {
    if name == .input { return }
    let attributes = Self.attributes[name] ?? [:]
    let layer: JSONValue = [
      "path": "it", "kind": .string(name.rawValue), "attributes": .object(attributes),
    ]
    let shape: Shape = name == .selection ? [8 * 8 * 6] : [8, 8, 6]
    let description = try ModelDescription(["layers": [layer]], inputShape: shape)
    guard name != .opaque else {
      let error = #expect(throws: LoweringError.self) { _ = try description.model(seed: 0) }
      #expect(error?.description.contains("it: cannot be run: Mystery") == true)
      return
    }
    let model = try description.model(seed: 0)
    _ = try model.parameterValues(for: model.lowered())
  }

  static let mistakes: [(String, String)] = [
    (#"{"layers": [{"path": "a", "kind": "dens"}]}"#, "did you mean 'dense'?"),
    (#"{"layers": [{"path": "a", "kind": "dense"}]}"#, "units"),
    (#"{"layers": [{"path": "a", "kind": "dense", "attributes": {"units": 0}}]}"#, "units"),
    (#"{"layers": [], "oops": 1}"#, "oops"), (#"{"layers": 3}"#, "expected an array"),
    (#"{"layers": [{"kind": "dense"}]}"#, "path"), (#"{"layers": [], "inputs": [0]}"#, "calls"),
    (#"{"layers": [], "calls": [], "inputs": [], "outputs": []}"#, "no outputs"),
    (
      #"{"layers": [{"path": "a", "kind": "dense", "attributes": {"units": 2147483647}}]}"#,
      "too large"
    ),
    (
      #"{"layers": [{"path": "a", "kind": "dense", "attributes": {"units": 2}, "#
        + #""weights": [{"form": "low-rank"}]}]}"#, "low-rank"
    ),
  ]

  @Test(arguments: mistakes)
  func mistakesAreAnswered(text: String, answer: String) {
    let error = #expect(throws: (any Error).self) { _ = try read(text) }
    #expect("\(error.map { "\($0)" } ?? "")".contains(answer), "\(String(describing: error))")
  }
}
