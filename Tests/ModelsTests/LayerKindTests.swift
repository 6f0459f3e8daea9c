import JSON
import Models
import Programs
import Testing

@Suite struct LayerKindTests {
  static let window = Window(
    size: [3, 5], strides: [2, 1], padding: .same, dilation: [1, 2], dataFormat: .channelsFirst)
  static let kinds: [LayerKind] = [
    .input(Input(shape: [28, nil, 1], scalarType: "float16")),
    .dense(Dense(units: 7, activation: .relu(maximum: 6), usesBias: false)),
    .embedding(Embedding(entries: 10, dimension: 4, masksZero: true)),
    .convolution(
      Convolution(filters: 8, window: window, groups: 2, activation: .elu(alpha: 0.5))),
    .depthwiseConvolution(DepthwiseConvolution(window: window, multiplier: 2)),
    .separableConvolution(
      SeparableConvolution(filters: 3, window: window, activation: .gelu(approximate: true))),
    .transposedConvolution(
      TransposedConvolution(filters: 3, window: window, outputPadding: [1, 0])),
    .batchNormalization(BatchNormalization(axis: 1, momentum: 0.9, epsilon: 1e-5, centers: false)),
    .featureNormalization(FeatureNormalization(kind: .group, axes: [-1], groups: 4)),
    .dataNormalization(DataNormalization(axes: [-1], mean: [1, 2], variance: [3, 4])),
    .rescaling(Rescaling(scale: [1 / 255.0], offset: [-1])),
    .pooling(Pooling(kind: .average, window: window)),
    .globalPooling(GlobalPooling(kind: .max, axes: 2, keepsAxes: true)),
    .activation(ActivationLayer(function: .relu(maximum: nil, negativeSlope: 0.1, threshold: 1))),
    .parametricReLU(ParametricReLU(sharedAxes: [1, 2])),
    .merge(Merge(operation: .subtract)), .concatenate(Concatenate(axis: 2)),
    .bordering(Bordering(operation: .crop, amounts: [[1, 2], [0, 3]])),
    .upSampling(UpSampling(factors: [2, 3], interpolation: "bilinear")),
    .reshaping(.flatten(.channelsFirst)), .reshaping(.reshape([2, -1])),
    .reshaping(.permute([2, 1])), .reshaping(.repeatVector(3)),
    .selection(Selection(inputs: 9, positions: [0, 3, 4, 5, 8])),
    .regularisation(Regularisation(kind: .gaussianNoise, rate: 0.25)),
    .opaque(
      Opaque(
        className: "LSTM", module: "keras.layers", configuration: ["units": 3], carriesCode: true)),
  ]

  @Test(arguments: kinds)
  func settingsSurviveWritingAndReading(kind: LayerKind) throws {
    let text = JSONValue.object(kind.attributes).serialized()
    let attributes = try #require(try JSONValue(parsing: text).object)
    #expect(try LayerKind(name: kind.named.name, attributes: attributes) == kind)
  }

  @Test func everyKindIsCovered() {
    #expect(Set(Self.kinds.map(\.named.name)) == Set(LayerKind.Name.allCases))
  }

  @Test(arguments: ActivationFunction.plainNames)
  func activationsKeepTheirNames(name: String) throws {
    let function = try #require(ActivationFunction(plainName: name))
    #expect(function.json == .string(name))
  }

  @Test(arguments: [[0, 0], [3], [], [4, 3, 2, 1], [0, 4, 3, 2], [8, 2], [16_777_216, 1]])
  func runsOfASelectionMustAscendWithinItsInputs(runs: [Int]) {
    #expect(throws: AttributeError.self) {
      try LayerKind(
        name: .selection,
        attributes: ["inputs": 9, "runs": .array(runs.map { .integer($0) })])
    }
  }

  @Test func aWrongAttributeNamesBothSides() {
    #expect {
      try LayerKind(name: .dense, attributes: ["units": "x"])
    } throws: { error in
      "\(error)" == "units: expected an integer from 1 to 2147483647, found \"x\""
    }
  }
}
